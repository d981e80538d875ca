"""All of a report in one ZIP: the page, the model, the figures as data and as pictures.

::

    report.html  model.npz  reproduce.py
    figures.json            all numbers of the page
    curve.csv  rates.csv  equal_bytes.csv
    pictures/*.png          what stands on the page; axes are in English

``reproduce.py`` needs the engine alone and arrives at the same fingerprint, or says that it
did not.
"""

from __future__ import annotations

import csv
import io
import json
import math
import zipfile
from collections.abc import Sequence
from typing import Any

from htm_engine.metrics import psnr_of

from .charts import Chart
from .history import NAMES
from .report import Told, curve_lines

REPRODUCE = '''"""Trains the network of this report again and says whether it is the same.

    python reproduce.py{argument}

Needs the engine (the folder htm_engine of HTM Studio) and what it runs on; nothing else.
Ends with 0 if it is the same, 1 if it is not or cannot be trained, 2 if called wrongly.
"""

import json
import sys

from htm_engine import load_dataset
from htm_engine.errors import HTMError
from htm_engine.recipe import SPLIT, Recipe
from htm_engine.recording import RecordedJob
from htm_engine.runs import History

FINGERPRINT = "{fingerprint}"
RECIPE = Recipe.from_json(json.loads({recipe}))

if len(sys.argv) != {count}:
    print("usage: python reproduce.py{argument}", file=sys.stderr){about}
    sys.exit(2)
try:
    data = load_dataset({source})
except HTMError as exc:
    sys.exit(str(exc))
if data.fingerprint != RECIPE.data_fingerprint:
    sys.exit(f"These are other pictures: {{data.fingerprint}}, not {{RECIPE.data_fingerprint}}.")
job = RecordedJob(History(None), RECIPE, *data.split(*SPLIT))
job.start()
while not job.join(1):
    print(f"{{job.progress:.0%}}", flush=True)
if job.result is None:
    sys.exit(job.error)
job.result.save("reproduced.npz")
same = job.result.fingerprint == FINGERPRINT
print(job.result.fingerprint, "as in the report" if same else "NOT as in the report")
sys.exit(not same)
'''
_ABOUT = """
    print("PICTURES: the ZIP or folder that this run learned from.", file=sys.stderr)"""


def bundle(told: Told, html: str) -> bytes:
    """Everything in one ZIP; the same story gives the same bytes."""
    found = numbers(told)
    curve = [(kind, *point) for kind in ("batch", "held out") for point in found["curve"][kind]]
    rates = [tuple(point.values()) for point in found["rates"]]
    equal = [tuple(row.values()) for row in found["equal_bytes"]]
    files = {
        "report.html": html.encode(),
        "model.npz": told.model,
        "reproduce.py": reproduce(told).encode(),
        "figures.json": json.dumps(found, indent=1, allow_nan=False).encode(),
        "curve.csv": _csv(("of", "step", "mse"), curve),
        "rates.csv": _csv(("method", "setting", "bytes a picture", "mse", "psnr"), rates),
        "equal_bytes.csv": _csv(("method", "bytes a picture", "mse", "psnr"), equal),
        **{f"pictures/{name}.png": data for name, data in drawn(told).items()},
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return stream.getvalue()


def numbers(told: Told) -> dict[str, Any]:
    """All numbers of the page; what has no finite value is None."""
    run, found = told.run, told.standings
    rows = found.rows if found else ()
    return {
        "name": run.name,
        "fingerprint": told.fingerprint,
        "data": {"name": run.data, "fingerprint": run.data_fingerprint},
        "state": run.state,
        "steps": run.step,
        "seconds": run.seconds,
        "figures": {name: _finite(value) for name, value in sorted(run.figures.items())},
        "curve": {
            name: [[float(step), _finite(value)] for step, value in zip(*line, strict=True)]
            for name, line in (("batch", told.curve), ("held out", told.held))
        },
        "equal_bytes": [
            {"method": row.label, "bytes": found.bytes_per_picture,
             "mse": row.mse_at_equal_bytes,
             "psnr": None if row.mse_at_equal_bytes is None
             else _finite(psnr_of(row.mse_at_equal_bytes))}
            for row in rows if found
        ],
        "rates": [
            {"method": p.label, "setting": p.setting, "bytes": p.bytes_per_picture,
             "mse": p.mse, "psnr": _finite(p.psnr)}
            for row in rows for p in row.points
        ],
        "settings": dict(run.settings),
    }  # fmt: skip


def drawn(told: Told) -> dict[str, bytes]:
    """The page's pictures as PNG files, by name; the words in them are English."""
    files = {f"level-{level}-units": png for level, (_, png) in enumerate(told.units, 1)}
    if told.pictures is not None:
        files["kept"] = told.pictures
    if lines := curve_lines(told, "batches", "held out"):
        files["curve"] = Chart(lines, "step", "MSE", log=True).png()
    if told.standings is not None:
        rates = {
            row.label: [(p.bytes_per_picture, p.psnr) for p in row.points]
            for row in told.standings.rows
        }
        files["rates"] = Chart(rates, "bytes a picture", "PSNR, dB", log_x=True).png()
    return files


def reproduce(told: Told) -> str:
    """A program that trains the same network with the engine alone."""
    known = told.run.data in NAMES
    height, width, channels = (*told.layout, 1)[:3] if len(told.layout) > 1 else (None, None, 1)
    size = None if height is None else (height, width)
    return REPRODUCE.format(
        argument="" if known else " PICTURES",
        count=1 if known else 2,
        about="" if known else _ABOUT,
        fingerprint=told.fingerprint,
        # A string inside a string: quoted as Python does, whatever stands in it.
        recipe=repr(json.dumps(dict(told.run.settings), sort_keys=True)),
        source=repr(told.run.data) if known
        else f"sys.argv[1], size={size}, colour={channels == 3}",
    )  # fmt: skip


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _csv(head: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([head, *rows])
    return out.getvalue().encode()
