"""Photographs on the Compress page: a file that decodes to what is shown, and bad input."""

from __future__ import annotations

import io
import threading

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from htm_engine import compress_image, decompress_image
from htm_engine.coding.photo import learning
from htm_engine.data import uploads
from htm_engine.errors import HTMError, ModelMismatchError
from htm_engine.evaluation import metrics
from htm_engine.evaluation.photo_curves import QUALITIES, middle, photo_curves
from htm_engine.evaluation.standard_codecs import codec_bytes, codec_decode
from studio.compress import photo_early, photo_learn, photo_view, photo_work
from tests.helpers.foreign import RGB, display_p3, exif_of, icc, saved
from tests.helpers.places import ROOT
from tests.studio.waiting import has, until

#: The first on a machine compiles.
PATIENCE = 180


def opened(**query) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300).run()
    app.switch_page("pages/compress.py")
    for key, value in ({"what": "photo"} | query).items():
        app.query_params[key] = value
    return app.run()


def settled(app: AppTest) -> AppTest:
    """Look again until the work is done, as the page does by itself."""
    return until(app, lambda app: not app.get("progress") and (app.table or app.error))


def ended(picture, wanted) -> photo_work.Coded:
    *_, (part, coded) = photo_work.steps(picture, wanted)
    assert part == pytest.approx(1.0)
    return coded


@pytest.fixture(scope="module")
def small():
    return np.ascontiguousarray(photo_work.sample()[:96, :128])


def test_the_page_shows_a_photograph_and_what_others_make_of_its_bytes():
    app = settled(opened(photo_quality="20", fast="true"))
    assert not app.exception
    numbers = {metric.label: metric.value for metric in app.metric}
    size = int(numbers["This file"].split()[0].replace(",", ""))
    table = next(table.value for table in app.table if "Format" in table.value)
    assert list(table["Format"])[:2] == ["HTM", "JPEG"]
    assert {"WebP", "AVIF", "JPEG 2000"} <= set(table["Format"])
    assert any(label.startswith("PCA") for label in table["Format"])
    assert int(table["Bytes"].iloc[0].replace(",", "")) == size
    psnr = [float(value.split()[0]) for value in table["PSNR"]]
    assert psnr[0] == max(psnr)  # on this photograph, at these bytes


def test_the_file_decodes_to_what_is_shown_and_others_spend_no_more(small):
    coded = ended(small, photo_work.PhotoSettings(30, "psnr", "fast"))
    assert np.array_equal(photo_work.opened(coded.file), coded.back)
    assert np.array_equal(np.array(Image.open(io.BytesIO(photo_work.png(coded.back)))), coded.back)
    assert len(coded.others) == 5
    assert all(other.size <= len(coded.file) for other in coded.others if other.fits)
    every = [codec_bytes(small, "jpeg", quality) for quality in range(1, 101)]
    backs = [codec_decode(data, small) for data in every]
    fits = [
        len(data)
        for data, back in zip(every, backs, strict=True)
        if metrics.psnr(small, back, 255) >= coded.psnr
    ]
    assert coded.jpeg == min(fits) > len(coded.file)


def test_a_large_photograph_is_seen_before_its_file_is_written():
    y, x = np.mgrid[:720, :960]
    waves = [np.sin(x / 50) * np.cos(y / far) for far in (31, 47, 23)]
    picture = np.uint8(128 + 60 * np.stack(waves, -1))
    seen, parts = [], []
    for part, one in photo_work.steps(picture, photo_work.PhotoSettings(30, "psnr", "fast")):
        parts.append(part)
        seen.append(one)
        if isinstance(one, photo_work.Coded):
            break
    early = [one for one in seen if isinstance(one, photo_early.Underway)]
    assert parts == sorted(parts)
    small, *_, whole = early
    assert not small.file and small.back.shape[0] < picture.shape[0]
    assert metrics.psnr(small.back, photo_early.small(picture), 255) > 25
    assert whole.file == seen[-1].file and np.array_equal(whole.back, seen[-1].back)
    small.began -= 100 * small.seconds  # it takes far longer than expected
    assert small.part < whole.part and small.part < small.now < small.until


def test_a_size_asked_for_is_kept_and_one_that_cannot_be_costs_a_sentence():
    app = settled(opened(sized_by="size", size_bytes="3000", fast="true"))
    numbers = {metric.label: metric.value for metric in app.metric}
    assert 2910 <= int(numbers["This file"].split()[0].replace(",", "")) <= 3000
    app = settled(opened(sized_by="size", size_bytes="40", fast="true"))
    assert app.error and "bytes" in app.error[0].value and not app.exception


def test_a_broken_file_over_a_good_photograph_leaves_the_rest_of_the_page():
    app = opened()
    before = [metric.value for metric in app.metric]
    app.file_uploader(key="photo_upload").upload("torn.png", b"\x89PNG\r\n\x1a\n and no more").run()
    assert app.error and not app.exception
    assert before and [metric.value for metric in app.metric] == before
    assert any(uploader.key == "photo_back" for uploader in app.file_uploader)
    # What is downloaded is called like what is shown.
    for name, content, shown in (
        ("my-cat.jpg", b"\xff\xd8\xff and no more", "photograph"),
        ("a.png", saved(RGB), "a.png"),
        ("my-cat.jpg", b"\xff\xd8\xff and no more", "a.png"),
    ):
        app.file_uploader(key="photo_upload").upload(name, content).run()
        assert app.session_state[photo_view.NAME] == shown and bool(app.error) == (name != shown)
    # What was taken away is not kept, nor shown where the next cannot be read.
    app.file_uploader(key="photo_upload").clear().run()
    assert "_reading_photo" not in app.session_state
    app.file_uploader(key="photo_upload").upload("torn.png", b"\x89PNG and no more").run()
    assert app.session_state[photo_view.NAME] == "photograph" and app.error


def test_maps_tell_units_and_every_size_of_block(small):
    coded = ended(small, photo_work.PhotoSettings(40, "psnr", "best"))
    assert set(np.unique(coded.look.sides[0])) <= set(photo_view.SHADES)
    _, (_, units, sizes, _) = photo_view._maps(small, coded)
    drawn = np.array(Image.open(io.BytesIO(sizes)))
    assert drawn.shape[:2] == small.shape[:2]
    for side, shade in photo_view.SHADES.items():
        share = (drawn == shade).all(-1).mean()
        assert share == pytest.approx((coded.look.sides[0] == side).mean())
    assert len(np.unique(np.array(Image.open(io.BytesIO(units))).reshape(-1, 3), axis=0)) > 3


def test_alpha_is_kept_and_others_get_the_bytes_of_the_colours(small):
    seen = np.concatenate([small, small[..., :1]], -1)
    coded = ended(seen, photo_work.PhotoSettings(40, "psnr", "fast"))
    assert np.array_equal(coded.back[..., 3], seen[..., 3]) and coded.alpha_bytes > 0
    target = len(coded.file) - coded.alpha_bytes
    assert all(other.size <= target for other in coded.others if other.fits)


def test_a_profile_is_in_every_picture_shown_and_others_get_the_bytes_without(small):
    data = saved(small, exif=b"Exif\0\0" + exif_of(), icc_profile=display_p3(), dpi=(300, 300))
    sent = photo_work.uploaded("a.png", data)
    wanted = photo_work.PhotoSettings(40, "psnr", "fast")
    *_, (_, coded) = photo_work.steps(sent.pixels, wanted, metadata=sent.metadata)
    assert photo_work.besides(coded.file) == sent.metadata == coded.metadata
    shown = Image.open(io.BytesIO(photo_work.png(coded.back, coded.metadata)))
    assert shown.info["icc_profile"] == display_p3()
    assert shown.info["dpi"] == pytest.approx((300, 300), abs=0.02)
    plain = compress_image(small, 40, effort="fast")
    assert 0 < len(plain) - coded.colour_bytes + coded.metadata_bytes <= coded.metadata_bytes
    assert all(other.size <= coded.colour_bytes for other in coded.others if other.fits)
    one, other = (
        photo_work.job(sent.pixels, wanted, metadata=one)
        for one in (sent.metadata, photo_work.Metadata())
    )
    assert one is not other


def test_grey_with_alpha_stays_so_under_its_profile(small):
    grey, profile = small[..., :2].copy(), icc("grey", space=b"GRAY")
    data = saved(Image.fromarray(grey, "LA"), icc_profile=profile)
    sent = photo_work.uploaded("a.png", data)
    wanted = photo_work.PhotoSettings(0, "psnr", "best")
    *_, (_, coded) = photo_work.steps(sent.pixels, wanted, metadata=sent.metadata)
    for shown in (photo_work.png(coded.back, coded.metadata), photo_work.png(sent.pixels)):
        with Image.open(io.BytesIO(shown)) as image:
            assert image.mode == "LA" and (np.array(image) == grey).all()
            assert image.info.get("icc_profile", profile) == profile
    assert photo_work.besides(coded.file).profile == profile and coded.alpha_bytes > 0
    assert photo_work.colours(coded.back).shape == grey.shape[:2]
    photo_view._maps(sent.pixels, coded)


@pytest.mark.parametrize("file", [b"", b"a file"])
def test_what_is_shown_early_has_the_profile_too(small, monkeypatch, file):
    seen = []
    monkeypatch.setattr(
        photo_view.dividing, "show", lambda on, key, sides, size: seen.extend(sides)
    )
    underway = photo_early.Underway(small, file, 0.1, 0.5, 1.0)
    photo_view.early(small, underway, display_p3())
    assert len(seen) == 2
    for side in seen:
        assert Image.open(io.BytesIO(side.file)).info["icc_profile"] == display_p3()


def test_a_profile_cannot_draw_on_the_page():
    def page(profile):
        from htm_engine.coding.metadata import Metadata
        from studio.compress import photo_view

        photo_view.besides(Metadata(profile))

    app = AppTest.from_function(page, args=(icc("![a](https://b.c) *d*"),)).run()
    assert "!\\[a\\](https\\:\u200b//b.c) \\*d\\*" in app.caption[0].value


def test_a_strip_longer_than_webp_holds_goes_without_it():
    strip = np.tile(np.arange(256, dtype=np.uint8), (16, 66))
    coded = ended(strip, photo_work.PhotoSettings(10, "psnr", "fast"))
    assert coded.left_out == {"WebP": 16_383}
    assert "WebP" not in {other.label for other in coded.others}


def test_ms_ssim_is_shown_where_its_windows_fit(small):
    large = np.ascontiguousarray(photo_work.sample()[:180, :200])
    assert 0 < ended(large, photo_work.PhotoSettings(20, "psnr", "fast")).ms_ssim < 1
    assert ended(small, photo_work.PhotoSettings(20, "psnr", "fast")).ms_ssim is None


def test_a_lossless_file_gives_every_pixel_back(small):
    coded = ended(small, photo_work.PhotoSettings(0, "psnr", "best"))
    assert np.array_equal(coded.back, small) and np.isinf(coded.psnr)


@pytest.mark.parametrize("shape", [(1, 1), (5, 7, 3), (9, 8, 4), (30, 9, 2)])
def test_pictures_of_any_kind_go_through(shape):
    picture = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    *_, (_, coded) = photo_work.steps(picture, photo_work.PhotoSettings(60, "eye", "fast"))
    assert coded.back.shape == picture.shape


@pytest.mark.parametrize("cut", [0, 5, 30, -1])
def test_a_damaged_file_costs_a_sentence(small, cut):
    file = compress_image(small, 20)
    with pytest.raises(HTMError):
        photo_work.opened(file[:cut] if cut >= 0 else file + b"more")


def test_a_file_larger_than_the_page_takes_says_where_to_go():
    big = compress_image(np.zeros((2001, 2000), np.uint8), 1)
    assert decompress_image(big).shape == (2001, 2000)
    with pytest.raises(HTMError, match="decompress"):
        photo_work.opened(big)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(50)])
def test_what_is_no_picture_is_refused(content):
    with pytest.raises(HTMError):
        photo_work.uploaded("x.png", content)


def test_curves_of_a_photograph_rise_and_are_of_its_middle():
    picture = np.pad(photo_work.sample()[:60, :80], ((400, 400), (400, 400), (0, 0)), "symmetric")
    assert middle(picture).shape == (512, 512, 3)
    found = list(photo_curves(photo_work.sample()[:60, :80]))
    assert [part for part, _ in found] == sorted(part for part, _ in found)
    assert found[-1][0] == pytest.approx(1)
    labels = {point.label for _, point in found}
    assert labels == {"HTM", "JPEG", "WebP", "AVIF", "JPEG 2000"}
    for label in labels:
        own = [point for _, point in found if point.label == label]
        sizes = [point.bytes_per_picture for point in own]
        assert sizes == sorted(sizes) and own[-1].psnr > own[0].psnr + 6
    htm = next(point for _, point in found if point.label == "HTM")
    again = compress_image(photo_work.sample()[:60, :80], QUALITIES[0], effort="fast")
    assert htm.bytes_per_picture == len(again)


def test_the_curves_are_drawn_in_the_background_and_can_be_cancelled(monkeypatch):
    monkeypatch.setattr(photo_work, "SAMPLE", np.s_[:150, :200])  # seven times as quick
    app = settled(opened(photo_quality="20", fast="true"))
    app.button(key="photo_curves").click().run()
    assert not app.exception
    app.button(key="stop_photo_curves").click().run()
    until(app, has("photo_curves"))
    app.button(key="photo_curves").click().run()
    until(app, lambda app: app.get("plotly_chart") and not app.get("progress"))
    assert not app.exception


def test_a_codec_of_ones_own_is_learned_used_and_brought_back(monkeypatch):
    monkeypatch.setattr(learning, "_UNITS", (4, 2, 2, 2, 2))
    monkeypatch.setattr(learning, "_ROUNDS", (1, 1, 1, 1, 1))
    rng = np.random.default_rng(0)
    shown = photo_work.sample()[:256, :256] * rng.uniform(0.8, 1, (256, 256, 1))
    content = io.BytesIO()
    Image.fromarray(shown.astype(np.uint8)).save(content, "PNG")
    files = [("a.png", content.getvalue(), "image/png")] * 2
    app = settled(opened(photo_quality="20", fast="true"))
    app.file_uploader(key="photo_learn").set_value(files).run()
    app.button(key="photo_learn_go").click().run()
    until(app, lambda app: app.success or app.error)
    assert app.success and not app.error
    own = app.session_state["_photo_own"]
    app = settled(app)
    assert any(own.name[:8] in caption.value for caption in app.caption)
    assert app.session_state["_photo_job"][0].endswith(f"model='{own.name}')")
    # What it wrote is read with it, and not without.
    file = compress_image(photo_work.sample()[:40, :40], 30, own.model)
    with pytest.raises(ModelMismatchError):
        photo_work.opened(file)
    assert photo_work.opened(file, photo_learn.opened(own.file)).shape == (40, 40, 3)
    app.button(key="photo_shipped").click().run()
    assert not app.success and not app.exception
    app.file_uploader(key="photo_model").set_value([("mine.npz", own.file, "")]).run()
    assert app.session_state["_photo_own"].name == own.name and not app.error


def test_learning_can_be_cancelled_and_too_little_costs_a_sentence(small):
    content = io.BytesIO()
    Image.fromarray(small).save(content, "PNG")
    app = settled(opened(photo_quality="20", fast="true"))
    app.file_uploader(key="photo_learn").set_value([("a.png", content.getvalue(), "")]).run()
    app.button(key="photo_learn_go").click().run()
    until(app, lambda app: app.error)
    assert "too little" in app.error[0].value
    big = np.tile(photo_work.sample(), (3, 3, 1))
    content = io.BytesIO()
    Image.fromarray(big).save(content, "PNG", compress_level=1)
    app.file_uploader(key="photo_learn").set_value([("a.png", content.getvalue(), "")]).run()
    app.button(key="photo_learn_go").click().run()
    app.button(key="photo_learn_stop").click().run()
    until(app, lambda app: not has("photo_learn_stop")(app))
    assert not app.success and not app.error


def learning_page():
    from studio.compress import photo_learn

    photo_learn.collect()
    photo_learn.show()


def test_learning_ends_at_cancel_in_the_middle_of_a_picture(monkeypatch):
    begun, ended = threading.Event(), threading.Event()

    def slow(content, name, *, patience, **limits):
        begun.set()
        try:
            while not ended.wait(0.02):
                patience.ask()
        finally:
            ended.set()

    monkeypatch.setattr(uploads, "read_picture", slow)
    app = AppTest.from_function(learning_page).run()
    app.file_uploader(key="photo_learn").set_value([("a.png", b"of many scans", "")]).run()
    app.button(key="photo_learn_go").click().run()
    assert begun.wait(60) and not ended.is_set()
    app.button(key="photo_learn_stop").click().run()
    assert ended.wait(60)
    until(app, lambda app: not has("photo_learn_stop")(app))
    assert not app.success and not app.error and not app.button(key="photo_learn_go").disabled


def test_pictures_and_codecs_beyond_the_limits_are_refused_before_they_are_decoded(small):
    with pytest.raises(HTMError, match="at most 40"):
        list(photo_learn.learned([("a.png", b"")] * 41))
    content = io.BytesIO()
    Image.fromarray(np.zeros((4000, 4001), np.uint8)).save(content, "PNG")
    with pytest.raises(HTMError, match="megapixels"):
        list(photo_learn.learned([("a.png", content.getvalue())] * 2))
    for damaged in (b"", b"PK", bytes(9_000_000)):
        with pytest.raises(HTMError):
            photo_learn.opened(damaged)
