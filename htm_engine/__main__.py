"""The command line: ``python -m htm_engine COMMAND``, or ``htm COMMAND`` where it is installed.

``cli.arguments`` reads what was asked for, ``cli.commands`` does it, and this module turns
outcomes into exit codes: 0 is success, 1 an error that a sentence on standard error
explains, 2 arguments that make no sense, 130 an interruption by Ctrl-C; SIGTERM and SIGHUP
end with 143 and 129, and leave nothing half written either.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from .cli.arguments import parser
from .errors import HTMError

FAILED, INTERRUPTED = 1, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code, and raises ``SystemExit(2)`` on bad usage."""
    arguments, more = parser().parse_known_args(argv)
    if more and not getattr(arguments, "takes_more", False):
        parser().error(f"unrecognized arguments: {' '.join(more)}")
    arguments.more = more
    try:
        with _signals_as_exits():
            arguments.does(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt as exc:
        _say(str(exc) or "Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever was reading has seen enough; the interpreter must not complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except HTMError as exc:
        _say(f"Error: {exc}")
        return FAILED
    except OSError as exc:
        _say(f"Error: {exc.filename or 'a file'} cannot be used: {exc.strerror}.")
        return FAILED
    except MemoryError:
        _say("Error: there is not enough memory; use fewer or smaller pictures, or fewer units.")
        return FAILED
    return 0


@contextmanager
def _signals_as_exits() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the command as an exception does, through all that cleans up."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread only
        return
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # What is ignored stays so: nohup asks for that.
    before = {n: signal.getsignal(n) for n in numbers if signal.getsignal(n) != signal.SIG_IGN}

    def leave(number: int, _: object) -> None:
        for other in before:  # a second signal does not disturb the cleaning up
            signal.signal(other, signal.SIG_IGN)
        raise SystemExit(128 + number)

    for number in before:
        signal.signal(number, leave)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
