"""Files stored and read back, each for itself: one here, many by all cores or by a cluster.

``plan`` says what goes where.  A file that fails is told in a sentence and the others go on;
then the command fails at the end.  Results that are there are kept, unless told otherwise.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import signal
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from multiprocessing import get_context
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from .. import files
from ..coding.threads import cores as cores_here
from ..errors import ClusterError, HTMError
from .outputs import OutputError, check_target, replacing
from .plan import ENDING, PHOTOGRAPH, PIPE, SERIES, TEXT, Item, content_of
from .progress import Progress, Told, duration, untold

#: Files from which on several processes are worth their start of about a second.
MANY = 3
#: Seconds that a worker has to clean up once the command is gone.
CLEANING = 10.0
#: The signal that ended this worker, if one did.
_ENDED: list[int] = []
#: Options that may name a file.
MODELS = ("model", "photo_model", "text_model")
#: Seconds in which a scheduler must answer.
CONNECT = 10
#: Bytes of a compressed photograph at most.
MOST_OF_A_FILE = 1 << 30


class Done(NamedTuple):
    """What became of one file: its bytes before and after, what else is said, or an error."""

    item: Item
    before: int = 0
    after: int = 0
    about: str = ""
    notes: tuple[str, ...] = ()
    error: str = ""


Work = Callable[[Item, Namespace, Told], Done]


# ------------------------------------------------------------------ one file
def store(item: Item, how: Namespace, told: Told) -> Done:
    """Store one file under its target's name."""
    with _target(item, how, ENDING) as out:
        if item.kind == SERIES:
            from . import tables

            before, after, exact = tables.stored(item.source, out, how, told)
            about = "a table as series" if exact else "a table as a text"
            return Done(item, before, after, about)
        if item.kind == TEXT:
            from . import text

            before, after = text.stored(item.source, out, how, told)
            return Done(item, before, after, f"{8 * after / max(1, before):.3f} bits a byte")
        from . import photo

        content = files.read(item.source, MOST_OF_A_FILE)
        data, shape, besides, notes = photo.stored(content, item.source, how)
        out.write(data)
    colour = "" if len(shape) == 2 else f" x {shape[2]}"
    bits = 8 * len(data) / (shape[0] * shape[1])
    about = f"{shape[1]} x {shape[0]}{colour}, {bits:.3f} bits a pixel"
    about += f", {besides}" * bool(besides)
    return Done(item, len(content), len(data), about, notes)


def give_back(item: Item, how: Namespace, told: Told) -> Done:
    """Write what a compressed file holds under its target's name."""
    content = content_of(item.source)
    if item.kind not in (TEXT, PHOTOGRAPH, SERIES):
        from . import pictures

        about = pictures.given_back(bytes(content), item.source, item.target, how)
        return Done(item, len(content), 0, about)
    with _target(item, how) as out:
        if item.kind == SERIES:
            from . import tables

            return Done(item, len(content), tables.given_back(content, out))
        if item.kind == TEXT:
            from . import text

            after = text.given_back(content, out, how, told)
            return Done(item, len(content), after)
        from . import photo

        ending = how.ending or (".png" if item.target == PIPE else Path(item.target).suffix)
        data, shape = photo.given_back(content, ending, how.photo_model)
        out.write(data)
    return Done(item, len(content), len(data), f"{shape[1]} x {shape[0]}")


@contextlib.contextmanager
def _target(item: Item, how: Namespace, ending: str = "") -> Iterator[BinaryIO]:
    """Where a result goes: a file that is there when it is whole, or the standard output."""
    if item.target == PIPE:
        held = io.BytesIO()  # nothing is written of what fails
        yield held
        sys.stdout.buffer.write(held.getvalue())
        sys.stdout.buffer.flush()
        return
    Path(item.target).parent.mkdir(parents=True, exist_ok=True)
    target = check_target(item.target, how.force, item.source, how.model)
    if not target.name.lower().endswith(ending):
        raise OutputError(f"{target.name} must end in {ending}, as compressed files do.")
    with replacing(target, how.force) as stream:
        yield stream


# ---------------------------------------------------------------- many files
def run(items: Iterable[Item], work: Work, how: Namespace) -> int:
    """Work on all; the number of files that failed.

    A single file's error is the command's; of several, each is told where it happens.

    Raises
    ------
    HTMError, OSError
        For a single file.
    """
    everything = list(items)
    progress = Progress(sys.stderr)
    if len(everything) == 1 and not how.scheduler:
        item = everything[0]
        verb = "compressing" if work is store else "decompressing"

        def told(part: float, doing: str = "") -> None:
            progress.show(doing or f"{verb} {part:4.0%}")

        done = work(item, how, told)
        progress.close()
        _say_one(done, progress)
        return 0
    began, failed, before, after = time.monotonic(), 0, 0, 0
    for number, done in enumerate(_all(everything, work, how), 1):
        if done.error:
            failed += 1
            progress.say(f"Error: {done.item.source}: {done.error}")
            continue
        before, after = before + done.before, after + done.after
        for note in done.notes:
            progress.say(note)
        if not progress.live:
            print(_line(done), flush=True)
        left = progress.left(number / len(everything))
        progress.show(f"{number:,} of {len(everything):,} files, {_size(after)}, {left}")
    progress.close()
    took = duration(time.monotonic() - began)
    made = len(everything) - failed
    print(f"files            {made:,} of {len(everything):,}, in {took}")
    print(f"bytes            {before:,} to {after:,}")
    return failed


def _all(items: list[Item], work: Work, how: Namespace) -> Iterator[Done]:
    """Every file's outcome, as they come; by several processes where that is worth it."""
    if how.scheduler:
        yield from _by_cluster(items, work, how)
        return
    cores = how.jobs or cores_here()
    if len(items) < MANY or cores == 1:
        for item in items:
            yield _caught(work, item, how)
        return
    # Started anew, not forked: compiled code and BLAS have threads of their own.
    pool = ProcessPoolExecutor(min(cores, len(items)), get_context("spawn"), _quiet)
    try:
        yield from _results(pool, cores, ((work, item, how) for item in items))
    except BaseException:  # a signal: nobody waits for the files under way
        for child in multiprocessing.active_children():
            child.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _by_cluster(items: list[Item], work: Work, how: Namespace) -> Iterator[Done]:
    """Every file's outcome, by the workers of a scheduler."""
    from .. import cluster

    cluster.need()
    address = cluster.checked(how.scheduler)
    from distributed import Client, KilledWorker

    try:
        client = Client(address, set_as_default=False, timeout=CONNECT)
    except TypeError as exc:  # Dask's way to say that there are none
        raise ClusterError(f"{address} needs certificates; see docs/cluster.md.") from exc
    except (OSError, TimeoutError, ValueError) as exc:
        raise ClusterError(f"No scheduler answers at {address}.") from exc
    with client:
        count = how.jobs or sum(client.nthreads().values())
        if not count:
            raise ClusterError(f"The scheduler at {address} has no workers.")
        named = {os.path.abspath(item.source): item for item in items}
        away = (
            item._replace(source=source, target=os.path.abspath(item.target))
            for source, item in named.items()
        )
        models = {name: _anywhere(getattr(how, name, None)) for name in MODELS}
        there = Namespace(**vars(how) | models)
        pool = client.get_executor(pure=False, retries=2)
        lost = (KilledWorker, CancelledError)
        for done in _results(pool, count, ((work, item, there) for item in away), lost):
            yield done._replace(item=named[done.item.source])


def _anywhere(named: str | None) -> str | None:
    """A model's name that means the same in another folder."""
    return os.path.abspath(named) if named and Path(named).exists() else named


def _results(
    pool: Executor,
    count: int,
    calls: Iterator[tuple[Work, Item, Namespace]],
    lost: tuple[type[Exception], ...] = (),
) -> Iterator[Done]:
    """What became of files, as they come; twice as many are under way as there are workers.

    ``lost`` are errors of a worker that are one file's alone.
    """
    running: dict[Future[Done], Item] = {}
    while True:
        for call in calls:
            running[pool.submit(_caught, *call)] = call[1]
            if len(running) > 2 * count:
                break
        if not running:
            return
        ready, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in ready:
            item = running.pop(future)
            try:
                yield future.result()
            except lost:
                yield Done(item, error="the workers that had it were lost.")


def _quiet() -> None:
    """A worker leaves Ctrl-C to the command, which ends it; and cores are shared by files."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_with_the_command, daemon=True).start()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def _with_the_command() -> None:
    """End with the command, also where that was killed: a pool's process would wait for ever."""
    command = multiprocessing.parent_process()
    if command is not None:
        command.join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(CLEANING)
        os._exit(1)


def _leave(number: int, _: object) -> None:
    """End a worker's file as an exception does, through what cleans up; and begin no other."""
    _ENDED.append(number)
    raise SystemExit(128 + number)


def _caught(work: Work, item: Item, how: Namespace) -> Done:
    if _ENDED:
        return Done(item, error="the command was ended.")
    try:
        return work(item, how, untold)
    except HTMError as exc:
        return Done(item, error=str(exc))
    except OSError as exc:
        return Done(item, error=f"{exc.filename or 'a file'} cannot be used: {exc.strerror}.")
    except MemoryError:
        return Done(item, error="there is not enough memory.")


# --------------------------------------------------------------------- words
def _line(done: Done) -> str:
    about = f" ({done.about})" if done.about else ""
    return f"{done.item.source} -> {done.item.target}  {done.before:,} -> {done.after:,}{about}"


def _say_one(done: Done, progress: Progress) -> None:
    for note in done.notes:
        progress.say(note)
    if done.item.target == PIPE:
        return
    facts: list[tuple[str, Any]] = [(done.item.kind, done.about)] if done.about else []
    if done.after:
        facts.append(("bytes", f"{done.before:,} to {done.after:,}"))
    facts.append(("file", done.item.target))
    for name, value in facts:
        print(f"{name:<17}{value}")


def _size(number: int) -> str:
    return f"{number / 1e6:,.1f} MB" if number >= 1e6 else f"{number / 1e3:,.1f} KB"


def check_terminal(target: str, force: bool) -> None:
    """Keep compressed bytes off a screen.

    Raises
    ------
    OutputError
        If they would go to a terminal.
    """
    if target == PIPE and sys.stdout.isatty() and not force:
        raise OutputError("Compressed bytes are not for a terminal; redirect them, or give -o.")
