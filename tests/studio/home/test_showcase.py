"""What the home page shows is what its files hold, and can be made again."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from htm_engine import HTM, LayerSpec, decompress_image
from htm_engine.data.scenes import draw_scenes
from htm_engine.evaluation.metrics import psnr
from htm_engine.evaluation.standard_codecs import codec_at_bytes, codec_bytes, codec_decode
from studio.home import showcase, view

#: Bytes of all files of the home page, beside the text's study.
MOST = 500_000


@pytest.fixture(scope="module")
def shown():
    return showcase.read()


@pytest.fixture(scope="module")
def photograph():
    return showcase.cat()


def pixels(path):
    return np.asarray(Image.open(path).convert("RGB"))


def test_the_photograph_on_the_page_is_what_its_file_gives_back(shown, photograph):
    file = showcase.STORED.read_bytes()
    back = decompress_image(file)
    assert (pixels(showcase.BACK) == back).all(), "run: python -m studio.home.showcase"
    found = shown.photograph
    assert (found.height, found.width) == photograph.shape[:2] == back.shape[:2]
    assert found.htm.size == len(file)
    assert found.htm.psnr == pytest.approx(psnr(photograph, back, 255), abs=0.01)


def test_the_others_are_their_best_at_these_bytes(shown, photograph):
    found, jpeg = shown.photograph, showcase.JPEG.read_bytes()
    assert jpeg == codec_bytes(photograph, "jpeg", showcase.JPEG_QUALITY)
    assert found.jpeg.size == len(jpeg) >= found.htm.size > 0.97 * len(jpeg)
    assert found.jpeg.psnr == pytest.approx(psnr(photograph, pixels(showcase.JPEG), 255), abs=0.01)
    webp, quality = codec_at_bytes(photograph, "webp", len(jpeg))
    assert quality is not None and found.webp.size == len(webp)
    back = codec_decode(webp, photograph)
    assert found.webp.psnr == pytest.approx(psnr(photograph, back, 255), abs=0.01)


def test_a_photograph_is_measured_in_real_files():
    picture = np.repeat(draw_scenes(1, 64)[0][0][..., None], 3, -1)
    found, files = showcase.photograph(picture, quality=20)
    assert found.htm.size == len(files["htmc"]) <= found.jpeg.size == len(files["jpg"])
    back = np.asarray(Image.open(io.BytesIO(files["webp"])).convert("RGB"))
    assert (back == decompress_image(files["htmc"])).all()


def test_a_network_is_measured_on_what_it_did_not_learn():
    pictures, _ = draw_scenes(240, 16)
    layers = (LayerSpec(4, 8, 2), LayerSpec(4, 8, 4))
    model = HTM(layers, epochs=2).fit(pictures[:200])
    found, sheets = showcase.collection(model, pictures[200:], 200)
    assert (found.fingerprint, found.measured_on, found.units) == (model.fingerprint, 40, 8)
    exact = np.mean([len(codec_bytes(one, "png")) for one in pictures[200:]])
    assert 0 < found.htm.size < found.png == pytest.approx(exact, abs=0.1)
    again, others = showcase.collection(model, pictures[200:], 200)
    assert (found, sheets) == (again, others)
    side = np.asarray(Image.open(io.BytesIO(sheets["drawn"]))).shape
    assert side[1] > side[0] > 16


def test_emoji_are_laid_on_white_and_some_kept_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(showcase, "HELD", 2)
    names = ["1f468-1f3fb", "1f468-1f3fc", "1f468", "1f469-1f3ff", "1f697"]
    for number, name in enumerate(names):
        picture = Image.new("RGBA", (64, 64), (10 * number, 0, 0, 0))
        picture.save(tmp_path / f"{name}.png")
    learn, held = showcase.emoji(tmp_path)
    # A car is nobody, and has no colour of skin.
    assert learn.shape == (2, 32, 32, 3) and held.shape == (2, 32, 32, 3)
    assert (learn == 255).all() and (held == 255).all()


def test_numbers_are_read_as_they_were_written(shown, tmp_path):
    showcase.write(shown, tmp_path / "home.json")
    assert showcase.read(tmp_path / "home.json") == shown


def test_sheets_hold_what_the_page_says(shown):
    for path in (showcase.UNITS, showcase.DRAWN):
        with Image.open(path) as sheet:
            assert sheet.format == "PNG" and sheet.width > 10 * showcase.SIDE
    assert shown.collection.htm.size < shown.collection.png


def test_the_files_of_the_page_are_small():
    paths = (
        showcase.FILE,
        showcase.STORED,
        showcase.BACK,
        showcase.JPEG,
        showcase.UNITS,
        showcase.DRAWN,
    )
    assert sum(path.stat().st_size for path in paths) < MOST


def test_the_text_is_the_study_of_the_text_page():
    from studio.text import work

    study, found = work.example(), view.load_text(view.TEXT.stat().st_mtime)
    assert study is not None and view.TEXT == work.FILE
    assert (found.length, found.sizes) == (study.length, study.sizes)
    assert [(one.character, one.bits) for one in found.letters] == [
        (one.character, one.bits) for one in study.letters
    ]
    assert json.loads(view.TEXT.read_text("utf-8"))["length"] == found.length
