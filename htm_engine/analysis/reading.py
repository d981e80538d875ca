"""What the text model makes of a text: surprise letter by letter, what it expects, more of it.

All of it asks the very model that files are written with (``coding.text.units``), so the
bits shown for a letter are the bits it takes in a file.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from ..coding.text.context import COUNT, UNITS
from ..coding.text.model import SMALL_BITS, TextModel
from ..coding.text.query import expect, explain, imagine
from ..coding.text.units import LEARN, Memory, blank, fixed, work
from ..errors import DataError

#: Who may predict a letter: the units, and the longest match.
VOICES = (*UNITS, "longest match")
#: Continuations of a partial character that are looked at, at most.
_LOOKS = 60


class Expected(NamedTuple):
    """A character, and how likely it was."""

    character: str
    probability: float


@dataclass(frozen=True)
class Letter:
    """One character of a text and what the model knew of it.

    Attributes
    ----------
    character : str
    bits : float
        Its surprise, -log2 p: what it takes in a file.
    voices : tuple of (str, float)
        Units that predicted it best, each with the log-odds it added, in bits.
    expected : tuple of Expected
        What the model expected most, likeliest first; empty if not asked for.
    """

    character: str
    bits: float
    voices: tuple[tuple[str, float], ...]
    expected: tuple[Expected, ...]


def begin(model: TextModel | None, prompt: str = "") -> Memory:
    """A state that has read what the model has, and then the prompt."""
    state = blank(SMALL_BITS) if model is None else model.start()
    _learn(state, prompt.encode())
    return state


def letters(text: str, model: TextModel | None = None, expected: int = 0) -> Iterator[Letter]:
    """Every character of a text with its surprise, as the model learns its way through.

    Parameters
    ----------
    text : str
    model : TextModel or None
    expected : int
        How many of the characters it expected most come with each (slower).
    """
    state, tables = begin(model), fixed()
    evidence = np.zeros(COUNT + 1)
    for character in text:
        guessed = tuple(next_characters(state, expected)) if expected else ()
        total, bits = np.zeros(COUNT + 1), 0.0
        for byte in character.encode():
            explain(state, tables, byte, evidence)
            total += evidence
            bits += _learn(state, bytes((byte,)))
        best = [int(voice) for voice in np.argsort(-total)[:3] if total[voice] > 0.05]
        yield Letter(
            character, bits, tuple((VOICES[voice], float(total[voice])) for voice in best), guessed
        )


def next_characters(state: Memory, count: int = 8) -> list[Expected]:
    """The likeliest next characters, likeliest first; nothing is learned."""
    waiting: list[tuple[float, bytes]] = [(-1.0, b"")]
    found: list[Expected] = []
    looks = 0
    while waiting and len(found) < count and looks < _LOOKS:
        chance, begun = heapq.heappop(waiting)
        if begun and not _missing(begun):
            found.append(Expected(begun.decode(), -chance))
            continue
        looks += 1
        shares = _shares(_after(state, begun))
        for byte in np.flatnonzero(_allowed(begun)):
            heapq.heappush(waiting, (chance * float(shares[byte]), begun + bytes((int(byte),))))
    return found


def continue_text(
    prompt: str,
    model: TextModel | None,
    count: int,
    *,
    temperature: float = 0.7,
    top_p: float = 0.95,
    random_state: Any = None,
) -> Iterator[str]:
    """Draw characters that might follow a prompt, one at a time; always valid UTF-8.

    Parameters
    ----------
    prompt : str
        Read, and learned from, first.
    model : TextModel or None
    count : int
        Characters to draw.
    temperature : float
        0 takes the likeliest byte, 1 draws as the model expects.
    top_p : float
        Only the likeliest bytes that together have this probability are drawn from.
    random_state : int, RandomState or None

    Raises
    ------
    DataError
        If temperature or ``top_p`` makes no sense.
    """
    if not 0 <= temperature <= 10 or not 0 < top_p <= 1:
        raise DataError("The temperature must lie in 0..10, and top-p above 0 and up to 1.")
    rng = np.random.default_rng(check_random_state(random_state).randint(2**31))
    state = begin(model, prompt)
    for _ in range(count):
        begun = b""
        while not begun or _missing(begun):
            shares = _shares(state) * _allowed(begun)
            byte = _draw(shares, temperature, top_p, rng)
            imagine(state, byte)
            begun += bytes((byte,))
        yield begun.decode()


# --------------------------------------------------------------------- parts
def _learn(state: Memory, text: bytes) -> float:
    """Let the state read a text; the bits it cost."""
    cost, data = np.zeros(len(text)), np.frombuffer(text, np.uint8)
    work(state, fixed(), data, len(data), np.zeros(0, np.uint8), LEARN, cost)
    return float(cost.sum())


def _shares(state: Memory) -> NDArray[np.float64]:
    out = np.zeros(256)
    expect(state, fixed(), out)
    return out


def _after(state: Memory, begun: bytes) -> Memory:
    """The state with some bytes entered, its tables shared."""
    copied = state._replace(registers=state.registers.copy(), contexts=state.contexts.copy())
    for byte in begun:
        # This also writes into the shared ring, at the place the true next byte will take.
        imagine(copied, byte)
    return copied


def _missing(begun: bytes) -> int:
    """Bytes that a character begun so still lacks."""
    first = begun[0]
    length = 1 if first < 0x80 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    return length - len(begun)


def _allowed(begun: bytes) -> NDArray[np.bool_]:
    """Bytes that may follow in well-formed UTF-8 (Unicode standard, table 3-7)."""
    allowed = np.zeros(256, bool)
    if not begun:
        allowed[[9, 10, 13]] = True
        allowed[0x20:0x7F] = True
        allowed[0xC2:0xF5] = True
        return allowed
    low, high = 0x80, 0xC0
    if len(begun) == 1:
        low = {0xE0: 0xA0, 0xF0: 0x90}.get(begun[0], low)
        high = {0xED: 0xA0, 0xF4: 0x90}.get(begun[0], high)
    allowed[low:high] = True
    return allowed


def _draw(
    shares: NDArray[np.float64], temperature: float, top_p: float, rng: np.random.Generator
) -> int:
    order = np.argsort(-shares, kind="stable")
    ranked = shares[order] / shares.sum()
    if temperature == 0:
        return int(order[0])
    kept = int(np.searchsorted(np.cumsum(ranked), top_p)) + 1
    with np.errstate(divide="ignore"):
        heated = np.log(ranked[:kept]) / temperature
    weights = np.exp(heated - heated.max())
    return int(order[rng.choice(len(weights), p=weights / weights.sum())])
