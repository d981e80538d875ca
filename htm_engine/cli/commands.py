"""What each command does.

``arguments`` reads them, ``plan`` finds out what files are, and ``__main__`` reports errors.
What pictures, photographs and texts need is imported when it is needed: a text waits for no
scikit-learn, and a collection for no compiler.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from .. import files
from ..coding.container import MAGIC
from ..errors import DataError, FormatError, HTMError
from ..kinds import is_picture, wrong
from .plan import (
    PHOTOGRAPH,
    PIPE,
    SERIES,
    STDIN,
    TEXT,
    Item,
    check_options,
    collected,
    compressing,
    content_of,
    decompressing,
    first_bytes,
    is_special,
    model_kind,
)


def train(arguments: Namespace) -> None:
    """Train a network and save it."""
    from . import pictures

    pictures.train(arguments)


def compress(arguments: Namespace) -> None:
    """Store files, each as what it is; or pictures together, by a network."""
    model = model_kind(arguments.model)
    if collected(arguments, model):
        from . import pictures

        try:
            pictures.compress(arguments)
        except DataError as exc:
            one = arguments.paths[0]
            alone = len(arguments.paths) == 1 and Path(one).is_file()
            if not alone or is_picture(first_bytes(one)) or "--text" in str(exc):
                raise
            raise DataError(f"{exc} To store the file as it is, add --text.") from exc
        return
    from . import each

    kind = TEXT if arguments.text else PHOTOGRAPH if arguments.photo else None
    with _spooled(arguments) as paths:
        items = compressing(paths, arguments.output, kind)
        if model == TEXT or arguments.memory:  # which are for texts
            items = [i._replace(kind=TEXT) if i.kind == SERIES else i for i in items]
        check_options(arguments, items)
        _give_models(arguments, model, items)
        for item in items:
            each.check_terminal(item.target, arguments.force)
        _finish(each.run(items, each.store, arguments), len(items))


def decompress(arguments: Namespace) -> None:
    """Get pictures, photographs, or texts, back from files."""
    from . import each

    model = model_kind(arguments.model)
    with _spooled(arguments) as paths:
        items = decompressing(paths, arguments.output, arguments.ending)
        _give_models(arguments, model, items)
        _finish(each.run(items, each.give_back, arguments), len(items))


def _finish(failed: int, files_: int) -> None:
    if failed:
        raise HTMError(f"{failed:,} of {files_:,} files failed, as told above.")


@contextmanager
def _spooled(arguments: Namespace) -> Iterator[list[str]]:
    """The named files; of a pipe, which is read only once, a copy that goes to ``-``."""
    paths = [STDIN if path == PIPE else path for path in arguments.paths]
    special = [path for path in paths if is_special(path)]
    if arguments.scheduler and (special or arguments.output == PIPE):
        raise DataError("A pipe is here alone, not where the scheduler's workers are: give files.")
    if not special:
        yield paths
        return
    if len(paths) > 1:
        raise DataError("A pipe comes alone: give it without other files.")
    with files.measured(paths[0]) as (source, _), tempfile.NamedTemporaryFile() as copy:
        shutil.copyfileobj(source, copy)
        copy.flush()
        arguments.output = arguments.output or PIPE
        yield [copy.name]


def _give_models(arguments: Namespace, kind: str | None, items: list[Item]) -> None:
    """Tell the photo model from the text model, and refuse one that nothing here asks for."""
    if kind is not None and all(item.kind != kind for item in items):
        raise DataError(f"{arguments.model} is a model for {kind}s, and none is given.")
    arguments.photo_model = arguments.model if kind == PHOTOGRAPH else None
    arguments.text_model = arguments.model if kind == TEXT else None


def generate(arguments: Namespace) -> None:
    """Draw new pictures."""
    from . import pictures

    pictures.generate(arguments)


def train_text(arguments: Namespace) -> None:
    """Make a text model of files."""
    from . import text

    text.train(arguments)


def generate_text(arguments: Namespace) -> None:
    """Continue a prompt."""
    from . import text

    text.generate(arguments)


def train_codec(arguments: Namespace) -> None:
    """Learn a codec for photographs."""
    from . import photo

    photo.train(arguments)


def detect(arguments: Namespace) -> None:
    """Find what is odd in a series."""
    from . import series

    series.detect(arguments)


def forecast(arguments: Namespace) -> None:
    """Say what values are to come."""
    from . import series

    series.forecast(arguments)


def warm(arguments: Namespace) -> None:
    """Compile what photographs and texts need, so that nothing waits for it later."""
    # Optimised less than numba's usual: what is compiled runs as fast, and takes a tenth less.
    os.environ.setdefault("NUMBA_OPT", "1")  # read when numba is imported
    from . import warming

    warming.warm(arguments)


def studio(arguments: Namespace) -> None:
    """Start the dashboard."""
    from . import dashboard

    dashboard.start(arguments)


# ------------------------------------------------------------------ inspect
def inspect(arguments: Namespace) -> None:
    """Say what a file holds."""
    facts = _facts(bytes(content_of(arguments.file)))
    if arguments.json:
        print(json.dumps(facts, indent=2))
        return
    for key, value in facts.items():
        if key == "layers":
            for place, one in enumerate(value, 1):
                print(f"layer {place:<11}{_layer_in_words(one)}")
        else:
            print(f"{key.replace('_', ' '):<17}{_in_words(value)}")


def _facts(content: bytes) -> dict[str, Any]:
    from ..coding.photo.format import is_photo
    from ..coding.series.codec import is_series
    from ..coding.series.table import is_table
    from ..coding.text.codec import is_text
    from ..storage import load

    if is_text(content):
        from . import text

        return text.of_file(content)
    if is_series(content) or is_table(content):
        from . import tables

        return tables.of_file(content)
    if is_photo(content):
        from . import photo

        return photo.of_file(content)
    if content.startswith(MAGIC):
        from . import pictures

        return pictures.of_collection(content)
    if not content.startswith(b"PK"):
        raise FormatError(wrong(content, "a model or a compressed file of HTM Studio"))
    kind = load(BytesIO(content))[0].get("kind")
    if kind == "text":
        from . import text

        return text.of_model(content)
    if kind == "photo":
        from . import photo

        return photo.of_model(content)
    if kind == "series":
        from . import series

        return series.of_model(content)
    from . import pictures

    return pictures.of_model(content)


def _layer_in_words(layer: dict[str, Any]) -> str:
    return (
        f"{layer['grid'][0]} x {layer['grid'][1]} patches, {layer['units']} units of rank "
        f"{layer['rank']}, {layer['winners']} winning; {layer['unused']} unused, as if "
        f"{layer['used_as_many_as']} were used evenly"
    )


def _in_words(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " x ".join(str(side) for side in value)
    return f"{value:,}" if isinstance(value, int | float) else str(value)
