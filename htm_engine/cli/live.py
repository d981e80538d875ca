"""Lines as they come, each scored before the next is read: ``tail -f log | htm detect -``.

::

    2026-01-31 23:59:00 GET /index 200 35 ms ──► time, numbers ──► a model each ──► largest score

A line is one of CSV in any delimiter, of a log, or a JSON object.  The first stamp or date in
it is its time, and every number that stands alone a value; how many there are is settled by the
first line that has one.  Lines without a number are passed over.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import datetime
from typing import TextIO

import numpy as np

from ..model.series.model import SeriesModel

#: Numbers in a line beyond these are no columns any more.
_MOST = 64
#: A longer line is cut, so that input without line ends takes no memory.
_LONGEST = 1 << 16
_STAMP = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?)?( ?(Z|[-+]\d\d:?\d\d))?")
_BETWEEN = re.compile(r"[\s,;|=]+")
_LARGEST = 1e100


def follow_lines(source: TextIO, target: TextIO, make: Callable[[], SeriesModel]) -> None:
    """Write time, values and score of every line that has a number, at once.

    Parameters
    ----------
    source, target : text streams
    make : callable
        A new model; every number of a line has its own.
    """
    models: list[SeriesModel] = []
    while line := source.readline(_LONGEST):
        stamp, values = read_line(line)
        if not models:
            if not values:
                continue
            models = [make() for _ in values[:_MOST]]
            names = (
                ["value"] if len(models) == 1 else [f"value {i + 1}" for i in range(len(models))]
            )
            target.write(",".join(["time", *names, "score"]) + "\n")
        if not values:
            continue
        values = [*values, *[math.nan] * len(models)][: len(models)]
        steps = [model.update(v, stamp) for model, v in zip(models, values, strict=True)]
        score = max(step.score for step in steps)
        time = "" if stamp is None else str(np.datetime64(stamp, "ms")).removesuffix(".000")
        cells = ["" if math.isnan(value) else repr(value) for value in values]
        target.write(",".join([time, *cells, f"{score:.4f}"]) + "\n")
        target.flush()


def read_line(line: str) -> tuple[datetime | None, list[float]]:
    """Time and numbers of one line.

    Examples
    --------
    >>> read_line("2026-01-31 23:59:00;12.5;ok")[1], read_line('{"load": 3, "who": "me"}')[1]
    ([12.5], [3.0])
    """
    if line.lstrip().startswith("{"):
        line = _flat(line)
    found = _STAMP.search(line)
    stamp = _time(found[0]) if found else None
    if found and stamp is not None:
        line = line[: found.start()] + " " + line[found.end() :]
    numbers = (_number(word) for word in _BETWEEN.split(line))
    return stamp, [number for number in numbers if number is not None]


def _flat(line: str) -> str:
    """A JSON object's values as words; what is no object stays as it is."""
    try:
        read = json.loads(line)
    except (ValueError, RecursionError):
        return line
    return ";".join(str(value) for value in read.values() if not isinstance(value, bool))


def _time(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text.replace(",", ".").replace(" Z", "Z"))
        offset = at.utcoffset()
        return at.replace(tzinfo=None) - offset if offset is not None else at
    except (ValueError, OverflowError):  # a zone may lead out of the years that there are
        return None


def _number(word: str) -> float | None:
    try:
        number = float(word.replace("_", "x"))  # Python reads 1_000, which no log means
    except ValueError:
        return None
    return number if abs(number) <= _LARGEST else math.nan
