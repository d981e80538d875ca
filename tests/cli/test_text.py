"""Texts on the command line: nothing of the user's is lost, whatever goes wrong."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from htm_engine import compress_text, decompress_text
from htm_engine.__main__ import main
from tests.helpers.foreign import RGB, npy, saved, zipped
from tests.helpers.places import ROOT

TEXT = b"What is not lost need not be found again. " * 20


def run(capsys, *argv):
    code = main([str(part) for part in argv])
    said = capsys.readouterr()
    return code, said.out, said.err


def left(folder):
    return sorted(path.name for path in folder.iterdir())


def shell(*argv, **more):
    command = [sys.executable, "-m", "htm_engine", *map(str, argv)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(command, cwd=ROOT, env=environment, **more)


def test_a_source_called_like_a_temporary_file_stays(tmp_path, capsys):
    source, target = tmp_path / "notes.htmc.partial", tmp_path / "notes.htmc"
    source.write_bytes(TEXT)
    assert run(capsys, "compress", source, "-m", "blank", "-o", target)[0] == 0
    assert source.read_bytes() == TEXT and decompress_text(target.read_bytes()) == TEXT
    assert run(capsys, "decompress", target, "-o", tmp_path / "notes")[0] == 0
    assert left(tmp_path) == ["notes", "notes.htmc", "notes.htmc.partial"]


@pytest.mark.parametrize("target", ["same.htmc", "link.htmc"])
def test_a_result_never_replaces_what_it_is_made_of(tmp_path, capsys, target):
    content = compress_text(TEXT, "blank")
    (tmp_path / "same.htmc").write_bytes(content)
    (tmp_path / "link.htmc").symlink_to(tmp_path / "same.htmc")
    for command in (["compress", "--text"], ["decompress"]):
        arguments = (*command, tmp_path / "same.htmc", "-o", tmp_path / target, "--force")
        code, _, err = run(capsys, *arguments)
        assert code == 1 and "is what is read" in err and err.count("\n") == 1
    assert (tmp_path / "same.htmc").read_bytes() == content


@pytest.mark.parametrize("command", ["compress", "decompress", "generate", "train-text"])
def test_pipes_devices_and_folders_are_no_outputs(tmp_path, capsys, command):
    (tmp_path / "a").write_bytes(TEXT)
    (tmp_path / "b.htmc").write_bytes(compress_text(TEXT, "blank"))
    os.mkfifo(tmp_path / "pipe.npz")
    (tmp_path / "folder.npz").mkdir()
    source = {"decompress": [tmp_path / "b.htmc"], "generate": []}.get(command, [tmp_path / "a"])
    # Results of compress and decompress may go into a folder.
    folder = [tmp_path / "folder.npz"] if command in ("generate", "train-text") else []
    for target in (tmp_path / "pipe.npz", "/dev/null", "/dev/stdout", *folder):
        code, _, err = run(capsys, command, *source, "-o", target, "--force")
        assert code == 1 and ("pipe or a device" in err or "is a folder" in err), err
    assert (tmp_path / "pipe.npz").is_fifo() and os.path.exists("/dev/null")


def test_of_two_commands_that_write_one_file_one_says_that_it_failed(tmp_path, capsys, monkeypatch):
    """The second looks while there is no file, and finds one when it is done."""
    from htm_engine.cli import text

    source, target = tmp_path / "a", tmp_path / "a.htmc"
    source.write_bytes(TEXT)
    real = text.compress_stream

    def slow(*arguments, **options):
        yield from real(*arguments, **options)
        target.write_bytes(b"theirs")

    monkeypatch.setattr(text, "compress_stream", slow)
    code, out, err = run(capsys, "compress", source, "-m", "blank", "-o", target)
    assert code == 1 and out == "" and "exists already" in err
    assert target.read_bytes() == b"theirs" and left(tmp_path) == ["a", "a.htmc"]


def test_what_comes_through_a_pipe_is_stored_to_its_end(tmp_path):
    target = tmp_path / "a.htmc"
    options = ("--text", "-m", "blank", "-o", target)
    process = shell("compress", "/dev/stdin", *options, stdin=subprocess.PIPE)
    process.communicate(TEXT, timeout=120)
    assert process.returncode == 0 and decompress_text(target.read_bytes()) == TEXT


def test_a_file_of_proc_is_stored_to_its_end(tmp_path, capsys):
    target = tmp_path / "a.htmc"
    options = ("--text", "-m", "blank", "-o", target)
    assert run(capsys, "compress", "/proc/self/status", *options)[0] == 0
    assert b"VmPeak" in decompress_text(target.read_bytes())


@pytest.mark.parametrize("option", [["--text"], ["--photo"], []])
def test_an_endless_device_is_refused(tmp_path, capsys, option):
    arguments = ("/dev/zero", *option, "-o", tmp_path / "a.htmc")
    code, _, err = run(capsys, "compress", *arguments)
    assert code == 1 and "device" in err and left(tmp_path) == []
    code, _, err = run(capsys, "decompress", "/dev/zero", "-o", tmp_path / "a")
    assert code == 1 and "device" in err and left(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_ended_leaves_nothing(tmp_path, number):
    source = tmp_path / "a"
    source.write_bytes(os.urandom(1 << 20) * 40)
    folder = tmp_path / "out"
    folder.mkdir()
    options = ("--text", "-m", "blank", "-o", folder / "a.htmc")
    process = shell("compress", source, *options, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 120
    while not left(folder) and time.monotonic() < end:
        time.sleep(0.05)
    assert left(folder), "it has begun to write"
    process.send_signal(number)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 128 + number
    assert left(folder) == [] and "Traceback" not in err


@pytest.mark.parametrize(("name", "content"), [("zeros", b"\0\0" + TEXT), ("a.png", TEXT)])
def test_a_file_is_what_it_begins_with_whatever_it_is_called(tmp_path, capsys, name, content):
    source, target = tmp_path / name, tmp_path / "it.htmc"
    source.write_bytes(content)
    assert run(capsys, "compress", source, "-m", "blank", "-o", target)[0] == 0
    assert decompress_text(target.read_bytes()) == content


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.gz", gzip.compress(TEXT, mtime=0)),
        ("a.txt.zip", zipped({"a.txt": TEXT})),
        ("a.npy", npy(np.zeros((3, 9, 9, 9), np.uint8))),
    ],
)
def test_a_file_that_is_no_picture_is_stored_as_the_refusal_says(tmp_path, capsys, name, content):
    source, target = tmp_path / name, tmp_path / "it.htmc"
    source.write_bytes(content)
    code, _, err = run(capsys, "compress", source, "-o", target)
    assert code == 1 and "--text" in err and err.count("\n") == 1
    assert run(capsys, "compress", source, "--text", "-m", "blank", "-o", target)[0] == 0
    assert decompress_text(target.read_bytes()) == content


def test_a_damaged_picture_is_not_proposed_as_a_text(tmp_path, capsys):
    source = tmp_path / "a.png"
    source.write_bytes(saved(RGB)[:60])
    code, _, err = run(capsys, "compress", source, "-o", tmp_path / "a.htmc")
    assert code == 1 and "damaged" in err and "--text" not in err
