"""The golden files as another machine would read them: ``python -m tests.golden.elsewhere``.

Each setting stands for a machine of another kind: an older processor for BLAS, a processor
without special instructions for compiled code (compiled anew for it, a minute or two), one
thread and many, Python without its asserts.  All must read the same bytes; what they write
from those is compared too.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
#: What differs on each: flags of Python, and the environment.
MACHINES: dict[str, tuple[list[str], dict[str, str]]] = {
    "this one": ([], {}),
    "without asserts": (["-O"], {}),
    "BLAS of a Prescott": ([], {"OPENBLAS_CORETYPE": "Prescott"}),
    "BLAS of a Sandybridge": ([], {"OPENBLAS_CORETYPE": "Sandybridge"}),
    "BLAS of a Zen": ([], {"OPENBLAS_CORETYPE": "Zen"}),
    "one thread": ([], {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}),
    "many threads": ([], {"OMP_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "4"}),
    "all of that": (["-O"], {"OPENBLAS_CORETYPE": "Prescott", "OMP_NUM_THREADS": "4"}),
    "a generic processor": ([], {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}),
}


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def read_all() -> dict[str, str]:
    """Digests of what the golden files hold, and of what is written from that again."""
    from htm_engine import (
        HTM,
        compress_collection,
        compress_image,
        compress_series,
        compress_text,
        decompress_collection,
        decompress_image,
        decompress_series,
        decompress_text,
    )

    model = HTM.load(HERE / "network.npz")
    found = {"network": model.fingerprint}
    pictures = decompress_collection((HERE / "collection.htmc").read_bytes(), model)
    found["collection"] = digest(np.ascontiguousarray(pictures).tobytes())
    written = compress_collection(model, pictures, 5)
    found["collection written"] = digest(written)
    found["and read"] = digest(decompress_collection(written, model).tobytes())
    for name in ("photo", "photo-eye", "photo-lossless"):
        picture = decompress_image((HERE / f"{name}.htmc").read_bytes())
        found[name] = digest(np.ascontiguousarray(picture).tobytes())
    found["photo written"] = digest(compress_image(picture, 60))
    for name in ("text", "bytes"):
        text = decompress_text((HERE / f"{name}.htmc").read_bytes())
        found[name] = digest(text)
    found["text written"] = digest(compress_text(text))
    walk = np.cumsum(np.random.default_rng(0).integers(-3, 4, 2000)) / 10.0
    series = compress_series(walk)
    found["series written"] = digest(series)
    found["series"] = digest(decompress_series(series).tobytes())
    return found


def on(machine: str) -> dict[str, str]:
    """What a new process reads under the settings of a machine."""
    flags, environment = MACHINES[machine]
    done = subprocess.run(
        [sys.executable, *flags, "-m", "tests.golden.elsewhere", "--child"],
        cwd=HERE.parents[1],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=900,
    )
    if done.returncode:
        raise RuntimeError(f"{machine}: {done.stderr[-2000:]}")
    return dict(json.loads(done.stdout))


def main() -> int:
    """Compare all machines with this one; 1 if one differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    if parser.parse_args().child:
        print(json.dumps(read_all()))
        return 0
    here, differ = on("this one"), 0
    with tempfile.TemporaryDirectory() as cache:
        for machine in MACHINES:
            if "NUMBA_CPU_NAME" in MACHINES[machine][1]:
                MACHINES[machine][1]["NUMBA_CACHE_DIR"] = cache
            begun = time.perf_counter()
            found = on(machine)
            others = [name for name in here if found[name] != here[name]]
            differ += bool(others)
            said = f"differs in {', '.join(others)}" if others else f"the same {len(here)}"
            print(f"{machine:24} {said}  ({time.perf_counter() - begun:.1f} s)", flush=True)
    return int(bool(differ))


if __name__ == "__main__":
    sys.exit(main())
