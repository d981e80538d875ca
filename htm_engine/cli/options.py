"""What the arguments of several commands share: how numbers are read, and an output's options."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from ..data.drawn_series import DRAWN
from ..estimator.presets import read_layers
from ..model.layer import LayerSpec

#: As it was called: the installed command, or Python with the package's name.
PROGRAM = "htm" if Path(sys.argv[0]).stem == "htm" else "python -m htm_engine"


def whole(low: int, high: int) -> Callable[[str], int]:
    """Reader of a whole number within limits."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"must be a whole number from {low} to {high}")
        return number

    return read


def not_negative(text: str) -> float:
    """Read a temperature or a probability: a number from 0 to 100."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError("must be a number from 0 to 100")
    return number


def layer(text: str) -> list[LayerSpec]:
    """Read layers such as ``7x64r8,4x64r32``."""
    try:
        return read_layers(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc


def command(
    found: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    does: Callable[[argparse.Namespace], None],
    about: str,
    example: str,
    *aliases: str,
) -> argparse.ArgumentParser:
    """One command: what does it, what its help says, and an example."""
    made = found.add_parser(
        name,
        aliases=aliases,
        help=about,
        description=about,
        epilog=f"Example: {PROGRAM} {name} {example}",
    )
    made.set_defaults(does=does)
    return made


def output(made: argparse.ArgumentParser, about: str) -> None:
    """Where the one result goes."""
    made.add_argument("-o", "--output", required=True, metavar="FILE", help=about)
    made.add_argument("--force", action="store_true", help="replace the output if it exists")


def series(made: argparse.ArgumentParser, more: str = "") -> None:
    """A table of series, and what of it is taken."""
    made.add_argument(
        "data",
        metavar="DATA",
        help=f"CSV, TSV, JSON lines or Parquet{more}; or a drawn one: {', '.join(DRAWN)}",
    )
    made.add_argument("-o", "--output", metavar="FILE", help="where it goes, as CSV")
    made.add_argument("--force", action="store_true", help="replace the output if it exists")
    made.add_argument(
        "--column",
        dest="columns",
        action="append",
        metavar="NAME",
        help="a column of values, may be given more than once; by default all of numbers",
    )
    made.add_argument("--time", metavar="NAME", help="the column of the time, if not found out")
