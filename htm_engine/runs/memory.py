"""How much memory a training takes at its worst, and how much there is.

::

    layers, shape of the pictures ──► needed   bytes, before anything is made
    /proc, control group          ──► free     bytes that this process may still take
    needed > free                 ──► one sentence, and no training

A server that the system ends for want of memory takes every visitor's work with it, so a
training that cannot fit is refused before it begins.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
from collections.abc import Sequence
from pathlib import Path

from ..errors import DataError
from ..model.layer import LayerSpec
from ..model.patches import tiling

#: Rows of a level that are worked on at a time (``hierarchy.ROWS_AT_ONCE``).
ROWS = 16384
#: Copies of a layer's arrays while it learns: itself, moments, sums and one for previews.
COPIES = 8
#: Longest code a level hands up where its setting leaves that open.
CODE = 64
#: Part of the free memory that one training may take.
SHARE = 0.8


def needed(layers: Sequence[LayerSpec], shape: Sequence[int], batch: int = 1000) -> int:
    """Bytes that training takes at its worst, besides the pictures themselves.

    Parameters
    ----------
    layers : sequence of LayerSpec
        Bottom first.
    shape : (H, W, C), (H, W) or (features,)
        Of one picture or row.
    batch : int
        Pictures a step.

    Examples
    --------
    >>> small = needed([LayerSpec(4, 16, 4)], (8, 8))
    >>> needed([LayerSpec(4, 1024, 64)], (32, 32, 3)) > 50 * small
    True
    """
    height, width, channels = (1, 1, *shape) if len(shape) == 1 else (*shape, 1)[:3]
    total = 0
    for spec in layers:
        d = min(spec.patch, height) * min(spec.patch, width) * channels
        height, width = (tiling(side, spec.patch, spec.stride).number for side in (height, width))
        rank = min(spec.rank, d)
        rows = min(ROWS, batch * height * width)
        total += 4 * COPIES * spec.units * d * (2 + rank)
        # Evidence, shares and errors of every unit, values of all, rows and what they become.
        total += 8 * rows * (spec.units * (4 + rank) + 4 * d)
        channels = spec.units if rank == 0 else spec.code or min(CODE, d)
    return total


def free(proc: Path = Path("/proc"), group: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Bytes that this process may still take; None where the system does not tell."""
    found = []
    try:
        for line in (proc / "meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                found.append(int(line.split()[1]) * 1024)
    except (OSError, ValueError, IndexError):
        pass
    try:
        most = (group / "memory.max").read_text("ascii").strip()
        if most != "max":
            found.append(max(0, int(most) - int((group / "memory.current").read_text("ascii"))))
    except (OSError, ValueError):
        pass
    return min(found, default=None)


def check(layers: Sequence[LayerSpec], shape: Sequence[int], batch: int = 1000) -> None:
    """Refuse a training that would not fit.

    Raises
    ------
    DataError
        With how much it takes and how much there is.
    """
    takes, there = needed(layers, shape, batch), free()
    if there is not None and takes > SHARE * there:
        raise DataError(
            f"This training would take about {takes / 2**30:,.1f} GB of memory, and of "
            f"{there / 2**30:,.1f} GB free at most four fifths may be used; choose fewer units, "
            "a lower rank or smaller patches."
        )


def give_back() -> None:
    """Hand memory that is not used any more back to the system, where its library can (glibc)."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
