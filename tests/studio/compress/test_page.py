"""The Compress page without a browser: true bytes, every kind of upload, and clear refusals."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from htm_engine import HTM, LayerSpec, load_dataset
from htm_engine.coding.collection.codec import compress_collection
from htm_engine.coding.container import pack, unpack
from studio.visitor import session
from tests.helpers.foreign import GREY, RGB, png_of_size, saved
from tests.helpers.places import ROOT
from tests.studio.waiting import has, until

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def shipped():
    return HTM.load(session.SHIPPED)


@pytest.fixture(scope="module")
def held():
    return load_dataset("digits").split(0.2, 0)[1].X


def opened(model=None, **query) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    if model is not None:
        found = session.CurrentModel(model, "something", "trained")
        app.session_state[session._MODEL] = found
    app.switch_page("pages/compress.py")
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def metrics_of(app) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def words(app) -> str:
    found = [image.alt for element in app.get("image") for image in element.proto.imgs]
    assert found and all(found)
    return " ".join(found)


def test_first_paint_shows_a_finished_result(shipped, held):
    app = opened()
    assert not app.exception and not app.error
    file = compress_collection(shipped, held[:1], 7)
    shown = metrics_of(app)
    assert shown["This file"] == f"{len(file):,} bytes"
    together = compress_collection(shipped, held, 7)
    assert shown["Per picture, in one file of many"] == f"{len(together) / len(held):,.1f} bytes"
    said = words(app)
    for format_name in ("HTM", "PCA 95%", "JPEG", "WebP", "AVIF"):
        assert f"as {format_name}" in said
    charts = app.get("plotly_chart")
    assert charts and all(chart.proto.alt for chart in charts)
    assert [list(table.value["Format"]) for table in app.table][0][0] == "HTM"


def test_settings_come_from_the_link(shipped, held):
    app = opened(picture="5", quality="3", v="1")
    assert (
        metrics_of(app)["This file"] == f"{len(compress_collection(shipped, held[5:6], 3))} bytes"
    )
    assert "picture=5" in app.code[0].value and "quality=3" in app.code[0].value


@pytest.mark.parametrize("query", [{"picture": "99999"}, {"quality": "x"}, {"picture": "-1"}])
def test_nonsense_in_the_link_falls_back(query):
    app = opened(**query)
    assert not app.exception and metrics_of(app)["PSNR"]


def test_better_quality_costs_more_and_loses_less():
    app = opened()
    app.slider(key="quality").set_value(1).run()
    few = metrics_of(app)
    app.slider(key="quality").set_value(10).run()
    many = metrics_of(app)
    assert int(few["This file"].split()[0]) < int(many["This file"].split()[0])
    assert float(few["PSNR"].split()[0]) < float(many["PSNR"].split()[0])


def test_the_whole_collection_is_one_file(shipped, held):
    app = opened()
    app.toggle(key="whole").set_value(True).run()
    assert not app.exception
    size = len(compress_collection(shipped, held, 7))
    assert metrics_of(app)["This file"] == f"{size:,} bytes"
    words(app)


def test_a_photograph_is_cut_into_tiles_and_that_is_said():
    photo = RNG.integers(0, 255, (50, 75, 3)).astype(np.uint8)
    app = opened()
    app.file_uploader(key="upload").upload("photo.png", saved(photo)).run()
    assert not app.exception and not app.error
    said = " ".join(caption.value for caption in app.caption)
    assert "grey" in said and "70 tiles" in said
    assert "Per tile" in metrics_of(app)
    app.toggle(key="tiles").set_value(False).run()
    assert "brought from 75 x 50 to 8 x 8" in " ".join(c.value for c in app.caption)
    app.file_uploader(key="upload").clear().run()
    assert "_reading_picture" not in app.session_state  # nothing of a file taken away is kept


@pytest.mark.parametrize(
    "content",
    [
        saved(np.zeros((1, 1), np.uint8)),
        saved(Image.fromarray(RGB).convert("CMYK"), "JPEG"),
        saved(Image.fromarray(GREY.astype(np.uint16) * 257)),
        saved(np.dstack([RGB, GREY])),
        saved(np.full((40, 40, 3), 128, np.uint8)),
        saved(RNG.integers(0, 255, (3, 900)).astype(np.uint8)),
        saved(RNG.integers(0, 255, (900, 1)).astype(np.uint8)),
    ],
    ids=["one pixel", "cmyk", "16 bits", "alpha", "constant", "a line", "a column"],
)
def test_odd_pictures_are_compressed(content):
    app = opened()
    app.file_uploader(key="upload").upload("odd.png", content).run()
    assert not app.exception and not app.error
    assert metrics_of(app)["PSNR"]


@pytest.mark.parametrize(
    "content",
    [b"not a picture", b"", saved(GREY)[:40], png_of_size(90_000, 90_000)],
    ids=["text", "empty", "truncated", "huge"],
)
def test_what_is_no_picture_costs_a_sentence_and_nothing_else(content):
    app = opened()
    before = metrics_of(app)
    app.file_uploader(key="upload").upload("odd.png", content).run()
    assert not app.exception
    assert len(app.error) == 1 and "odd.png" in app.error[0].value
    assert metrics_of(app) == before


def test_a_large_picture_is_made_smaller_first():
    app = opened()
    app.file_uploader(key="upload").upload(
        "large.png", saved(np.tile(np.arange(256, dtype=np.uint8), (1500, 8)))
    ).run()
    assert not app.exception
    assert "made smaller" in " ".join(caption.value for caption in app.caption)


def test_pictures_come_back_from_a_file(shipped, held):
    app = opened()
    file = compress_collection(shipped, held[:3], 4)
    app.file_uploader(key="back").upload("x.htmc", file).run()
    assert not app.exception and not app.error
    assert f"3 pictures of 8 x 8 pixels from {len(file)} bytes" in app.success[0].value


def test_tiles_in_a_file_come_back_as_one_picture(shipped):
    from htm_engine.data.fitting import fit_picture

    fitted = fit_picture(RNG.integers(0, 255, (20, 30)).astype(np.uint8), shipped)
    file = compress_collection(shipped, fitted.pictures, 4, mosaic=fitted.mosaic)
    app = opened()
    app.file_uploader(key="back").upload("x.htmc", file).run()
    assert "1 picture of 30 x 20 pixels" in app.success[0].value


def changed(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 16]) + data[place + 1 :]


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda data: data[:-5], "truncated"),
        (lambda data: changed(data, 30), "damaged"),
        (lambda data: data + b"x", "after its end"),
        (lambda data: b"hello there, this is text", "This is a text, not a collection's file"),
        (lambda data: b"", "This is an empty file"),
    ],
)
def test_a_damaged_file_costs_a_sentence_and_nothing_else(shipped, held, damage, sentence):
    app = opened()
    before = metrics_of(app)
    app.file_uploader(key="back").upload(
        "x.htmc", damage(compress_collection(shipped, held[:3], 4))
    ).run()
    assert not app.exception and sentence in app.error[0].value
    assert metrics_of(app) == before


def small(X, *layers, **settings):
    return HTM(
        layers=layers or (LayerSpec(4, 8, 4), LayerSpec(2, 8, 4)),
        epochs=1,
        random_state=1,
        **settings,
    ).fit(X)


def test_a_file_of_too_many_pictures_is_refused_before_it_is_opened(shipped):
    """A few bytes may stand for millions of pictures; opening them would fill the memory."""
    honest = unpack(compress_collection(shipped, np.zeros((1, 8, 8), np.uint8), 1))
    payload = bytes(RNG.integers(1, 255, 9000).astype(np.uint8))
    file = pack(1, honest.fingerprint, (4_000_000, 1, 1), payload)
    app = opened()
    app.file_uploader(key="back").upload("x.htmc", file).run()
    assert not app.exception and "too many for this page" in app.error[0].value


def test_a_file_larger_than_the_pixels_says_why():
    app = opened()
    app.slider(key="quality").set_value(10)
    noise = RNG.integers(0, 2, (40, 40)).astype(np.uint8) * 255
    app.file_uploader(key="upload").upload("noise.png", saved(noise)).run()
    assert "larger than the raw pixels" in app.info[0].value


def test_a_file_of_another_model_names_both(shipped, held):
    other = small(held)
    app = opened()
    app.file_uploader(key="back").upload("x.htmc", compress_collection(other, held[:2])).run()
    assert shipped.fingerprint in app.error[0].value and other.fingerprint in app.error[0].value


def test_a_model_without_tables_has_them_measured(held):
    app = opened(small(held, coder=False))
    assert not app.exception and not app.error
    assert metrics_of(app)["PSNR"]


def test_a_model_of_rows_is_refused_in_a_sentence():
    app = opened(small(RNG.random((60, 20)), LayerSpec(1, 4, 2)))
    assert not app.exception and "rows of 20 numbers" in app.error[0].value


def test_the_articles_plain_neurons_write_files_too(held):
    plain = LayerSpec(4, 8, 0, winners=3, compete_on="evidence")
    app = opened(small(held, plain, plain))
    assert not app.exception and not app.error
    assert metrics_of(app)["PSNR"]


def test_a_model_in_colour_takes_uploads_only_when_the_data_is_grey():
    app = opened(small(RNG.integers(0, 255, (60, 8, 8, 3)).astype(np.uint8)))
    assert not app.exception and "Upload a picture" in app.info[0].value
    app.file_uploader(key="upload").upload("photo.png", saved(RGB)).run()
    assert not app.exception and not app.error
    assert metrics_of(app)["PSNR"]


def test_curves_are_drawn_in_the_background_and_can_be_cancelled():
    app = opened()
    app.button(key="curves").click().run()
    assert not app.exception
    app.button(key="stop_curves").click().run()
    until(app, has("curves"))
    assert not app.exception
