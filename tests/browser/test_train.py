"""Training in a real browser, from an empty visit to a model on disk, and rough handling."""

from __future__ import annotations

import io
import zipfile

from htm_engine import HTM, load_dataset

from .conftest import complaints, looks

QUICK = "data=digits&preset=quick&epochs=2"


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def errors_shown(page):
    return page.locator("[data-testid=stException]").count()


def test_digits_from_an_empty_browser_to_a_downloaded_model(
    server, open_page, screenshot, tmp_path
):
    visit = open_page(f"{server.url}/train?{QUICK}")
    page = visit.page
    page.get_by_text("The model in use", exact=True).wait_for()
    press(page, "Train")
    page.get_by_text("(finished)").wait_for()
    page.get_by_text("Save and load models").click()
    with page.expect_download() as download:
        press(page, "Download the model in use")
    path = tmp_path / "mine.npz"
    download.value.save_as(path)
    model = HTM.load(path)
    digits = load_dataset("digits").X
    assert model.fingerprint in download.value.suggested_filename
    assert model.score(digits) > -0.05 and len(model.layers) == 2
    alts = page.locator("[data-testid=stMain] img").evaluate_all("all => all.map(e => e.alt)")
    assert alts and all(alts)
    for look in looks(page):
        screenshot(page, f"train-after-{look}")
    page.wait_for_function(
        "() => [...document.querySelectorAll('[data-testid=stMain] img')]"
        ".every(e => e.complete && e.naturalWidth > 0)"
    )
    assert complaints(visit) == []
    assert errors_shown(page) == 0


def test_a_run_pauses_steps_and_stops_and_its_picture_moves(server, open_page, screenshot):
    visit = open_page(f"{server.url}/train?data=digits&epochs=200&patience=100")
    page = visit.page
    press(page, "Train")
    page.get_by_text("(running)").wait_for()
    page.get_by_text("Held-out error").first.wait_for()
    press(page, "Pause")
    page.get_by_text("(paused)").wait_for()
    progress = page.locator("[data-testid=stProgress]")
    before = progress.inner_text()
    page.wait_for_timeout(1500)
    assert progress.inner_text() == before
    press(page, "Next step")
    page.wait_for_function(
        "text => document.querySelector('[data-testid=stProgress]')?.innerText !== text",
        arg=before,
    )
    page.get_by_text("(paused)").wait_for()
    screenshot(page, "train-during")
    page.set_viewport_size({"width": 1280, "height": 900})
    press(page, "Stop and keep")
    page.get_by_text("(stopped)").wait_for()
    assert errors_shown(page) == 0


def test_knobs_may_move_and_train_be_pressed_again_while_it_trains(server, open_page):
    visit = open_page(f"{server.url}/train?data=digits&preset=quick&epochs=200&patience=100")
    page = visit.page
    press(page, "Train")
    page.get_by_text("(running)").wait_for()
    page.get_by_text("level 1", exact=True).first.click()
    page.get_by_text("(running)").wait_for()
    press(page, "Train")
    page.get_by_text("(running)").wait_for()
    press(page, "Stop and keep")
    page.get_by_text("(stopped)").wait_for()
    page.reload()
    page.get_by_text("The model in use", exact=True).wait_for()
    assert "preset=quick" in page.url
    assert errors_shown(page) == 0


def cut_zip():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.png", bytes(2000))
    return out.getvalue()[:-40]


def test_files_that_are_no_pictures_and_no_model_are_refused_in_a_sentence(
    server, open_page, upload
):
    page = open_page(f"{server.url}/train?data=upload").page
    for name, content in (("lie.png", b"this is text, no picture\n" * 20), ("cut.zip", cut_zip())):
        upload(page.locator("[data-testid=stFileUploader]").first, name, content)
        page.locator("[data-testid=stAlertContentError]").filter(has_text=name).first.wait_for()
        assert errors_shown(page) == 0
    page.goto(f"{server.url}/train?data=digits")
    page.get_by_text("Save and load models").click()
    upload(page.locator("[data-testid=stFileUploader]").last, "no.npz", b"PK\x03\x04 no")
    page.locator("[data-testid=stAlertContentError]").first.wait_for()
    page.get_by_text("The model in use", exact=True).wait_for()
    assert errors_shown(page) == 0
