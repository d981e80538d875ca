"""Arguments of the command line: what each command takes, and what its help says."""

from __future__ import annotations

import argparse

from ..data.named import NAMED
from ..data.reasons import FORMAT_NAMES
from ..estimator.presets import PRESETS
from . import commands
from .options import PROGRAM, command, layer, not_negative, output, series, whole
from .plan import FORMATS, PIPE


def parser() -> argparse.ArgumentParser:
    """Arguments of all commands."""
    top = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Train networks of competing units; compress pictures and texts with them, "
        "generate new ones, and find what is odd in series of numbers. Models end in .npz, "
        "compressed files in .htmc.",
        epilog=f"Start with: {PROGRAM} train digits -o digits.npz",
    )
    found = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_train(found)
    _add_compress(found)
    _add_decompress(found)
    _add_generate(found)
    _add_inspect(found)
    _add_train_text(found)
    _add_generate_text(found)
    _add_train_codec(found)
    _add_detect(found)
    _add_forecast(found)
    _add_warm(found)
    _add_studio(found)
    return top


def _model(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "-m",
        "--model",
        metavar="MODEL",
        help="a trained network (.npz); by default the one that comes with HTM Studio, which "
        "knows handwritten digits of 8 x 8 pixels. For a text: en, zh, blank or a model of "
        "train-text; by default chosen by the text",
    )


def _add_train(found: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = command(
        found,
        "train",
        commands.train,
        "Train a network on pictures.",
        "my-pictures/ --size 32 -o mine.npz",
    )
    made.add_argument(
        "data",
        metavar="DATA",
        help=f"{', '.join(NAMED)}; or a folder of pictures, or a ZIP, IDX, NPY or NPZ file",
    )
    output(made, "where the network goes (.npz)")
    stack = made.add_mutually_exclusive_group()
    described = "; ".join(f"{name}: {preset.about}" for name, preset in PRESETS.items())
    stack.add_argument("--preset", choices=list(PRESETS), default="auto", help=described)
    stack.add_argument(
        "--layers",
        "--layer",
        dest="layers",
        type=layer,
        action="extend",
        metavar="PATCHxUNITSrRANK",
        help="your own layers, bottom first, such as 7x64r8,4x64r32: patches of 7 x 7 cells, "
        "64 units of rank 8, then 4 x 4 of those, 64 units of rank 32; k3 lets 3 units win, "
        "s2 makes patches overlap with a stride of 2; may be given more than once",
    )
    made.add_argument(
        "--mirror", action="store_true", help="learn from every picture's mirror image as well"
    )
    made.add_argument("--epochs", type=whole(1, 100_000), help="passes over the pictures, at most")
    made.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="seed (default 0)")
    made.add_argument(
        "--size", type=whole(1, 1024), metavar="SIDE", help="bring pictures to SIDE x SIDE pixels"
    )
    colours = made.add_mutually_exclusive_group()
    colours.add_argument(
        "--colour",
        action="store_true",
        default=None,
        help="learn in colour; files are learned in the colours they have unless told otherwise",
    )
    colours.add_argument(
        "--grey", dest="colour", action="store_false", help="learn in grey, whatever they have"
    )
    made.add_argument(
        "--limit", type=whole(2, 10**9), metavar="N", help="use N pictures, chosen at random"
    )


def _add_compress(found: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = command(
        found,
        "compress",
        commands.compress,
        "Store photographs, and any other file exactly, each as FILE.htmc beside it; or pictures "
        "together in one file, by a network.",
        "a.png b.jpg folder/ notes.txt",
    )
    made.add_argument(
        "paths",
        nargs="+",
        metavar="FILE",
        help="pictures, any other files, folders of them, or - for the standard input. With a "
        "network as the model: pictures, folders, ZIP, IDX, NPY or NPZ files that become one "
        "file; those of another size are cropped and resampled to the network's",
    )
    _each_output(
        made,
        "a name for one file's result, a folder for those of several, or - for the standard "
        "output; by default FILE.htmc",
    )
    kinds = made.add_mutually_exclusive_group()
    kinds.add_argument("--text", action="store_true", help="store exactly, whatever it is")
    kinds.add_argument("--photo", action="store_true", help="store as photographs")
    _model(made)
    made.add_argument(
        "-q",
        "--quality",
        type=whole(1, 100),
        metavar="1..100",
        help="of photographs: 1 is smallest, 100 nearest to the picture (default 50); by a "
        "network 1 to 10 (default 5)",
    )
    _of_photographs(made)
    made.add_argument(
        "--memory",
        type=whole(1, 1 << 20),
        metavar="MIB",
        help="texts: tables of at most MIB mebibytes; less than 240 means without a model "
        "that has read (default: up to 240 with one, 120 without)",
    )
    made.add_argument(
        "--tiles",
        action="store_true",
        help="by a network: cut one larger picture into tiles of its size, instead of shrinking it",
    )


def _of_photographs(made: argparse.ArgumentParser) -> None:
    """How photographs are stored."""
    made.add_argument(
        "--bytes", type=whole(1, 1 << 40), metavar="N", help="photographs: at most so many bytes"
    )
    made.add_argument("--lossless", action="store_true", help="photographs: every pixel exactly")
    made.add_argument(
        "--tune",
        choices=["psnr", "eye"],
        default="psnr",
        help="photographs: least squared error (psnr), or what the eye sees least (eye)",
    )
    made.add_argument(
        "--effort", choices=["fast", "best"], default="best", help="photographs (default best)"
    )
    made.add_argument(
        "--strip", action="store_true", help="photographs: no colour profile, EXIF and density"
    )


def _add_decompress(found: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = command(
        found,
        "decompress",
        commands.decompress,
        "Get photographs, pictures and texts back from .htmc files.",
        "a.png.htmc notes.txt.htmc -o again/",
    )
    made.add_argument(
        "paths", nargs="+", metavar="FILE", help=".htmc files, or - for the standard input"
    )
    _model(made)
    _each_output(
        made,
        "where it goes: a name for one file's content (a photograph's ends in .png, .jpg, .webp or "
        ".npy; a collection's in .png, .npy, or is a folder), a folder for that of several, or - "
        "for the standard output; by default the name without .htmc",
    )
    made.add_argument(
        "--format",
        dest="ending",
        type=lambda text: f".{text.lower().removeprefix('.')}",
        choices=list(FORMATS),
        metavar="png|jpg|webp|npy",
        help="as what photographs come back (default png)",
    )


def _each_output(made: argparse.ArgumentParser, about: str) -> None:
    """Options of commands that work on many files, as other compressors have them."""
    made.add_argument("-o", "--output", metavar="OUT", help=about)
    made.add_argument(
        "-c",
        "--stdout",
        dest="output",
        action="store_const",
        const=PIPE,
        help="to the standard output",
    )
    made.add_argument("-f", "--force", action="store_true", help="replace results that exist")
    made.add_argument(
        "-k", "--keep", action="store_true", help="keep the files (they always are kept)"
    )
    made.add_argument(
        "-j",
        "--jobs",
        type=whole(1, 256),
        metavar="N",
        help="files worked on at a time (default: one a core)",
    )
    made.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="by the workers of a Dask scheduler, such as tls://host:8786; they must see the same "
        "files under the same names (needs htm-studio[cluster])",
    )


def _add_generate(found: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = command(
        found,
        "generate",
        commands.generate,
        "Draw new pictures from what a network has learned.",
        "-m mine.npz -n 16 --seed 3 -o new.png",
    )
    _model(made)
    output(made, "a .png (a sheet, if there are several), a .npy array, or a folder of PNGs")
    made.add_argument(
        "-n", "--number", type=whole(1, 100_000), default=16, help="how many (default 16)"
    )
    made.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="seed (default 0)")
    made.add_argument(
        "--temperature",
        type=not_negative,
        default=1.0,
        help="0 draws prototypes, 1 what the pictures vary by, more exaggerates (default 1)",
    )


def _add_inspect(found: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = command(
        found,
        "inspect",
        commands.inspect,
        "Say what a model (.npz) or a compressed file (.htmc) holds.",
        "mine.npz --json",
        "info",
    )
    made.add_argument("file", metavar="FILE", help="a model or a compressed file")
    made.add_argument("--json", action="store_true", help="for programs to read")


def _add_train_text(found: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = command(
        found,
        "train-text",
        commands.train_text,
        "Let a text model read files, so that short texts like them become small.",
        "yesterday.log today.log -o logs.npz",
    )
    made.add_argument(
        "files", nargs="+", metavar="FILE", help="at most 16 MiB together, the most typical last"
    )
    output(made, "where the model goes (.npz)")


def _add_train_codec(found: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = command(
        found,
        "train-codec",
        commands.train_codec,
        "Learn a codec for photographs from a folder of pictures.",
        "my-photos/ -o mine.npz",
    )
    made.add_argument("folder", metavar="FOLDER", help=f"of pictures: {FORMAT_NAMES}")
    made.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="seed (default 0)")
    output(made, "where the model goes (.npz)")


def _add_generate_text(found: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = command(
        found,
        "generate-text",
        commands.generate_text,
        "Continue a text.",
        '"It was the best of" -n 200 --seed 3',
    )
    made.add_argument("prompt", metavar="PROMPT", help="how the text begins")
    made.add_argument("-m", "--model", metavar="MODEL", help="en (default), zh, or a .npz file")
    made.add_argument("-o", "--output", metavar="FILE", help="where it goes; by default, shown")
    made.add_argument("--force", action="store_true", help="replace the output if it exists")
    made.add_argument(
        "-n", "--number", type=whole(1, 100_000), default=400, help="characters (default 400)"
    )
    made.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="seed (default 0)")
    made.add_argument(
        "--temperature",
        type=not_negative,
        default=0.7,
        help="0 takes the likeliest byte, 1 draws as expected (default 0.7)",
    )
    made.add_argument(
        "--top-p",
        type=not_negative,
        default=0.95,
        help="draw from the likeliest bytes of this probability together (default 0.95)",
    )


def _add_detect(found: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = command(
        found,
        "detect",
        commands.detect,
        "Find what is odd in a series of numbers, or among rows: each one's score, from 0.5 odd.",
        "data.csv -o scores.csv",
    )
    series(made, ", or - for lines as they come")
    made.add_argument(
        "--learning",
        type=whole(10, 10**9),
        metavar="N",
        help="learning period in values (default: 15 %% of them, at most 750; of lines 600)",
    )
    made.add_argument("--fast", action="store_true", help="a smaller committee, twice the speed")
    order = made.add_mutually_exclusive_group()
    order.add_argument(
        "--rows",
        action="store_true",
        default=None,
        help="judge rows by one another, whatever their order; by default where a table of several "
        "columns has no time",
    )
    order.add_argument(
        "--series", dest="rows", action="store_false", help="take rows in their order, time or none"
    )


def _add_forecast(found: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = command(
        found,
        "forecast",
        commands.forecast,
        "Say what values of a series are to come, with quantiles.",
        "data.csv -n 48",
    )
    series(made)
    made.add_argument(
        "-n", "--number", type=whole(1, 100_000), default=24, help="how many (default 24)"
    )
    made.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="seed (default 0)")


def _add_warm(found: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = command(
        found,
        "warm",
        commands.warm,
        "Compile what photographs and texts need and let the text models read, once a machine and "
        "version (a minute or two).",
        "",
    )
    made.add_argument(
        "--background", action="store_true", help="at the lowest priority, beside other work"
    )


def _add_studio(found: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = command(
        found,
        "studio",
        commands.studio,
        "Start the dashboard; every further option goes to Streamlit.",
        "--server.port=9000",
    )
    made.set_defaults(takes_more=True)
