"""Tables of numbers on the command line: smaller as series, and the very same bytes."""

from __future__ import annotations

import io
import json
import sys
import threading
import time

import numpy as np
import pytest

from htm_engine import compress_series, compress_text
from htm_engine.__main__ import main
from htm_engine.cli import tables, watched
from htm_engine.coding.series.table import compress_table

TABLE = b"timestamp,value\r\n" + b"".join(
    b"2014-04-01 %02d:%02d:00,%.2f\r\n" % (t // 60, t % 60, t * t % 97 / 4) for t in range(300)
)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("taxi.csv", TABLE, "table"),
        ("words.csv", b"name,number\nann,1\n" * 40, "text"),
        ("taxi.txt", TABLE, "text"),
        ("empty.csv", b"", "text"),
    ],
)
def test_a_table_comes_back_byte_by_byte(tmp_path, capsys, name, content, kind):
    source = tmp_path / name
    source.write_bytes(content)
    assert main(["compress", str(source)]) == 0
    stored = tmp_path / f"{name}.htmc"
    assert main(["decompress", str(stored), "-o", str(tmp_path / "back")]) == 0
    assert (tmp_path / "back").read_bytes() == content
    capsys.readouterr()
    assert main(["inspect", str(stored), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == kind


def test_a_table_is_a_third_shorter_as_series_and_a_text_when_told(tmp_path):
    source = tmp_path / "taxi.csv"
    source.write_bytes(TABLE)
    assert main(["compress", str(source)]) == 0
    as_series = len((tmp_path / "taxi.csv.htmc").read_bytes())
    assert as_series < 0.67 * len(compress_text(TABLE))
    assert main(["compress", "--text", "--force", str(source)]) == 0
    assert len((tmp_path / "taxi.csv.htmc").read_bytes()) == len(compress_text(TABLE))


def test_a_series_becomes_a_table(tmp_path, capsys):
    stamps = np.datetime64("2024-02-29T00:00:00") + np.arange(3) * np.timedelta64(60, "s")
    stored = tmp_path / "x.csv.htmc"
    stored.write_bytes(compress_series([1.5, np.nan, 2], timestamps=stamps))
    assert main(["decompress", str(stored)]) == 0
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert lines == [
        "2024-02-29T00:00:00,1.5",
        "2024-02-29T00:01:00,nan",
        "2024-02-29T00:02:00,2.0",
    ]
    capsys.readouterr()
    assert main(["inspect", str(stored)]) == 0
    assert "series" in capsys.readouterr().out
    stored.write_bytes(compress_series([]))  # nothing is a table without rows
    assert main(["decompress", "--force", str(stored)]) == 0
    assert (tmp_path / "x.csv").read_bytes() == b""


@pytest.mark.parametrize("as_table", [False, True])
def test_a_few_bytes_that_claim_very_many_numbers_are_refused(
    as_table, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(tables, "MOST_NUMBERS", 4000)
    stored = tmp_path / "x.csv.htmc"
    content = compress_table(b"x\n" + b"7\n" * 5000) if as_table else compress_series([7.0] * 5000)
    assert len(content) < 60
    stored.write_bytes(content)
    assert main(["decompress", str(stored)]) == 1
    assert "5,000" in capsys.readouterr().err and not (tmp_path / "x.csv").exists()


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_sees_how_far_a_table_is_and_nothing_else_does(tmp_path, monkeypatch):
    monkeypatch.setattr(watched, "_EVERY", 0.001)
    source = tmp_path / "taxi.csv"
    source.write_bytes(TABLE)

    class Patient(watched.Watched):
        """What is read waits until a terminal was told of it: the table is a small one."""

        def read(self, size=-1):
            content, end = super().read(size), time.monotonic() + 60
            while stream.isatty() and "reading" not in stream.getvalue():
                assert time.monotonic() < end, "nothing was told"
                time.sleep(0.001)
            return content

    monkeypatch.setattr(watched, "Watched", Patient)
    for stream, told in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", stream)
        assert main(["compress", "--force", str(source)]) == 0
        assert ("reading" in stream.getvalue()) == told


def test_a_terminal_that_is_closed_does_not_end_the_work(monkeypatch):
    monkeypatch.setattr(watched, "_EVERY", 0.001)
    told, failed = threading.Event(), []

    def gone(part, doing=""):
        told.set()
        raise OSError("the terminal is closed")

    monkeypatch.setattr(threading, "excepthook", failed.append)
    with watched.watched(io.BytesIO(b"1\n2\n"), 4, gone) as seen:
        assert told.wait(60)
        assert seen.read() == b"1\n2\n"
    assert not failed


def test_a_table_is_told_of_while_it_is_read_coded_and_compared(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(watched.time, "monotonic", lambda: clock[0])
    stream = watched.Watched(io.BytesIO(bytes(100)), 100)
    said = []
    stream.read(40)
    said.append(stream.says()[1])
    stream.read()
    clock[0] = 65.0
    said.append(stream.says()[1])
    clock[0] = 100.0
    stream.seek(0)
    clock[0] = 120.0
    said.append(stream.says()[1])
    clock[0] = 190.0
    assert stream.says()[0] == 0.9
    stream.read(50)
    said.append(stream.says()[1])
    assert said == [
        "reading 40%",
        "coding, 1 min 5 s so far",
        "reading back to compare, about 20%",
        "comparing 50%",
    ]
