"""Compress in a real browser: a picture to a file, the file back, an upload, the curves."""

from __future__ import annotations

import io
import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
from PIL import Image

from .conftest import complaints


def photograph() -> bytes:
    down, across = np.mgrid[:150, :220]
    red = 128 + 90 * np.sin(across / 17) * np.cos(down / 23)
    picture = np.stack([red, 255 - red, 80 + across / 2], -1).clip(0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


def settled(page):
    page.wait_for_selector("[data-testid=stPlotlyChart]")
    page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']")


def uploader(page, label):
    return page.locator("[data-testid=stFileUploader]").filter(has_text=label)


def test_the_downloaded_file_gives_the_pictures_back_and_a_damaged_one_is_refused(
    server, open_page, upload, tmp_path
):
    visit = open_page(f"{server.url}/compress?picture=7&quality=9")
    settled(visit.page)
    assert visit.page.locator("[data-testid=stMain] img").count() >= 11  # without a click
    with visit.page.expect_download() as waiting:
        visit.page.get_by_role("button", name=re.compile("Download the file")).click()
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    content = path.read_bytes()
    shown = visit.page.locator("[data-testid=stMetricValue]").first.inner_text()
    assert shown == f"{len(content)} bytes"
    upload(uploader(visit.page, ".htmc"), path.name, content)
    visit.page.get_by_text(f"1 picture of 8 x 8 pixels from {len(content)} bytes").wait_for()
    assert parse_qs(urlsplit(visit.page.url).query)["picture"] == ["7"]
    # A damaged one is refused, and what is on the page stays.
    upload(uploader(visit.page, ".htmc"), "x.htmc", b"HTMC and nothing else")
    visit.page.get_by_text("Nothing else on this page has changed").wait_for()
    assert visit.page.locator("[data-testid=stMetricValue]").first.inner_text() == shown
    assert visit.page.locator("[data-testid=stMetricValue]").count() >= 4
    assert complaints(visit) == []


def test_a_photograph_goes_through_in_tiles(server, open_page, upload, screenshot):
    visit = open_page(f"{server.url}/compress")
    settled(visit.page)
    upload(uploader(visit.page, "Or a picture"), "photo.png", photograph(), "image/png")
    visit.page.get_by_text("It was cut into 532 tiles").wait_for()
    visit.page.get_by_text("Per tile", exact=True).wait_for()
    settled(visit.page)
    screenshot(visit.page, "compress-photo")
    assert complaints(visit) == []


def test_the_whole_collection_from_a_link(server, open_page, screenshot):
    visit = open_page(f"{server.url}/compress?whole=true&quality=5")
    settled(visit.page)
    visit.page.get_by_text("Decoded (32 of 359)").wait_for()
    screenshot(visit.page, "compress-whole")
    assert complaints(visit) == []


def test_curves_grow_and_finish_while_other_widgets_work(server, open_page, screenshot):
    visit = open_page(f"{server.url}/compress")
    settled(visit.page)
    visit.page.get_by_role("button", name="Draw the curves").click()
    visit.page.get_by_role("button", name="Cancel").wait_for()
    visit.page.get_by_role("slider", name="Quality").focus()
    visit.page.keyboard.press("ArrowLeft")
    visit.page.wait_for_url(re.compile("quality=6"))
    visit.page.get_by_role("button", name="Cancel").wait_for(state="detached")
    settled(visit.page)
    assert visit.page.locator("[data-testid=stPlotlyChart]").count() == 2
    screenshot(visit.page, "compress-curves")
    assert complaints(visit) == []
