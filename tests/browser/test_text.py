"""Text in a real browser: letters in colour, a file and the way back, a model of one's own."""

from __future__ import annotations

import io
import re
from urllib.parse import parse_qs, urlsplit

from htm_engine.coding.text.model import TextModel

from .conftest import SETTLED, complaints

RECORD = '{{"user": "{}", "action": "login", "seconds": {}, "ok": true}}\n'


def uploader(page, label):
    return page.locator("[data-testid=stFileUploader]").filter(has_text=label)


def the_bars(page):
    """The chart of what comes next, drawn once the model has read its texts."""
    return page.get_by_text("Drawn letter by letter")


def test_a_typed_text_becomes_a_file_and_comes_back(server, open_page, upload, tmp_path):
    visit = open_page(f"{server.url}/text")
    page = visit.page
    letters = page.locator("[data-testid=stMain] span[title*='bits']")  # of the shipped example
    letters.first.wait_for()
    assert letters.count() > 400
    assert "predicted" in letters.nth(40).get_attribute("title")
    the_bars(page).wait_for()
    said = "A good wine is a good familiar creature, if it be well used."
    page.get_by_label("Text", exact=True).fill(said)
    page.get_by_label("Text", exact=True).press("Control+Enter")
    page.get_by_text(f"{len(said)} bytes", exact=True).wait_for()
    with page.expect_download() as waiting:
        page.get_by_role("button", name=re.compile("Download the file")).click()
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    assert len(path.read_bytes()) < len(said) / 2
    upload(uploader(page, ".htmc"), "text.htmc", path.read_bytes())
    page.get_by_text(f"{len(said)} bytes of text from {path.stat().st_size}").wait_for()
    assert parse_qs(urlsplit(page.url).query)["text"] == [said]
    upload(uploader(page, ".htmc"), "text.htmc", path.read_bytes()[:-3])
    page.get_by_text("Nothing else on this page has changed").wait_for()
    assert complaints(visit) == []


def test_a_model_of_ones_own_reads_records(server, open_page, upload):
    model = TextModel.learn(
        [b"".join(RECORD.format(f"u{i * 7 % 50}", i * 37 % 100).encode() for i in range(400))],
        bits=14,
    )
    stream = io.BytesIO()
    model.save(stream)
    visit = open_page(f"{server.url}/text?reader=blank")
    page = visit.page
    page.get_by_text("A text model of your own").click()
    upload(uploader(page, "train-text"), "records.npz", stream.getvalue())
    # Drawn anew with the model, the other uploader loses what it is given meanwhile.
    page.get_by_text("records.npz").first.wait_for()
    page.wait_for_selector(SETTLED)
    record = RECORD.format("u31", 74).encode()
    upload(uploader(page, "Or a file"), "one.jsonl", record)
    page.get_by_text(f"{len(record)} bytes", exact=True).wait_for()
    sizes = page.locator("[data-testid=stMetricValue]").all_inner_texts()
    assert int(sizes[1].split()[0]) < len(record) / 4
    assert complaints(visit) == []


def test_a_letter_of_the_bars_is_added_and_the_bars_move(server, open_page):
    visit = open_page(f"{server.url}/text?prompt=To be or not to b")
    page = visit.page
    the_bars(page).wait_for()
    page.get_by_role("button", name="e", exact=True).click()
    page.wait_for_function(
        "document.querySelector('input[aria-label=\"Begin a sentence\"]')?.value"
        " === 'To be or not to be'",
    )
    page.get_by_role("button", name="␣", exact=True).or_(
        page.get_by_role("button", name=",", exact=True)
    ).first.wait_for()
    assert parse_qs(urlsplit(page.url).query)["prompt"] == ["To be or not to be"]
    assert complaints(visit) == []
