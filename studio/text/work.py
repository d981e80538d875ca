"""What the Text page computes, in the background, and the example it ships.

::

    text ──► Study   sizes beside the other compressors, the file, letters with surprise
    assets/text-home.json   the study of the example, so that the page paints at once

``python -m studio.text.work`` writes the example anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass, field, replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

import streamlit as st

from htm_engine.analysis.reading import Expected, Letter
from htm_engine.runs.background import Background

from ..kit import ahead, watching
from ..kit.places import ASSETS

if TYPE_CHECKING:
    from htm_engine.coding.text.model import TextModel

FILE = ASSETS / "text-home.json"
#: Characters that are shown with their surprise, and predictions told with each.
MOST_LETTERS, GUESSES = 1500, 3
#: Bytes of a text that the page takes.
MOST_BYTES = 5_000_000
EXAMPLE = (
    "It was the best of times, it was the worst of times, it was the age of wisdom, it was "
    "the age of foolishness. Nobody in the street had slept; and when the young man came "
    "down the stairs with a candle in his hand, he said that he had never seen so quiet a "
    "morning. “Where is the zeppelin?” he asked. There was no zeppelin, of course. There "
    "was only the river, and the fog upon the river, and the old house which had stood "
    "there for a hundred years."
)
PROMPT = "The old man looked at her, and said "
MODELS = ("auto", "en", "zh", "blank")
#: Seconds without a look after which work on a text pauses.
ABANDON = 20.0


@dataclass(frozen=True)
class Study:
    """A text taken apart.

    Attributes
    ----------
    characters, length : int
        Of the whole text; the length is in bytes.
    model : str
        "en", "zh", "blank" or "own".
    sizes : tuple of (str, int)
        Bytes of every compressor's file, ours first.
    letters : tuple of Letter
        The first characters.
    file : bytes
        The text as a file.
    """

    characters: int
    length: int
    model: str
    sizes: tuple[tuple[str, int], ...]
    letters: tuple[Letter, ...]
    file: bytes


@dataclass(frozen=True)
class Part:
    """A step of the work: what is being done, how far it is, and the result so far."""

    doing: str
    done: float
    study: Study | None = None
    text: bytes = b""


@dataclass(frozen=True)
class Own:
    """A visitor's own text model: the file, and the model once it has been read."""

    file: bytes
    read: list[TextModel] = field(default_factory=list)

    def steps(self) -> Generator[float, None, TextModel]:
        """The model; the first time it reads its texts, which yields the part done."""
        from htm_engine.coding.text.model import TextModel

        if not self.read:
            self.read.append((yield from TextModel.load_steps(BytesIO(self.file))))
        return self.read[0]


def name_of(data: bytes, wanted: str) -> str:
    """The model that a text gets."""
    from htm_engine.coding.text.codec import model_for

    return model_for(data[: 1 << 16], len(data)) if wanted == "auto" else wanted


def study_steps(data: bytes, wanted: str, own: Own | None = None) -> Iterator[Part]:
    """Take a text apart, a step at a time: our file, its letters, then the others' files."""
    making = "Making the units ready (compiled at the first use ever, in seconds)"
    yield Part(making, 0.0)
    for part in ahead.waiting():
        yield Part(making, 0.4 * part)
    from htm_engine.analysis.reading import letters
    from htm_engine.coding.text.codec import compress_stream
    from htm_engine.evaluation.text_peers import PEERS

    name = "own" if own else name_of(data, wanted)
    model = yield from _reading(name, own)
    target = BytesIO()
    for part in compress_stream(BytesIO(data), target, len(data), model or "blank"):
        yield Part("Writing the file", 0.4 + 0.2 * part)
    text, file = data.decode("utf-8", "replace"), target.getvalue()
    shown = text[:MOST_LETTERS]
    study = Study(len(text), len(data), name, (("HTM", len(file)),), (), file)
    found = []
    for letter in letters(shown, model, GUESSES):
        found.append(letter)
        if len(found) % 50 == 0:
            yield Part("Asking for every letter", 0.6 + 0.2 * len(found) / len(shown), study)
    study = replace(study, letters=tuple(found))
    for place, peer in enumerate(PEERS):
        yield Part(f"Comparing with {peer.name}", 0.8 + 0.2 * place / len(PEERS), study)
        sizes = *study.sizes, (peer.name, len(peer.compress(data)))
        study = replace(study, sizes=sizes)
    yield Part("Done", 1.0, study)


def back_steps(content: bytes, own: Own | None = None) -> Iterator[Part]:
    """A text from its file, a step at a time."""
    from htm_engine.coding.text.codec import decompress_blocks, inspect_text
    from htm_engine.coding.text.model import SHIPPED

    fingerprint = bytes.fromhex(inspect_text(content).fingerprint)
    names = {one: name for name, one in SHIPPED.items()}
    name = names.get(fingerprint, "own" if own and any(fingerprint) else "blank")
    # Without a model of one's own, the decoder says which one is missing.
    model = yield from _reading(name, own)
    blocks = []
    for block, part in decompress_blocks(content, model, limit=MOST_BYTES):
        blocks.append(block)
        yield Part("Reading the text", 0.4 + 0.6 * part)
    yield Part("Done", 1.0, text=b"".join(blocks))


def _reading(name: str, own: Own | None) -> Generator[Part, None, TextModel | None]:
    """A model by its name, once it has read its texts; none for "blank"."""
    from htm_engine.coding.text.model import shipped, shipped_steps

    if name == "blank":
        return None
    steps = own.steps() if name == "own" and own else shipped_steps(name)
    found = None
    while True:
        try:
            yield Part("The model reads its own texts first", 0.4 * next(steps))
        except StopIteration as end:
            found = end.value
            break
    return found or shipped(name)


def own_model(file: bytes) -> Own:
    """The session's own model; the same object for the same file."""
    kept: Own | None = st.session_state.get("_text_own")
    if kept is None or kept.file != file:
        kept = st.session_state["_text_own"] = Own(file)
    return kept


def job(data: bytes, wanted: str, own: Own | None = None) -> Background:
    """The study of a text as work in the background; the session keeps the last."""
    return _kept("_text_job", (wanted, data, own), lambda: study_steps(data, wanted, own))


def back_job(content: bytes, own: Own | None = None) -> Background:
    """The way back from a file as work in the background; the session keeps the last."""
    return _kept("_text_back", (content, own), lambda: back_steps(content, own))


def own_reading(own: Own) -> Background:
    """The reading of a model of one's own as work in the background."""
    return _kept("_text_reading", (own,), own.steps)


def _kept(name: str, key: tuple[object, ...], steps: Callable[[], Iterator[Any]]) -> Background:
    """Work that the session keeps until something else is asked of it."""
    return watching.job_of(name, key) or watching.start(
        name, key, steps, "text", progress=_done, abandon_after=ABANDON
    )


def _done(part: Part | float) -> float:
    return part.done if isinstance(part, Part) else part


@st.cache_resource(show_spinner=False)
def reading(name: str) -> Background:
    """The reading of a shipped model, once a server."""
    from htm_engine.coding.text.model import shipped_steps

    made = Background(lambda: shipped_steps(name), name="text model", progress=float)
    made.start()
    return made


# ------------------------------------------------------------------- example
@st.cache_resource(show_spinner=False)
def example() -> Study | None:
    """The shipped study; None where its file is missing or damaged."""
    try:
        return from_json(FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def to_json(study: Study) -> str:
    """A study as JSON, bits rounded to what is shown."""
    content = asdict(study)
    content["file"] = study.file.hex()
    for letter in content["letters"]:
        letter["bits"] = round(letter["bits"], 3)
        letter["voices"] = [[voice, round(bits, 2)] for voice, bits in letter["voices"]]
        letter["expected"] = [
            [one["character"], round(one["probability"], 4)]
            if isinstance(one, dict)
            else [one[0], round(one[1], 4)]
            for one in letter["expected"]
        ]
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n"


def from_json(text: str) -> Study:
    """Inverse of :func:`to_json`."""
    content = json.loads(text)
    return Study(
        int(content["characters"]),
        int(content["length"]),
        str(content["model"]),
        tuple((str(name), int(size)) for name, size in content["sizes"]),
        tuple(
            Letter(
                str(letter["character"]),
                float(letter["bits"]),
                tuple((str(voice), float(bits)) for voice, bits in letter["voices"]),
                tuple(Expected(str(one), float(p)) for one, p in letter["expected"]),
            )
            for letter in content["letters"]
        ),
        bytes.fromhex(content["file"]),
    )


def main() -> None:
    """Study the example and write ``assets/text-home.json``."""
    *_, last = study_steps(EXAMPLE.encode(), "auto")
    assert last.study is not None
    FILE.write_text(to_json(last.study), encoding="utf-8")
    size, length = last.study.sizes[0][1], last.study.length
    print(f"text-home.json: {size} bytes of {length}, {8 * size / length:.2f} bits a byte")


if __name__ == "__main__":
    main()
