"""What the home page shows, made once and kept as small files, so that it paints at once.

::

    scikit-image's cat ──► photograph(): our file, JPEG and WebP at its bytes ──► home-photo.*
    a folder of emoji  ──► collection(): a network that learned them, measured
                                         on others, its units and what it drew ──► home-*.png
                           numbers of both ─────────────────────────────────────► home.json

The page reads these and needs no engine.  A test opens the photograph's file again and
compares.  After a change of the photo codec, and with a folder of Twemoji's PNG files for
the rest, as what was learned from them cannot be made of what packages carry::

    python -m studio.home.showcase [--emoji FOLDER]
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..kit.places import ASSETS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from htm_engine import HTM

    Pixels = NDArray[np.uint8]

FILE = ASSETS / "home.json"
#: Our file of the photograph, what comes back from it, and the others' files.
STORED, BACK, JPEG = (ASSETS / f"home-photo.{end}" for end in ("htmc", "webp", "jpg"))
#: Prototypes of the network's units, and pictures that it drew.
UNITS, DRAWN = ASSETS / "home-units.png", ASSETS / "home-drawn.png"

#: JPEG's quality, which sets the bytes: WebP and ours take no more.
JPEG_QUALITY = 6
#: Side of the emoji, how many are kept from learning, and the quality they are stored at.
SIDE, HELD, QUALITY = 32, 200, 5
#: Rank of the units at the top: a unit learns from some seventeen pictures.
RANK, EPOCHS = 8, 12
#: How far what is drawn strays, a level: more shows noise where few pictures were learned.
TEMPERATURE = (0.3, 0.7)
#: Units and drawn pictures that are shown, in rows of so many, each pixel twice as large.
SHOWN_UNITS, SHOWN_DRAWN, IN_ROW = 30, 20, 10

#: Colours of skin, as the names of emoji say them; and what tells pairs, which are left out.
SKIN = {"1f3fb", "1f3fc", "1f3fd", "1f3fe", "1f3ff"}
PAIRS = {"2764", "1f46b", "1f46c", "1f46d", "1f48f", "1f491", "1f91d", "1faf1", "1faf2"}


@dataclass(frozen=True)
class Coding:
    """Bytes, everything counted, and what is left of the pictures in dB."""

    size: float
    psnr: float


@dataclass(frozen=True)
class Photograph:
    """One photograph, width by height, in three formats at about the same bytes."""

    width: int
    height: int
    htm: Coding
    jpeg: Coding
    webp: Coding


@dataclass(frozen=True)
class Collection:
    """What a network made of pictures that it did not learn from; bytes are a picture's."""

    fingerprint: str
    learned_from: int
    measured_on: int
    side: int
    htm: Coding
    png: float
    units: int


@dataclass(frozen=True)
class Showcase:
    """Every number that the home page says."""

    photograph: Photograph
    collection: Collection


# ------------------------------------------------------------------- a photograph
def cat() -> Pixels:
    """The photograph: scikit-image's cat (CC0, Stefan van der Walt)."""
    import skimage.data

    found: Pixels = skimage.data.chelsea()
    return found


def photograph(picture: Pixels, quality: int = JPEG_QUALITY) -> tuple[Photograph, dict[str, bytes]]:
    """Store a photograph, in JPEG first; numbers, and the files by their endings."""
    from htm_engine import compress_image, decompress_image
    from htm_engine.evaluation.standard_codecs import codec_at_bytes, codec_bytes, codec_decode

    jpeg = codec_bytes(picture, "jpeg", quality)
    webp, _ = codec_at_bytes(picture, "webp", len(jpeg))
    ours = compress_image(picture, target_bytes=len(jpeg))
    back = decompress_image(ours)
    height, width = picture.shape[:2]
    found = Photograph(
        width,
        height,
        Coding(len(ours), _psnr(picture, back)),
        Coding(len(jpeg), _psnr(picture, codec_decode(jpeg, picture))),
        Coding(len(webp), _psnr(picture, codec_decode(webp, picture))),
    )
    return found, {"htmc": ours, "webp": _exactly(back), "jpg": jpeg}


def _exactly(picture: Pixels) -> bytes:
    """A picture as a file that gives back every pixel."""
    import io

    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "WEBP", lossless=True, quality=100, method=6)
    return stream.getvalue()


def _psnr(original: Pixels, back: Pixels) -> float:
    from htm_engine.evaluation.metrics import psnr

    return round(psnr(original, back, 255), 2)


# ------------------------------------------------------------------- a collection
def collection(model: HTM, held: Pixels, learned_from: int) -> tuple[Collection, dict[str, bytes]]:
    """Measure a network on pictures that it did not learn from, and draw what it learned."""
    import numpy as np

    from htm_engine import compress_collection, decompress_collection
    from htm_engine.evaluation.standard_codecs import codec_bytes

    file = compress_collection(model, held, QUALITY)
    back = decompress_collection(file, model)
    prototypes = model.receptive_fields(len(model.hierarchy_.layers) - 1)
    drawn = model.sample(SHOWN_DRAWN, random_state=0, temperature=TEMPERATURE)
    found = Collection(
        model.fingerprint,
        learned_from,
        len(held),
        held.shape[1],
        Coding(round(len(file) / len(held), 1), _psnr(held, back)),
        round(float(np.mean([len(codec_bytes(one, "png")) for one in held])), 1),
        len(prototypes),
    )
    return found, {"units": _sheet(prototypes[:SHOWN_UNITS]), "drawn": _sheet(drawn)}


def _sheet(pictures: Any) -> bytes:
    from ..kit.pictures import sheet

    return sheet(pictures, columns=IN_ROW, side=2 * pictures.shape[1], gap=4)


def emoji(folder: Path) -> tuple[Pixels, Pixels]:
    """Emoji of one person or hand, to learn from and held out: on white, in colour.

    Those that come in colours of skin, by the names of their files.
    """
    import numpy as np

    from htm_engine.data.collecting import fit_all, in_colours
    from htm_engine.data.uploads import read_picture

    paths = {path.stem: path for path in sorted(folder.rglob("*.png"))}
    codes = {name: name.split("-") for name in paths}
    bases = {
        "-".join(code for code in own if code not in SKIN)
        for own in codes.values()
        if SKIN & set(own)
    }
    chosen = [
        name
        for name, own in codes.items()
        if (SKIN & set(own) or name in bases) and not PAIRS & set(own)
    ]
    read = [read_picture(paths[name].read_bytes(), name).pixels for name in chosen]
    X = np.concatenate([in_colours(fit_all(one[None], (SIDE, SIDE)), True) for one in read])
    order = np.random.default_rng(0).permutation(len(X))
    return X[order[HELD:]], X[order[:HELD]]


def learned(pictures: Pixels) -> HTM:
    """The network of the page, learned anew: some two minutes."""
    from htm_engine import HTM
    from htm_engine.estimator.presets import preset
    from htm_engine.model.layer import LayerSpec

    bottom = preset("mirrored").layers[0]
    layers = (bottom, LayerSpec(patch=8, units=96, rank=RANK))
    return HTM(layers, epochs=EPOCHS, mirror=True, random_state=0).fit(pictures)


# ------------------------------------------------------------------- files
def write(showcase: Showcase, path: Path = FILE) -> None:
    """Keep the numbers as JSON; the inverse of :func:`read`."""
    path.write_text(json.dumps(asdict(showcase), indent=1) + "\n", encoding="utf-8")


def read(path: Path = FILE) -> Showcase:
    """Numbers that :func:`write` kept."""
    found = json.loads(path.read_text(encoding="utf-8"))
    photo, many = found["photograph"], found["collection"]
    for name in ("htm", "jpeg", "webp"):
        photo[name] = Coding(**photo[name])
    many["htm"] = Coding(**many["htm"])
    return Showcase(Photograph(**photo), Collection(**many))


def main(arguments: list[str] | None = None) -> None:
    """Make the files of the home page anew, in ``assets/``."""
    parser = argparse.ArgumentParser(description="Make what the home page shows.")
    parser.add_argument("--emoji", type=Path, help="folder of Twemoji's PNG files, to learn from")
    folder = parser.parse_args(arguments).emoji
    photo, files = photograph(cat())
    for path in (STORED, BACK, JPEG):
        path.write_bytes(files[path.suffix[1:]])
    if folder is None:
        many = read().collection
    else:
        learn, held = emoji(folder)
        many, sheets = collection(learned(learn), held, len(learn))
        UNITS.write_bytes(sheets["units"])
        DRAWN.write_bytes(sheets["drawn"])
    write(Showcase(photo, many))
    print(f"{FILE.name}: {photo}\n{many}")


if __name__ == "__main__":
    main()
