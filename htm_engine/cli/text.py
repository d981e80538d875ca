"""What the text commands do: learn, compress, decompress, continue.

Results go to standard output, progress and notes to standard error.
"""

from __future__ import annotations

import io
import sys
from argparse import Namespace
from collections.abc import Callable
from typing import Any, BinaryIO

from .. import files
from ..coding.text.codec import compress_stream, decompress_blocks, inspect_text
from ..coding.text.model import MOST_READ, NAMES, TextModel, shipped
from ..errors import DataError, ModelError
from .outputs import check_target, write
from .progress import Progress


def load_text_model(path: str | None) -> TextModel | None:
    """The model named or in a file; None where the text decides."""
    if path is None:
        return None
    if path in NAMES:
        return shipped(path)
    try:
        return TextModel.load(path)
    except ModelError as exc:
        raise ModelError(f"{path}: {exc}") from exc


def train(arguments: Namespace) -> None:
    """Make a text model of files."""
    target = check_target(arguments.output, arguments.force, *arguments.files)
    if target.suffix.lower() != ".npz":
        raise DataError(f"{target.name} must end in .npz, as models do.")
    progress = Progress(sys.stderr)
    model = TextModel.learn(
        (files.read(name, MOST_READ) for name in arguments.files),
        progress=lambda part: progress.show(f"reading {part:4.0%}, {progress.left(part)}"),
    )
    progress.close()
    stream = io.BytesIO()
    model.save(stream)
    write(target, stream.getvalue(), arguments.force)
    print(f"read             {len(model.text):,} bytes")
    print(f"model            {target} ({stream.tell() / 1024:,.0f} KB, {model.fingerprint.hex()})")


def stored(
    source: str, out: BinaryIO, how: Namespace, told: Callable[[float], None]
) -> tuple[int, int]:
    """Store a file exactly; its bytes before and after."""
    memory = None if how.memory is None else how.memory << 20
    model = "blank" if how.text_model == "blank" else load_text_model(how.text_model)
    with files.measured(source) as (stream, length):
        for part in compress_stream(stream, out, length, model, memory=memory):
            told(part)
    return length, out.tell()


def given_back(
    content: bytes | memoryview, out: BinaryIO, how: Namespace, told: Callable[[float], None]
) -> int:
    """Write the text of a compressed file; its bytes."""
    limit, written = max(1, inspect_text(content).length), 0
    model = load_text_model(how.text_model)
    for block, part in decompress_blocks(content, model, limit=limit):
        written += out.write(block)
        told(part)
    return written


def generate(arguments: Namespace) -> None:
    """Continue a prompt."""
    from ..analysis.reading import continue_text

    if arguments.output is not None:
        check_target(arguments.output, arguments.force, arguments.model)
    model = load_text_model(arguments.model) or shipped("en")
    drawn = continue_text(
        arguments.prompt,
        model,
        arguments.number,
        temperature=arguments.temperature,
        top_p=arguments.top_p,
        random_state=arguments.seed,
    )
    text = arguments.prompt + "".join(drawn)
    if arguments.output is None:
        print(text)
    else:
        write(arguments.output, text.encode(), arguments.force)
        print(f"written          {arguments.output}")


# ----------------------------------------------------------------- describe
def of_file(content: bytes) -> dict[str, Any]:
    """What a file of a text holds."""
    info = inspect_text(content)
    return {
        "kind": "text",
        "length": info.length,
        "bytes": info.size,
        "bits_a_byte": round(8 * info.size / max(1, info.length), 3),
        "model": info.fingerprint,
    }


def of_model(content: bytes) -> dict[str, Any]:
    """What a text model's file holds."""
    model = TextModel.load(io.BytesIO(content))
    return {
        "kind": "text model",
        "read": len(model.text),
        "fingerprint": model.fingerprint.hex(),
        "bytes": len(content),
    }
