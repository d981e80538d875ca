"""The sample photograph's kept result: what the codec makes of it, shown before it can."""

from __future__ import annotations

import numpy as np
import pytest

from htm_engine.coding.photo.anatomy import look_into_image
from htm_engine.coding.photo.codec import compress_image, decompress_image
from studio.compress import example, photo_work
from studio.kit import ahead


def test_it_is_what_the_codec_makes_of_the_sample():
    kept, sample = example.read(), photo_work.sample()
    assert kept.file == compress_image(sample, example.SETTINGS.quality)
    assert np.array_equal(kept.back, decompress_image(kept.file))
    look = look_into_image(kept.file)
    assert look.parts == kept.look.parts and look.size == kept.look.size
    for name in ("units", "sides", "bits"):
        for one, other in zip(getattr(look, name), getattr(kept.look, name), strict=True):
            assert np.allclose(one, other, rtol=1e-6), name
    *_, (_, coded) = photo_work.steps(sample, example.SETTINGS)
    assert (kept.psnr, kept.ssim, kept.ms_ssim) == pytest.approx(
        (coded.psnr, coded.ssim, coded.ms_ssim)
    )


def test_it_waits_for_nothing_and_gets_the_other_formats(monkeypatch):
    def never():
        raise AssertionError("waited for the compiler")

    monkeypatch.setattr(ahead, "waiting", never)
    made = example.of(photo_work.sample(), example.SETTINGS)
    first, *_, last = photo_work.steps(photo_work.sample(), example.SETTINGS, None, made)
    assert first[1] is not None and first[1].file == made.file
    assert last[0] == 1.0 and {"JPEG", "WebP"} <= {other.label for other in last[1].others}
    assert made.others == [], "what is kept was changed"


def test_it_is_for_the_sample_as_it_is_asked_for_first_only():
    sample = photo_work.sample()
    assert example.of(sample[:-1], example.SETTINGS) is None
    assert example.of(sample, photo_work.PhotoSettings(51, "psnr", "best")) is None


def test_a_damaged_file_costs_the_head_start_only(tmp_path, monkeypatch):
    (tmp_path / "x.npz").write_bytes(example.FILE.read_bytes()[:5000])
    monkeypatch.setattr(example, "read", lambda: READ(tmp_path / "x.npz"))
    example.shipped.clear()
    assert example.shipped() is None
    example.shipped.clear()


READ = example.read
