"""Files are read to their end whatever they claim, and written whole, once, or not at all."""

from __future__ import annotations

import os
import threading

import pytest

from htm_engine import files, storage
from htm_engine.errors import DataError, ModelError


def left(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_failure_within_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "a"
    target.write_bytes(b"old")
    with pytest.raises(SystemExit), files.replacing(target) as stream:
        stream.write(b"new")
        raise SystemExit(143)
    assert target.read_bytes() == b"old" and left(tmp_path) == ["a"]


def test_names_of_the_users_are_never_taken_for_temporary_ones(tmp_path):
    for name in ("a.partial", "a.tmp", ".a", "a.part"):
        (tmp_path / name).write_bytes(b"mine")
    before = left(tmp_path)
    files.write(tmp_path / "a", b"x")
    assert left(tmp_path) == sorted([*before, "a"])
    assert all((tmp_path / name).read_bytes() == b"mine" for name in before)


@pytest.mark.parametrize("links", [True, False])
def test_only_one_of_two_writers_succeeds(tmp_path, monkeypatch, links):
    """Both begin while there is no file, which a look before writing cannot find out."""
    if not links:

        def refuse(*_):
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr("os.link", refuse)
    target = tmp_path / "a"
    with files.replacing(target, new=True) as first:
        first.write(b"first")
        with files.replacing(target, new=True) as second:
            second.write(b"second")
        with pytest.raises(FileExistsError) as refused, files.replacing(target, new=True):
            pass
        assert refused.value.filename == str(target)
        target.unlink()
    assert target.read_bytes() == b"first" and left(tmp_path) == ["a"]
    with pytest.raises(FileExistsError), files.replacing(target, new=True) as late:
        late.write(b"late")
    assert target.read_bytes() == b"first" and left(tmp_path) == ["a"]


def test_a_new_file_has_the_usual_permissions_and_a_replaced_one_its_own(tmp_path):
    (tmp_path / "usual").write_bytes(b"")
    files.write(tmp_path / "new", b"")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode
    (tmp_path / "secret").touch(0o600)
    files.write(tmp_path / "secret", b"x")
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_a_link_is_followed(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    files.write(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real").read_bytes() == b"new"


def test_an_error_names_the_path_that_was_given(tmp_path):
    with pytest.raises(FileNotFoundError) as refused:
        files.write(tmp_path / "none" / "a", b"")
    assert refused.value.filename == str(tmp_path / "none" / "a")


def test_saving_a_model_that_fails_keeps_the_one_before(tmp_path, monkeypatch):
    target = tmp_path / "m.npz"
    storage.save(target, {"a": 1}, {})
    before = target.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        storage.save(target, {"a": 2}, {})
    assert target.read_bytes() == before and left(tmp_path) == ["m.npz"]


def pipe(path, content):
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(content,), daemon=True)
    writer.start()
    return writer


@pytest.mark.parametrize("length", [0, 5, 3 << 20])
def test_a_pipe_is_read_to_its_end(tmp_path, length):
    content = bytes(range(256)) * (length // 256) + b"x" * (length % 256)
    writer = pipe(tmp_path / "pipe", content)
    with files.measured(tmp_path / "pipe") as (stream, found):
        assert found == length and stream.read() == content
    writer.join(10)
    (tmp_path / "pipe").unlink()
    writer = pipe(tmp_path / "pipe", content)
    assert files.read(tmp_path / "pipe", 1 << 30) == content
    writer.join(10)


def test_a_file_that_claims_no_bytes_is_read_to_its_end():
    with open("/proc/cpuinfo", "rb") as stream:
        whole = stream.read()
    with files.measured("/proc/cpuinfo") as (stream, length):
        assert length == len(stream.read()) > 100
    assert len(files.read("/proc/cpuinfo", 1 << 20)) > 0.9 * len(whole)


def test_what_may_never_end_is_refused(tmp_path):
    for reader in (lambda: files.read("/dev/zero", 1 << 20), lambda: files.opened("/dev/zero")):
        with pytest.raises(DataError, match="device"):
            reader()
    with pytest.raises(ModelError, match="device"):
        storage.load("/dev/zero")
    writer = pipe(tmp_path / "pipe", bytes(1000))
    with pytest.raises(DataError, match="more than"), files.measured(tmp_path / "pipe", 500):
        pass
    writer.join(10)
    (tmp_path / "file").write_bytes(bytes(1000))
    with pytest.raises(DataError, match="too large"):
        files.read(tmp_path / "file", 999)
    assert len(files.read(tmp_path / "file", 1000)) == 1000


@pytest.mark.parametrize("call", ["open", "fsync", "link", "replace"])
@pytest.mark.parametrize("before", [True, False])
def test_a_signal_at_any_moment_leaves_nothing_half(tmp_path, monkeypatch, call, before):
    """As if it arrived right before or after each call that changes the disk."""
    real = getattr(os, call)

    def hit(*arguments, **options):
        if not before:
            real(*arguments, **options)
        raise SystemExit(143)

    monkeypatch.setattr(f"os.{call}", hit)
    with pytest.raises(SystemExit):
        files.write(tmp_path / "a", b"whole", new=call != "replace")
    assert left(tmp_path) in ([], ["a"])
    assert not left(tmp_path) or (tmp_path / "a").read_bytes() == b"whole"
