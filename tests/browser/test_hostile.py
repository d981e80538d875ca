"""Script in every place a stranger can write to: it is shown, and never run.

File names, folders that become labels, names of runs, texts, and values of links.  A script
that ran would set ``window.hit``; an address that would run one is not on the page.
"""

from __future__ import annotations

import io
import zipfile
from urllib.parse import quote

import numpy as np
from PIL import Image

EVIL = "<img src=x onerror=window.hit=1>"
SCRIPT = "<script>window.hit=1</script>"
LINK = "[x](javascript:window.hit=1)"


def unharmed(visit):
    page = visit.page
    page.wait_for_timeout(500)  # time for a script that waits for an event; none should
    assert page.evaluate("window.hit") is None
    addresses = page.evaluate(
        "[...document.querySelectorAll('[href],[src]')].map(e => e.getAttribute('href') || e.src)"
    )
    assert not [a for a in addresses if a.strip().lower().startswith("javascript:")]
    assert page.locator("[data-testid=stMain] img[src=x]").count() == 0
    assert page.locator("[data-testid=stException]").count() == 0


def evil_zip():
    rng, stream = np.random.default_rng(0), io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(24):
            one = io.BytesIO()
            Image.fromarray(rng.integers(0, 256, (8, 8), dtype=np.uint8)).save(one, "PNG")
            folder = ("=cmd()|' /C calc'!A0", EVIL.replace("/", ""), LINK)[number % 3]
            archive.writestr(f"{folder}/{number}{EVIL}.png", one.getvalue())
        archive.writestr(f"{SCRIPT}.txt", b"no picture")
        archive.writestr(f"../../{LINK}.png", b"no picture either")
    return stream.getvalue()


def test_names_of_files_and_folders_are_shown_as_they_are(server, open_page, upload):
    name = f"{EVIL}{LINK}.zip"
    visit = open_page(f"{server.url}/train?data=upload&side=8&preset=quick&epochs=1")
    page = visit.page
    upload(page.locator(".st-key-upload"), name.replace("/", ""), evil_zip())
    page.get_by_text("24 pictures of 8x8").wait_for()
    page.get_by_text("were left out").first.click()
    unharmed(visit)
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_text("(finished)").wait_for()
    unharmed(visit)
    for link in ("Inside", "Generate", "Compress", "Runs"):
        page.locator("[data-testid=stSidebarNav]").get_by_role("link", name=link).click()
        page.get_by_role("heading", name=link).first.wait_for()
        page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']")
        unharmed(visit)
    field = page.get_by_label("Name", exact=True).first
    field.fill(f"{EVIL}{LINK}")
    field.press("Enter")
    # The table of runs holds it too, in cells for screen readers that nobody sees.
    shown = page.get_by_test_id("stMain").get_by_text(f"{EVIL}{LINK}").locator("visible=true")
    shown.first.wait_for()
    unharmed(visit)


def test_values_of_links_are_data(server, open_page):
    """Every parameter at once holds a script; the page opens, and nothing runs."""
    value = f"javascript:window.hit=1 {EVIL}{SCRIPT}{LINK}"
    names = ("text", "prompt", "find", "model", "run", "runs", "data", "seed", "picture", "v")
    query = "&".join(f"{name}={quote(value)}" for name in names)
    for page in ("train", "text", "generate", "runs"):
        visit = open_page(f"{server.url}/{page}?{query}", ready=False)
        visit.page.wait_for_selector("h1")
        unharmed(visit)
