"""``htm warm``: afterwards nothing that photographs, texts and series need is left to compile."""

from __future__ import annotations

import subprocess
import sys

import pytest

from htm_engine.__main__ import main
from htm_engine.cli import warming

#: Stores and reads back a photograph, a text and a series, and tells how often numba compiled.
PROGRAM = """
import numpy as np
from htm_engine import compress_image, compress_text, decompress_image, decompress_text
from htm_engine import compress_series, decompress_series
from htm_engine.coding.photo import planes, partition, traversal, lossless
from htm_engine.coding.text import units
from htm_engine.coding.series import tree, whole
picture = np.random.default_rng(0).integers(0, 255, (40, 50, 3)).astype(np.uint8)
decompress_image(compress_image(picture))
decompress_image(compress_image(picture, lossless=True))
decompress_text(compress_text(b"a text of no model", "blank"))
decompress_series(compress_series(np.linspace(0, 1, 50) ** 3))
kernels = (partition.choose_rows, traversal.traverse, lossless.code_plane, units.work)
kernels = (*kernels, tree.code_values, whole._flat)
print(sum(sum(one.stats.cache_misses.values()) for one in kernels))
"""


def test_what_was_compiled_ahead_is_not_compiled_again(root, capsys):
    assert main(["warm"]) == 0
    assert "Ready after" in capsys.readouterr().out
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    assert done.stdout.strip() == "0"


def test_without_a_home_it_says_where_to_keep_the_code(monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(warming, "folder", homeless)
    assert "NUMBA_CACHE_DIR" in warming._place()


@pytest.fixture
def failing_beside(monkeypatch, tmp_path):
    """A second process that fails, as it knows no such part; the mark of all being ready."""
    monkeypatch.setattr(warming, "PHOTOGRAPHS", ())
    monkeypatch.setattr(warming, "OTHERS", ("unknown there",))
    monkeypatch.setattr(warming.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(warming, "ready_mark", lambda: tmp_path / "ready")
    return tmp_path / "ready"


def test_what_a_second_process_failed_at_is_done_here(monkeypatch, capsys, failing_beside):
    done = []
    monkeypatch.setitem(warming.PARTS, "unknown there", ("Doing it", lambda: done.append(1)))
    assert main(["warm"]) == 0
    said = capsys.readouterr()
    assert done == [1] and failing_beside.exists() and "Ready after" in said.out
    assert "The second process ended with 1" in said.err


def test_what_fails_in_both_processes_is_an_error_and_nothing_counts_as_ready(
    monkeypatch, capsys, failing_beside
):
    def fails():
        raise ValueError("no such instruction")

    monkeypatch.setitem(warming.PARTS, "unknown there", ("Doing it", fails))
    assert main(["warm"]) == 1
    said = capsys.readouterr()
    assert "Error: Not all is ready: the second process ended with 1" in said.err
    assert "no such instruction" in said.err and "Ready after" not in said.out
    assert not failing_beside.exists()
