"""What the text units look at: the past of a byte, seen in fourteen ways.

Each unit hashes one view of the past; the units compete to predict the next byte::

    orders 0 to 6       the last bytes, as they are; in Chinese the lowest three look at the
                        character begun, alone, with the kind of the last, with three before
    long                the last eight bytes, or the last three characters of such scripts
    word ...            the word begun, with the one before, with the two before, with
                        the one before last; in Chinese, Japanese or Korean, which have no
                        spaces, the character begun with one, two, four before, and so on
    sparse              the bytes before the last one, whatever that is
    column              the byte above in the line before: tables, records, verse

``REGISTERS`` hold what the views are made of; they live in one array of whole numbers,
so that a state can be copied and the compiled code sees no objects.
"""

from __future__ import annotations

from typing import Any

from ...compiling import compiled
from ..mixing import hashed

#: Units, in the order of their tables.
UNITS = (
    "order 0",
    "order 1",
    "order 2",
    "order 3",
    "order 4",
    "order 5",
    "order 6",
    "long",
    "word",
    "word and the one before",
    "word and two before",
    "sparse",
    "column",
    "word and one before last",
)
COUNT = len(UNITS)
#: By how many halvings a unit's table is smaller than the largest: few contexts need few lines.
HALVINGS = (7, 3, 1, *(0,) * (COUNT - 3))
#: Units that look at an unbroken stretch of bytes.
PLAIN = 8

(
    POSITION,
    LAST4,
    LAST8,
    MATCH_AT,
    MATCH_LENGTH,
    SINCE_MATCH,
    WORD,
    WORD_1,
    WORD_2,
    CHAR_1,
    CHAR_2,
    CHAR_3,
    CHAR_4,
    BEGUN,
    LACKING,
    LINE,
    LINE_ABOVE,
    REGISTERS,
) = range(18)
#: First character, as its bytes make a number, of the scripts that write no spaces.
IDEOGRAPHS = 0xE30000

_U32 = 0xFFFFFFFF


@compiled
def take(byte: Any, registers: Any, recent: Any) -> Any:
    """Enter a byte into the past."""
    R, mask = registers, len(recent) - 1
    at = R[POSITION]
    recent[at & mask] = byte
    R[POSITION] = at + 1
    R[LAST8] = ((R[LAST8] << 8) | (R[LAST4] >> 24)) & _U32
    R[LAST4] = ((R[LAST4] << 8) | byte) & _U32
    letter = byte + 32 if 65 <= byte <= 90 else byte
    if 97 <= letter <= 122 or letter >= 128:
        R[WORD] = hashed(R[WORD], letter + 1)
    elif R[WORD] != 0:
        R[WORD_2], R[WORD_1], R[WORD] = R[WORD_1], R[WORD], 0
    if byte == 10:
        R[LINE_ABOVE], R[LINE] = R[LINE], at + 1
    # Bytes of a UTF-8 character gather in BEGUN until none is lacking.
    if byte >= 192:
        R[BEGUN] = byte
        R[LACKING] = 1 if byte < 224 else 2 if byte < 240 else 3
        return
    if byte >= 128 and R[LACKING] > 0:
        R[BEGUN] = (R[BEGUN] << 8) | byte
        R[LACKING] -= 1
        if R[LACKING] > 0:
            return
    else:
        R[BEGUN] = byte
    R[CHAR_4], R[CHAR_3], R[CHAR_2], R[CHAR_1] = R[CHAR_3], R[CHAR_2], R[CHAR_1], R[BEGUN]
    R[BEGUN] = R[LACKING] = 0


@compiled
def views(registers: Any, recent: Any, contexts: Any) -> Any:
    """The context of every unit for the byte to come, 32 bits each."""
    R, mask = registers, len(recent) - 1
    last4, last8, word = R[LAST4], R[LAST8], R[WORD]
    last = last4 & 255
    column, above = R[POSITION] - R[LINE], 0
    if R[LINE_ABOVE] + column < R[LINE]:
        above = recent[(R[LINE_ABOVE] + column) & mask]
    C = contexts
    C[0] = 0
    C[1] = last
    C[2] = last4 & 0xFFFF
    C[3] = last4 & 0xFFFFFF
    C[4] = last4
    C[5] = hashed(last4, last8 & 0xFF)
    C[6] = hashed(last4, last8 & 0xFFFF)
    C[7] = hashed(hashed(last4, last8), 77)
    C[8] = hashed(word, last)
    C[9] = hashed(hashed(word, last), R[WORD_1])
    C[10] = hashed(hashed(word, R[WORD_1]), R[WORD_2] + 5)
    C[11] = last4 & 0xFFFF00
    C[12] = hashed(above, last | (min(column, 255) << 8))
    C[13] = hashed(word, R[WORD_2] + 99)
    if R[CHAR_1] >= IDEOGRAPHS:
        begun, one, two = R[BEGUN], R[CHAR_1], R[CHAR_2]
        C[0], C[1], C[2] = begun, hashed(begun, one >> 8), hashed(begun, R[CHAR_3])
        C[8] = hashed(begun, one)
        C[9] = hashed(C[8], two)
        C[7] = hashed(C[9], R[CHAR_3])
        C[10] = hashed(C[7], R[CHAR_4])
        C[11] = hashed(begun, two)
        C[13] = hashed(C[8], R[CHAR_3])
    for unit in range(len(C)):
        C[unit] = hashed(C[unit], unit + 1)


@compiled
def follow(byte: Any, registers: Any, recent: Any, places: Any, learn: Any) -> Any:
    """After :func:`take`: keep the longest match going, or look for a new one.

    ``places`` keeps where the last six bytes were seen before; ``learn`` says whether
    this place is entered.
    """
    R, mask = registers, len(recent) - 1
    if R[MATCH_LENGTH] > 0 and recent[R[MATCH_AT] & mask] == byte:
        R[MATCH_LENGTH] += 1
        R[MATCH_AT] += 1
    else:
        R[MATCH_LENGTH] = R[SINCE_MATCH] = 0
    R[SINCE_MATCH] = min(R[SINCE_MATCH] + 1, 15)
    here = R[POSITION]
    slot = hashed(R[LAST4], R[LAST8] & 0xFFFF) & (len(places) - 1)
    if R[MATCH_LENGTH] == 0:
        there = places[slot]
        if there > 0 and here - there <= mask:
            length = 0
            most = min(there, 400)
            while length < most and (
                recent[(there - 1 - length) & mask] == recent[(here - 1 - length) & mask]
            ):
                length += 1
            if length >= 5:
                R[MATCH_LENGTH], R[MATCH_AT] = length, there
    if learn:
        places[slot] = here
