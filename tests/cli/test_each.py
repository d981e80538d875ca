"""The shell as other compressors have it: any files, each for itself, there and back."""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import time
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from htm_engine import compress_image, decompress_image, decompress_text, files
from htm_engine.__main__ import main
from htm_engine.cli import each, plan
from htm_engine.coding.photo.codec import inspect_image
from htm_engine.coding.text.model import NAMES
from tests.helpers.places import ROOT

NOTE = b"The plumber comes at nine tomorrow; leave the key with Anna.\n"


def picture(height=24, width=40, seed=0):
    smooth = np.linspace(0, 200, height * width * 3).reshape(height, width, 3)
    noise = np.random.default_rng(seed).integers(0, 30, smooth.shape)
    return (smooth + noise).astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Two pictures and two texts, one of each in a folder below."""
    (tmp_path / "in" / "below").mkdir(parents=True)
    Image.fromarray(picture()).save(tmp_path / "in" / "a.png")
    Image.fromarray(picture(seed=1)).save(tmp_path / "in" / "below" / "b.jpg")
    (tmp_path / "in" / "note.txt").write_bytes(NOTE)
    (tmp_path / "in" / "below" / "empty").write_bytes(b"")
    (tmp_path / "in" / ".hidden").write_bytes(b"not to be touched")
    return tmp_path / "in"


def run(capsys, *argv):
    code = main([str(part) for part in argv])
    said = capsys.readouterr()
    return code, said.out, said.err


def names(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def shell(*argv, given=b"", **more):
    return subprocess.run(
        [sys.executable, "-m", "htm_engine", *map(str, argv)],
        input=given,
        capture_output=True,
        cwd=ROOT,
        timeout=300,
        check=False,
        **more,
    )


# -------------------------------------------------------- what goes where
def test_every_file_is_stored_as_what_it_is_beside_itself(folder, capsys):
    code, out, _ = run(capsys, "compress", folder / "a.png", folder / "note.txt", "-j", 1)
    assert code == 0 and "2 of 2" in out
    assert inspect_image((folder / "a.png.htmc").read_bytes())[:3] == (40, 24, 3)
    assert decompress_text((folder / "note.txt.htmc").read_bytes()) == NOTE
    assert (folder / "note.txt").read_bytes() == NOTE


def test_a_folder_goes_into_a_folder_and_comes_back(folder, tmp_path, capsys):
    before = names(folder)
    out = tmp_path / "out"
    assert run(capsys, "compress", folder, "-o", out, "-j", 1)[0] == 0
    assert names(out) == [
        "a.png.htmc",
        "below/b.jpg.htmc",
        "below/empty.htmc",
        "note.txt.htmc",
    ]
    assert names(folder) == before
    files = [out / "a.png.htmc", out / "below" / "b.jpg.htmc", out / "note.txt.htmc"]
    assert run(capsys, "decompress", *files, "-o", tmp_path / "again", "-j", 1)[0] == 0
    assert names(tmp_path / "again") == ["a.png", "b.png", "note.txt"]
    assert (tmp_path / "again" / "note.txt").read_bytes() == NOTE
    back = np.asarray(Image.open(tmp_path / "again" / "a.png"))
    assert np.array_equal(back, decompress_image(files[0].read_bytes()))


def asleep(item, how, told):
    """Work that is over at once for the first file, and for the others not in time."""
    if not item.source.endswith("0"):
        with files.replacing(item.target):
            time.sleep(90)
    return each.Done(item)


def test_files_under_way_are_left_when_the_command_ends(tmp_path, monkeypatch):
    # A page tested before leaves its script as the main module, which new processes would run.
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    items = [plan.Item(str(n), str(tmp_path / str(n)), plan.TEXT) for n in range(2 * each.MANY)]
    outcomes = each._all(items, asleep, argparse.Namespace(jobs=2, scheduler=None))
    assert next(outcomes).item is not None
    until = time.monotonic() + 60
    while not list(tmp_path.iterdir()):
        assert time.monotonic() < until
        time.sleep(0.05)
    outcomes.close()
    assert time.monotonic() < until + 20 and list(tmp_path.iterdir()) == []


def test_several_processes_write_the_same(folder, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    assert shell("compress", folder, "-o", one, "-j", 1).returncode == 0
    done = shell("compress", folder, "-o", two, "-j", 2)
    assert done.returncode == 0, done.stderr.decode()
    assert names(one) == names(two) and len(names(one)) == 4
    for name in names(one):
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


@pytest.mark.parametrize(
    ("name", "ending", "back"),
    [
        ("a.png.htmc", None, "a.png"),
        ("a.jpg.htmc", None, "a.png"),
        ("my.holiday.htmc", None, "my.holiday.png"),
        ("a.htmc", ".webp", "a.webp"),
        ("a.PNG.htmc", ".jpg", "a.jpg"),
    ],
)
def test_a_photograph_gets_its_name_back(tmp_path, name, ending, back):
    (tmp_path / name).write_bytes(compress_image(picture(), lossless=True))
    (item,) = plan.decompressing([str(tmp_path / name)], None, ending)
    assert item == plan.Item(str(tmp_path / name), str(tmp_path / back), plan.PHOTOGRAPH)


@pytest.mark.parametrize("ending", ["png", "webp", "npy", "jpg"])
def test_a_photograph_comes_back_in_the_format_that_is_asked_for(tmp_path, capsys, ending):
    pixels = picture()
    (tmp_path / "x.htmc").write_bytes(compress_image(pixels, lossless=True))
    assert run(capsys, "decompress", tmp_path / "x.htmc", "--format", ending)[0] == 0
    file = tmp_path / f"x.{ending}"
    back = np.load(file) if ending == "npy" else np.asarray(Image.open(file).convert("RGB"))
    assert np.array_equal(back, pixels) or (ending == "jpg" and back.shape == pixels.shape)


def test_models_that_have_names_are_known_without_reading_them():
    assert set(plan.TEXT_MODELS) == {*NAMES, "blank"}


# ------------------------------------------------------------------ pipes
def test_pipes_there_and_back():
    small = shell("compress", "-", given=NOTE)
    assert small.returncode == 0 and 0 < len(small.stdout) < len(NOTE) / 2
    assert shell("decompress", "-", given=small.stdout).stdout == NOTE


def test_a_photograph_through_pipes():
    stream = io.BytesIO()
    Image.fromarray(picture()).save(stream, "PNG")
    small = shell("compress", "-c", "-", "--lossless", given=stream.getvalue())
    assert inspect_image(small.stdout).lossless
    back = shell("decompress", "-", given=small.stdout)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(back.stdout))), picture())


def test_what_fails_writes_nothing_to_a_pipe():
    done = shell("decompress", "-", given=b"no file of ours")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"Error: ") and b"Traceback" not in done.stderr


# --------------------------------------------------------- wrongly as well
def test_the_others_go_on_where_one_file_fails(folder, capsys):
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"nothing more")
    (folder / "note.txt.htmc").write_bytes(b"mine")
    files = [folder / name for name in ("broken.png", "note.txt", "a.png")]
    code, out, err = run(capsys, "compress", *files, "-j", 1)
    assert code == 1 and "1 of 3" in out and "2 of 3 files failed" in err
    assert "broken.png" in err and "--force" in err
    assert (folder / "note.txt.htmc").read_bytes() == b"mine"
    assert (folder / "a.png.htmc").exists() and not (folder / "broken.png.htmc").exists()
    assert run(capsys, "compress", folder / "note.txt", "-f")[0] == 0
    assert decompress_text((folder / "note.txt.htmc").read_bytes()) == NOTE


def test_no_two_results_have_one_name(tmp_path, capsys):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.txt").write_bytes(name.encode())
    sources = (tmp_path / "one" / "x.txt", tmp_path / "two" / "x.txt")
    code, _, err = run(capsys, "compress", *sources, "-o", f"{tmp_path}/out/", "--force")
    assert code == 1 and "both" in err and not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--lossless"], "for photographs"),
        (["-q", "7"], "for photographs"),
        (["--tiles", "--text"], "--tiles"),
        (["-o", "x.png"], ".htmc"),
        (["-m", "nowhere.npz"], "nowhere.npz"),
    ],
)
def test_options_that_would_do_nothing_are_refused(folder, tmp_path, capsys, options, said):
    options = [str(tmp_path / part) if part.startswith("x.") else part for part in options]
    code, _, err = run(capsys, "compress", folder / "note.txt", *options)
    assert code == 1 and said in err and err.count("\n") == 1, err
    assert not (folder / "note.txt.htmc").exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--lossless", "-q", "9"],
        ["--lossless", "--tune", "eye"],
        ["--lossless", "--effort", "fast"],
        ["--bytes", "900", "-q", "9"],
        ["--tiles", "--effort", "fast"],
        ["--tiles", "--memory", "5"],
    ],
)
def test_options_of_which_one_would_do_nothing_are_refused(folder, capsys, options):
    code, _, err = run(capsys, "compress", folder / "a.png", *options)
    assert code == 1 and "does nothing" in err and err.count("\n") == 1, err
    assert not (folder / "a.png.htmc").exists()


def test_memory_is_for_texts_and_a_text_model_not_for_photographs(folder, capsys):
    for options in (["--memory", 5], ["-m", "en"]):
        code, _, err = run(capsys, "compress", folder / "a.png", *options)
        assert code == 1 and "text" in err
    assert not (folder / "a.png.htmc").exists()


def test_compressed_files_are_left_alone(folder, capsys):
    assert run(capsys, "compress", folder, "-j", 1)[0] == 0
    before = names(folder)
    code, _, err = run(capsys, "compress", folder, "-j", 1)
    assert code == 1 and err.count("exists already") == 4
    assert names(folder) == before


def test_compressed_bytes_stay_off_a_terminal(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    with pytest.raises(each.OutputError, match="terminal"):
        each.check_terminal(plan.PIPE, False)
    each.check_terminal(plan.PIPE, True)
    each.check_terminal("file", False)


def test_missing_files_and_empty_folders_are_told(tmp_path, capsys):
    os.mkdir(tmp_path / "empty")
    for path in ("empty", "none"):
        code, _, err = run(capsys, "compress", tmp_path / path)
        assert code == 1 and path in err
    code, _, err = run(capsys, "decompress", tmp_path / "none.htmc")
    assert code == 1 and "none.htmc" in err
