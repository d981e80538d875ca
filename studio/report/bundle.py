"""All of a report in a ZIP, with the program that makes the same network again.

::

    Told, its HTML ──► bundle()  report.html, model.npz, reproduce.py; every figure of the
                                 report as SVG, PNG, CSV or JSON

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

from ..visitor.session import NAMED
from .story import STYLE, Told, at_equal_bytes, curve, rivals

REPRODUCE = '''"""Trains the network of this report again and says whether it is the same.

    python reproduce.py{argument}

Needs the engine (the folder htm_engine of HTM Studio) and what it runs on; nothing else.
Ends with 0 if it is the same, 1 if it is not or cannot be trained, 2 if called wrongly.
"""

import json
import sys

from htm_engine import load_dataset
from htm_engine.errors import HTMError
from htm_engine.runs.history import History
from htm_engine.runs.recipe import SPLIT, Recipe
from htm_engine.runs.recording import RecordedJob

FINGERPRINT = "{fingerprint}"
RECIPE = Recipe.from_json(json.loads({recipe}))

{usage}try:
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


USAGE = """if len(sys.argv) != 2:
    print("usage: python reproduce.py PICTURES   (the file or folder it learned from)",
          file=sys.stderr)
    sys.exit(2)
"""


def bundle(told: Told, html: str) -> bytes:
    """Everything in one ZIP; the same story gives the same bytes."""
    learned = [("batch", *p) for p in zip(*told.curve, strict=True)]
    learned += [("held out", *p) for p in zip(*told.held, strict=True)]
    rates = [(p.label, p.setting, p.bytes_per_picture, p.mse, p.psnr) for p in told.points]
    files = {
        "report.html": html.encode(),
        "model.npz": told.model,
        "curve.csv": _csv(("of", "step", "mse"), learned),
        "rates.csv": _csv(("method", "setting", "bytes a picture", "mse", "psnr"), rates),
        "figures.json": _json(told),
        "reproduce.py": reproduce(told).encode(),
    }
    if told.pictures is not None:
        files["pictures.png"] = told.pictures
    files |= {f"units-level-{level}.png": png for level, (_, png) in enumerate(told.units, 1)}
    drawn = {"curve.svg": curve(told), "rates.svg": rivals(told)[1:2]}
    files |= {name: _alone(svg[0]) for name, svg in drawn.items() if svg and svg[0]}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED  # an entry's own is to store
            archive.writestr(entry, data)
    return stream.getvalue()


def reproduce(told: Told) -> str:
    """A program that trains the same network with the engine alone."""
    known = told.run.data in NAMED
    height, *_, channels = (*told.layout, 1)[:3] if len(told.layout) > 1 else (None, 1)
    return REPRODUCE.format(
        argument="" if known else " PICTURES",
        usage="" if known else USAGE,
        fingerprint=told.fingerprint,
        # A string inside a string: quoted as Python does, whatever stands in it.
        recipe=repr(json.dumps(dict(told.run.settings), sort_keys=True)),
        source=repr(told.run.data)
        if known
        else f"sys.argv[1], size={height}, colour={channels == 3}",
    )


def _json(told: Told) -> bytes:
    """The report's numbers for a program."""
    size, equal = at_equal_bytes(told)
    said = {
        "fingerprint": told.fingerprint,
        # JSON has no infinity, which is the PSNR of what comes back as it was.
        "figures": {
            name: value if math.isfinite(value) else None
            for name, value in sorted(told.run.figures.items())
        },
        "steps": told.run.step,
        "seconds": told.run.seconds,
        "bytes_a_picture": size,
        "mse_at_these_bytes": equal,
    }
    return json.dumps(said, indent=1, ensure_ascii=False, allow_nan=False).encode()


def _alone(svg: str) -> bytes:
    """A chart as a file of its own: its colours stand in the report's style."""
    style = f"<style>{STYLE.partition('body {')[0]} .axis {{ stroke: var(--line); fill: none; }}"
    style += " text { fill: var(--ink); font: 12px system-ui, sans-serif; }</style>"
    head, _, rest = svg.partition(">")
    return f'{head} xmlns="http://www.w3.org/2000/svg">{style}{rest}'.encode()


def _csv(head: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([head, *rows])
    return out.getvalue().encode("utf-8-sig")  # with the mark that spreadsheets read
