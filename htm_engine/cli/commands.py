"""Which half does a command: pictures or texts, told apart by the files themselves.

``arguments`` reads them, and ``__main__`` reports errors.  Each half is imported when it is
needed: a text waits for no scikit-learn, pictures wait for no compiler.
"""

from __future__ import annotations

import json
import mmap
import os
import stat
from argparse import Namespace
from io import BytesIO
from pathlib import Path
from typing import Any

from .. import files
from ..coding.container import MAGIC
from ..errors import DataError, FormatError
from ..kinds import is_picture, wrong
from .outputs import check_target

#: Endings and first bytes of files that are pictures or arrays, and no texts.
NO_TEXT = (
    *(".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff"),
    *(".zip", ".npy", ".npz", ".gz", ".idx", ".htmc"),
)
FIRST_BYTES = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8", b"PK\3\4", b"\x93NUMPY", b"\0\0")


def train(arguments: Namespace) -> None:
    """Train a network and save it."""
    from . import pictures

    pictures.train(arguments)


def compress(arguments: Namespace) -> None:
    """Store pictures, or a text, in one file."""
    if arguments.photo:
        from . import photo

        photo.compress(arguments)
        return
    if arguments.quality is None:
        arguments.quality = 5
    if arguments.text or _is_text_file(arguments.pictures):
        from . import text

        text.compress(arguments)
    else:
        from . import pictures

        try:
            pictures.compress(arguments)
        except DataError as exc:
            alone = len(arguments.pictures) == 1 and Path(arguments.pictures[0]).is_file()
            if not alone or is_picture(_head(arguments.pictures[0])) or "--text" in str(exc):
                raise
            raise DataError(f"{exc} To store the file as it is, add --text.") from exc


def decompress(arguments: Namespace) -> None:
    """Get pictures, a photograph, or a text, back from a file."""
    from ..coding.photo.format import is_photo
    from ..coding.text.codec import is_text

    sources = (arguments.file, arguments.model)
    check_target(arguments.output, arguments.force, *sources, folder=True)
    content = _content(arguments.file)
    if is_text(content):
        from . import text

        text.decompress(arguments, content)
    elif is_photo(content):
        from . import photo

        photo.decompress(arguments, content)
    else:
        from . import pictures

        pictures.decompress(arguments, bytes(content))


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


def warm(arguments: Namespace) -> None:
    """Compile what photographs and texts need, so that nothing waits for it later."""
    from . import warming

    warming.warm(arguments)


def studio(arguments: Namespace) -> None:
    """Start the dashboard."""
    from . import dashboard

    dashboard.start(arguments)


# ------------------------------------------------------------------ inspect
def inspect(arguments: Namespace) -> None:
    """Say what a file holds."""
    facts = _facts(bytes(_content(arguments.file)))
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
    from ..coding.text.codec import is_text
    from ..storage import load

    if is_text(content):
        from . import text

        return text.of_file(content)
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


# ---------------------------------------------------------------- in common
def _is_text_file(paths: list[str]) -> bool:
    """Whether one file is named that is no picture or array by its ending and first bytes.

    Raises
    ------
    DataError
        If it is a pipe or a device, whose first bytes cannot be looked at and read again.
    """
    path = Path(paths[0])
    if path.exists() and not path.is_file() and not path.is_dir():
        raise DataError(f"{path} is a pipe or a device: say what it gives by --text or --photo.")
    if len(paths) > 1 or not path.is_file() or path.suffix.lower() in NO_TEXT:
        return False
    return not _head(path).startswith(FIRST_BYTES)


def _head(path: str | Path) -> bytes:
    """First bytes of a file."""
    with Path(path).open("rb") as stream:
        return stream.read(4096)


def _content(path: str) -> bytes | memoryview:
    """Bytes of a compressed file or a model; a long file is mapped and takes no memory."""
    with files.opened(path) as stream:
        found = os.fstat(stream.fileno())
        if stat.S_ISREG(found.st_mode) and found.st_size > 1 << 20:
            return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
    return files.read(path, files.MOST_OF_A_PIPE)
