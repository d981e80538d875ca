"""Pictures that decoders work on for long: by a process of its own, as long as somebody waits."""

from __future__ import annotations

import json
import subprocess
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from htm_engine.data import apart, uploads
from htm_engine.data.apart import Patience
from htm_engine.data.datasets import load_upload
from htm_engine.data.uploads import read_picture
from htm_engine.errors import Cancelled, DataError
from tests.helpers.foreign import GREY, RGB, display_p3, exif_of, saved, zipped


@pytest.fixture
def slow(monkeypatch):
    """Every picture counts as one that takes long; the processes that were started."""
    monkeypatch.setattr(apart, "_AT_ONCE", 0.0)
    started, begin = [], subprocess.Popen

    def remembered(*args, **options):
        started.append(begin(*args, **options))
        return started[-1]

    monkeypatch.setattr(apart.subprocess, "Popen", remembered)
    return started


def test_it_gives_the_same_apart(slow):
    besides = {"exif": b"Exif\0\0" + exif_of(6), "icc_profile": display_p3(), "dpi": (72, 300)}
    noise = np.random.default_rng(0).integers(0, 256, (150, 200, 4), dtype=np.uint8)
    data = saved(Image.fromarray(noise), "PNG", **besides)
    assert len(data) > 100_000  # more than a pipe takes before anybody reads
    keep = {"keep_alpha": True, "keep_metadata": True}
    here = read_picture(data, "a.png", **keep)
    there = read_picture(data, "a.png", patience=Patience(60, lambda: None), **keep)
    assert len(slow) == 1
    assert np.array_equal(there.pixels, here.pixels) and there.pixels.flags.writeable
    assert (there.notes, there.metadata, there.bits) == (here.notes, here.metadata, here.bits)
    with pytest.raises(DataError, match=r"^cut\.jpg is damaged or cut short"):
        read_picture(saved(RGB, "JPEG")[:-20], "cut.jpg", patience=Patience(60, lambda: None))
    assert len(slow) == 2


def test_it_takes_no_more_memory_here_than_the_picture(slow):
    data = saved(Image.new("RGB", (2000, 1500), "red"))
    tracemalloc.start()
    try:
        found = read_picture(data, patience=Patience(60, lambda: None))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(slow) == 1 and found.pixels.nbytes < most < 1.2 * found.pixels.nbytes


def test_it_ends_when_its_time_is_over(slow):
    with pytest.raises(DataError, match=r"a\.png is not decoded after 0\.1 seconds"):
        read_picture(saved(RGB), "a.png", patience=Patience(0.1, lambda: None))
    assert slow[0].poll() is not None


def test_it_ends_when_nobody_waits(slow):
    def told(part):
        if slow:
            raise Cancelled("not wanted")

    with pytest.raises(Cancelled):
        load_upload("a.zip", zipped({"a.png": saved(GREY), "b.png": saved(GREY)}), told=told)
    assert len(slow) == 1 and slow[0].poll() is not None


def answer(*shape):
    """What a decoder says before it sends the pixels."""
    empty = {"notes": [], "bits": 8, "profile": 0, "exif": 0, "density": None}
    return json.dumps({"shape": shape, **empty})


HALF, HUGE = answer(9, 9, 3), answer(1 << 40, 1 << 20)


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        ("kill -SEGV $$", "damaged or cut short"),
        ("kill -KILL $$", "not enough memory to open"),  # as the system does for want of it
        ("echo no module >&2; exit 1", "something went wrong inside"),
        ("exit 0", "something went wrong inside"),
        # In the middle of the picture: what was there of it is none.
        (f"echo '{HALF}'; kill -SEGV $$", "damaged or cut short"),
        # A picture that there is no room for.
        (f"echo '{HUGE}'; exec sleep 60", "not enough memory to open"),
    ],
)
def test_a_decoder_whose_process_ends_costs_the_right_sentence(
    slow, monkeypatch, tmp_path, caplog, ends, told
):
    decoder = tmp_path / "decoder"
    decoder.write_text(f"#!/bin/sh\n{ends}\n")
    decoder.chmod(0o755)
    monkeypatch.setattr(apart.sys, "executable", str(decoder))
    with pytest.raises(DataError, match=told):
        read_picture(saved(RGB), patience=Patience(60, lambda: None))
    assert ("no module" in caplog.text) == ("no module" in ends)


def gone_over(times):
    """A JPEG in so many scans more: the last one again and again."""
    data = saved(RGB, "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * times + data[-2:]


def test_usual_pictures_are_read_where_they_are_asked_for():
    def takes_long(width, height, data, kind):
        return apart.takes_long(SimpleNamespace(width=width, height=height, format=kind), data)

    baseline, scans = saved(RGB, "JPEG"), saved(RGB, "JPEG", progressive=True)
    assert not takes_long(8000, 6000, baseline, "JPEG")
    assert not takes_long(5000, 4000, scans, "JPEG")
    assert not any(takes_long(6000, 4000, b"", kind) for kind in ("PNG", "WEBP", "AVIF", "BMP"))
    assert takes_long(3000, 2000, gone_over(90), "JPEG")
    assert takes_long(7000, 7000, b"", "PNG")


def test_a_usual_picture_need_not_wait_for_the_room_of_a_large_one():
    def gone():
        raise Cancelled("nobody waits")

    with uploads._DECODING.of(uploads._DECODING.most), pytest.raises(Cancelled):
        read_picture(saved(RGB), "small.png", patience=Patience(5.0, gone))


def test_who_reads_hears_how_far_it_is():
    parts = []
    load_upload("a.zip", zipped({f"{n}.png": saved(GREY) for n in range(4)}), told=parts.append)
    assert parts == [0.0, 0.25, 0.5, 0.75]
