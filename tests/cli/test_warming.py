"""``htm warm``: afterwards nothing that photographs, texts and series need is left to compile."""

from __future__ import annotations

import subprocess
import sys

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
