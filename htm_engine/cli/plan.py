"""What ``compress`` and ``decompress`` do with what they are given: each file for itself.

::

    a.png b.jpg folder/ notes.txt ──compressing──► Item(source, target, kind) ...
    a.png.htmc notes.txt.htmc     ──decompressing──► Item ...

What a file is, its first bytes say: a photograph, or a text, as which any bytes are kept; a
table of numbers, by its ending, is kept as series.
Results lie beside their sources, or in the folder or under the name that ``-o`` gives.
"""

from __future__ import annotations

import mmap
import os
import stat
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .. import files, kinds, storage
from ..data.named import NAMED
from ..errors import DataError, ModelError
from .outputs import OutputError

#: The standard input or output.
PIPE, STDIN = "-", "/dev/stdin"
ENDING = ".htmc"
PHOTOGRAPH, TEXT, COLLECTION, SERIES = "photograph", "text", "collection", "series"
#: Endings of tables, which are stored as series where these are exactly what they hold.
TABLES = (".csv", ".tsv")
#: Text models that have names; a test holds that these are all.
TEXT_MODELS = ("en", "zh", "blank")
#: Endings of arrays of pictures, which a network stores together.
ARRAYS = (".zip", ".npy", ".npz", ".idx", ".gz")
#: Endings of pictures, as which a photograph comes back.
FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".npy": "NPY",
}


class Item(NamedTuple):
    """One file's way; ``-`` is the standard input or output."""

    source: str
    target: str
    kind: str


class Given(NamedTuple):
    """A file that was named, or found in a folder that was: its place below that one."""

    path: Path
    below: Path


def first_bytes(path: str | Path) -> bytes:
    """How a file begins."""
    with files.opened(path) as stream:
        return stream.read(4096)


def content_of(path: str) -> bytes | memoryview:
    """Bytes of a compressed file or a model; a long file is mapped and takes no memory."""
    with files.opened(path) as stream:
        found = os.fstat(stream.fileno())
        if stat.S_ISREG(found.st_mode) and found.st_size > 1 << 20:
            return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
    return files.read(path, files.MOST_OF_A_PIPE)


def is_special(path: str) -> bool:
    """Whether this is a pipe or a terminal, which can be read only once."""
    return os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)


# -------------------------------------------------------------------- there
def compressing(paths: list[str], output: str | None, kind: str | None) -> list[Item]:
    """What becomes of each file; folders are looked through, hidden files left out.

    Parameters
    ----------
    paths : list of str
        Files and folders.
    output : str or None
        A name for a single file's result, or a folder; None puts results beside sources.
    kind : str or None
        What the files are, whatever they begin with.

    Raises
    ------
    DataError
        If there is no such file, or no file in a folder.
    OutputError
        If a single name is given for several files, or two results would have one name.
    """
    return _apart(_compressing(paths, output, kind))


def _compressing(paths: list[str], output: str | None, kind: str | None) -> Iterator[Item]:
    folder = _folder(output, len(paths) > 1 or Path(paths[0]).is_dir())
    for given in _given(paths):
        path = given.path
        own = kind or _kind_of(path)
        if folder is not None:
            target = folder / given.below.with_name(path.name + ENDING)
        elif output is not None:
            target = Path(output)
        else:
            target = path.with_name(path.name + ENDING)
        yield Item(str(path), str(target), own)


def _kind_of(path: Path) -> str:
    head = first_bytes(path)
    if kinds.is_picture(head):
        return PHOTOGRAPH
    plain = kinds.kind_of(head) is kinds.PLAIN
    return SERIES if plain and path.suffix.lower() in TABLES else TEXT


def _apart(items: Iterator[Item]) -> list[Item]:
    """All of them, unless two results would have one name."""
    found: dict[str, Item] = {}
    for item in items:
        other = found.setdefault(os.path.abspath(item.target), item)
        if other is not item:
            raise OutputError(
                f"{other.source} and {item.source} would both become {item.target}: do one at a "
                "time, with -o."
            )
    return list(found.values())


def _given(paths: list[str]) -> Iterator[Given]:
    for name in paths:
        path = Path(name)
        if not path.is_dir():
            if not path.exists():
                raise DataError(f"There is no file {name}.")
            if len(paths) > 1 and path.suffix.lower() == ENDING:
                continue  # compressed already: notes* names them too
            yield Given(path, Path(path.name))
            continue
        found = False
        for file in sorted(path.rglob("*")):
            below = file.relative_to(path)
            hidden = any(part.startswith(".") for part in below.parts)
            if file.is_file() and not hidden and file.suffix.lower() != ENDING:
                found = True
                yield Given(file, below)
        if not found:
            raise DataError(f"There are no files to store in {name}.")


def _folder(output: str | None, several: bool) -> Path | None:
    """The folder that results go into; None if ``output`` is one result's own name."""
    if output is None:
        return None
    if output == PIPE and several:
        raise OutputError("Of several files nobody could tell the results apart: give a folder.")
    path = Path(output)
    if path.is_dir() or output.endswith(os.sep):
        return path
    if not several:
        return None
    if path.exists() or path.suffix:
        raise OutputError(f"{output} is one name for several files; give a folder.")
    return path


# --------------------------------------------------------------------- back
def decompressing(paths: list[str], output: str | None, ending: str | None) -> list[Item]:
    """Where each compressed file's content goes: the name it had, unless another is given.

    Parameters
    ----------
    paths : list of str
    output : str or None
        A name for a single file's content, or a folder; None puts it beside the file.
    ending : str or None
        Ending of pictures, such as ``.webp``; None takes PNG, which loses nothing.
    """
    return _apart(_decompressing(paths, output, ending))


def _decompressing(paths: list[str], output: str | None, ending: str | None) -> Iterator[Item]:
    folder = _folder(output, len(paths) > 1)
    for name in paths:
        kind = kind_inside(first_bytes(name))
        if folder is None and output is not None:
            yield Item(name, output, kind)
            continue
        target = _name_back(Path(name), kind, ending)
        yield Item(name, str(target if folder is None else folder / target.name), kind)


def kind_inside(head: bytes) -> str:
    """What a compressed file holds, by its first bytes; ``COLLECTION`` reads what is neither."""
    kind = kinds.kind_of(head)
    if kind is kinds.TEXT:
        return TEXT
    if kind in (kinds.SERIES, kinds.TABLE):
        return SERIES
    return PHOTOGRAPH if kind is kinds.PHOTO else COLLECTION


def _name_back(path: Path, kind: str, ending: str | None) -> Path:
    if path.suffix.lower() != ENDING:
        raise OutputError(f"{path} does not end in {ENDING}; say by -o where its content goes.")
    bare = path.with_suffix("")
    if kind != PHOTOGRAPH:
        return bare
    known = bare.suffix.lower() in FORMATS or bare.suffix.lower() in (".gif", ".bmp", ".avif")
    return (bare.with_suffix("") if known else bare).with_name(
        (bare.stem if known else bare.name) + (ending or ".png")
    )


#: Options of photographs, and what each decides alone.
_DECIDES = {
    "--lossless": ("--quality", "--tune", "--effort"),
    "--bytes": ("--quality",),
}


# ------------------------------------------------------------------ together
def model_kind(path: str | None) -> str | None:
    """What a model is for; ``COLLECTION`` for a network."""
    if path is None:
        return None
    if path in TEXT_MODELS:
        return TEXT
    try:
        kind = storage.load(path)[0].get("kind")
    except ModelError as exc:
        raise ModelError(f"{path}: {exc}") from exc
    return {"text": TEXT, "photo": PHOTOGRAPH}.get(
        kind if isinstance(kind, str) else "", COLLECTION
    )


def collected(arguments: Namespace, model: str | None) -> bool:
    """Whether pictures are stored together in one file, by a network.

    So they are with a network as the model, if they are tiles of one, a named set or an array
    file, and if several are to go into one file by its name.
    """
    if arguments.text or arguments.photo:
        if arguments.tiles:
            raise DataError("--tiles cuts a picture for a network: leave out --text and --photo.")
        return False
    if model == COLLECTION or arguments.tiles:
        _refuse_beside_network(arguments)
        return True
    if model is not None:
        return False
    first, output = Path(arguments.paths[0]), arguments.output
    arrays = first.is_file() and first.suffix.lower() in ARRAYS
    if any(not Path(path).exists() and path in NAMED for path in arguments.paths):
        return True
    if arrays and not kinds.is_picture(first_bytes(first)):
        return True
    several = len(arguments.paths) > 1 or first.is_dir()
    return several and output is not None and Path(output).suffix.lower() == ENDING


def _refuse_beside_network(arguments: Namespace) -> None:
    """Refuse what a network does not look at; the rest is refused where it is read."""
    others = {
        "--tune": arguments.tune != "psnr",
        "--effort": arguments.effort != "best",
        "--strip": arguments.strip,
        "--memory": arguments.memory,
    }
    for name, value in others.items():
        if value:
            raise DataError(f"{name} does nothing where a network stores pictures: leave it out.")


def check_options(arguments: Namespace, items: list[Item]) -> None:
    """Refuse options that would do nothing.

    Raises
    ------
    DataError
        If they are for photographs, or for texts, and no file is one; or if another option
        decides what they would.
    """
    given = {item.kind for item in items}
    photo = {
        "--quality": arguments.quality,
        "--bytes": arguments.bytes,
        "--lossless": arguments.lossless,
        "--strip": arguments.strip,
        "--tune": arguments.tune != "psnr",
        "--effort": arguments.effort != "best",
    }
    texts = {"--memory": arguments.memory}
    for kind, options in ((PHOTOGRAPH, photo), (TEXT, texts)):
        useless = [name for name, value in options.items() if value]
        if useless and kind not in given:
            raise DataError(f"{useless[0]} is for {kind}s, and no {kind} is given.")
    for decides, left in _DECIDES.items():
        useless = [name for name in left if photo[name]]
        if photo[decides] and useless:
            raise DataError(f"{useless[0]} does nothing beside {decides}: leave one of them out.")
