"""How loops over bits become machine code: compiled once, kept on disk where that is possible.

Machine code holds what it calls, and numba looks for changes only in the file of the
function itself: after a change in another file the old code would go on running, and write
other bytes than the source says.  So all of it lies in a folder named by a digest of every
source that compiled functions stand in or read, ``SOURCES``::

    $NUMBA_CACHE_DIR, else $XDG_CACHE_HOME/htm-studio/compiled, else ~/.cache/...
        └── 4f0c1b...     sources as they are: used by every copy of the package
        └── 9a77e2...     other versions, the least recently used of which go

No compiled function may read anything outside them; a test holds that.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numba
from llvmlite.binding import get_host_cpu_name  # type: ignore[import-untyped]
from numba import njit
from numba.core.caching import UserProvidedCacheLocator

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PACKAGE = Path(__file__).resolve().parent
#: Where compiled functions stand, and this module, which says how they are compiled.
SOURCES = ("compiling.py", "coding", "model/series")
#: Versions whose machine code is kept.
KEPT = 4


def digest(package: Path = PACKAGE) -> str:
    """Name of all ``SOURCES`` in a package: their paths and every byte of them."""
    found = hashlib.sha256()
    tops = [package / name for name in SOURCES]
    for path in sorted(path for top in tops for path in (top, *top.rglob("*.py"))):
        if path.is_file():
            code = path.read_bytes()
            found.update(f"{path.relative_to(package).as_posix()}\0{len(code)}\0".encode() + code)
    return found.hexdigest()[:16]


@functools.cache
def folder() -> Path:
    """Where the machine code of this version lies; older versions' code is cleared away."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    home = Path(os.environ.get("NUMBA_CACHE_DIR") or Path(cache) / "htm-studio" / "compiled")
    here = home / digest()
    with contextlib.suppress(OSError):  # then it is compiled in every process anew
        here.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.utime(here)
        others = [path for path in home.iterdir() if _is_ours(path) and path != here]
        for path in sorted(others, key=_used)[: max(0, len(others) + 1 - KEPT)]:
            shutil.rmtree(path, ignore_errors=True)
    return here


def ready_mark() -> Path:
    """A file that is there once ``htm warm`` has made everything ready for this processor."""
    processor = "".join(letter for letter in get_host_cpu_name() if letter.isalnum())
    return folder() / f"ready-{processor}"


def ready() -> bool:
    """Whether nothing is left to compile and to read ahead.

    Where nothing can be kept there is no use in doing it ahead, and so nothing is left either.
    """
    try:
        return ready_mark().exists() or not os.access(folder(), os.W_OK)
    except RuntimeError:  # a user without a home
        return True


def _is_ours(path: Path) -> bool:
    return len(path.name) == 16 and not set(path.name) - set("0123456789abcdef")


def _used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # another process has just cleared it away
        return 0.0


class BySources(UserProvidedCacheLocator):
    """Finds machine code by what the sources say, not by where they lie."""

    @classmethod
    def get_suitable_cache_subpath(cls, py_file: str) -> str:
        """Folder of one module's machine code, the same for every copy of the package."""
        path = Path(py_file).resolve()
        inside = path.relative_to(PACKAGE) if path.is_relative_to(PACKAGE) else Path(path.name)
        return ".".join(inside.with_suffix("").parts)


@contextlib.contextmanager
def _kept_by_sources() -> Iterator[None]:
    """Numba's settings while it looks for a place; other users of numba keep theirs."""
    config: Any = numba.config
    before = config.CACHE_DIR, config.CACHE_LOCATOR_CLASSES
    config.CACHE_DIR = str(folder())
    config.CACHE_LOCATOR_CLASSES = f"{__name__}.{BySources.__name__}"
    try:
        yield
    finally:
        config.CACHE_DIR, config.CACHE_LOCATOR_CLASSES = before


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One process at a time: numba names a function's second version by how many there are."""
    with (folder() / "lock").open("ab") as mark:
        if fcntl is not None:
            with contextlib.suppress(OSError):  # a file system without locks: not kept alone
                fcntl.flock(mark, fcntl.LOCK_EX)  # given back when the file is closed
        yield


def _kept_if_possible(made: Any) -> Any:
    """Have a function run all the same where its machine code cannot be written.

    On a full disk, say; and numba at times finds none to write, while another process has
    just written the same.  With ``NUMBA_DISABLE_JIT`` it is Python's own function, which has
    no machine code.
    """
    if not hasattr(made, "_cache"):
        return made
    save = made._cache.save_overload

    def keep(signature: Any, result: Any) -> None:
        with contextlib.suppress(OSError, RuntimeError), _alone():
            save(signature, result)

    made._cache.save_overload = keep
    return made


def compiled(
    function: Callable[..., Any] | None = None, *, makes_arrays: bool = True, **options: Any
) -> Any:
    """Decorator: compile a function by numba; other threads may run beside it.

    A function that is called at one place only is best compiled inside its caller
    (``inline="always"``): LLVM works through a function again in every one that calls it, and
    through what those are called by.  For the encoder of photographs that is a quarter of the
    time.

    A function that makes no arrays may say so: then the arrays it is given are not counted
    as used and unused again, which for one called at every bit, with tuples of arrays, is a
    fifth of the time.  If it makes one all the same, numba refuses to compile it.

    Where the machine code can be kept nowhere (a read-only image without a home), every
    process compiles anew, which takes a minute for photographs.
    """
    if function is None:
        return lambda given: compiled(given, makes_arrays=makes_arrays, **options)
    options["no_cfunc_wrapper"] = True  # nobody calls them from C
    if not makes_arrays:
        options["_nrt"] = False
    try:
        with _kept_by_sources():
            return _kept_if_possible(njit(cache=True, nogil=True, **options)(function))
    except RuntimeError:  # numba found no folder for its files
        return njit(nogil=True, **options)(function)
