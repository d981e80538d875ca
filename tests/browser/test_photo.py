"""A photograph in a real browser: to a file and back, and two pictures under a divider."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image

from htm_engine import decompress_image

from .conftest import complaints

#: The first photograph on a machine waits for the codec to be compiled.
SECONDS = 900_000


def photograph() -> bytes:
    down, across = np.mgrid[:190, :250]
    red = 128 + 90 * np.sin(across / 17) * np.cos(down / 23)
    picture = np.stack([red, 255 - red, 80 + across / 2], -1).clip(0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


def settled(page):
    """Every format written: PCA comes last."""
    page.get_by_text("Where the bits went").wait_for(timeout=SECONDS)
    page.get_by_text("PCA 95% of variance").first.wait_for(timeout=SECONDS)
    page.wait_for_selector("[data-testid=stProgress]", state="detached", timeout=SECONDS)


def uploader(page, label):
    return page.locator("[data-testid=stFileUploader]").filter(has_text=label)


def saved(page, button, folder) -> bytes:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=re.compile(button)).first.click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path.read_bytes()


def test_a_photograph_becomes_a_file_and_the_file_a_photograph(
    server, open_page, upload, screenshot, tmp_path
):
    visit = open_page(f"{server.url}/compress?what=photo&fast=true&photo_quality=30")
    page = visit.page
    upload(uploader(page, "photograph of your own"), "mine.png", photograph(), "image/png")
    page.get_by_text("A part of “China”").wait_for(state="detached", timeout=SECONDS)
    settled(page)
    file = saved(page, "Download the file", tmp_path)
    shown = page.locator("[data-testid=stMetricValue]").first.inner_text()
    assert shown == f"{len(file):,} bytes"
    back = decompress_image(file)
    assert np.array_equal(back, np.array(Image.open(io.BytesIO(saved(page, "as PNG", tmp_path)))))
    upload(uploader(page, ".htmc"), "mine.htmc", file)
    picture = page.get_by_alt_text("The picture from the file")
    picture.wait_for(timeout=SECONDS)
    assert picture.evaluate("one => [one.naturalWidth, one.naturalHeight]") == [250, 190]
    screenshot(page, "photo-back")
    assert complaints(visit) == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_divider_and_the_enlarged_part_follow_the_hand_into_the_link(
    server, open_page, screenshot, scheme, width
):
    link = f"{server.url}/compress?what=photo&fast=true&zoom=4&wipe=30"
    visit = open_page(link, scheme=scheme, width=width)
    page = visit.page
    settled(page)
    handle = page.get_by_role("slider", name="Divider between the two pictures")
    assert handle.get_attribute("aria-valuenow") == "30"
    handle.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert handle.get_attribute("aria-valuenow") == "40"
    frame = page.get_by_role("group", name=re.compile("Left of the divider"))
    box = frame.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.4, steps=5)
    page.mouse.up()
    # A third of the way that the hand went, as four times as large three quarters are hidden.
    for said in ("zoom_x=60", "zoom_y=53", "wipe=40"):
        page.wait_for_url(re.compile(said), timeout=SECONDS)
    screenshot(page, f"photo-divider-{scheme}-{width}")
    assert complaints(visit) == []


def test_the_curve_is_drawn_without_another_touch(server, open_page, upload, screenshot):
    visit = open_page(f"{server.url}/compress?what=photo&fast=true&photo_quality=20")
    page = visit.page
    # Smaller than the sample, which takes as long as all else here.
    upload(uploader(page, "photograph of your own"), "mine.png", photograph(), "image/png")
    page.get_by_text("A part of “China”").wait_for(state="detached", timeout=SECONDS)
    settled(page)
    page.get_by_role("button", name="Draw the curves").click()
    page.get_by_role("button", name="Cancel").wait_for(timeout=SECONDS)
    page.get_by_role("button", name="Cancel").wait_for(state="detached", timeout=SECONDS)
    assert page.locator("[data-testid=stPlotlyChart]").count() == 1
    screenshot(page, "photo-curve")
    assert complaints(visit) == []
