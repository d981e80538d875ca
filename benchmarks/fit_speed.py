"""Time of ``HTM().fit`` on scikit-learn's digits, and what threads of BLAS give and cost.

    python benchmarks/fit_speed.py              in the environment as it is
    python benchmarks/fit_speed.py --threads    a step of training by one thread and by all
    python benchmarks/fit_speed.py --wide       60 rows of thousands of numbers

Processor seconds beside wall time, since other work on the machine moves only the latter.
"""

from __future__ import annotations

import argparse
import io
import os
import time
from collections.abc import Callable

import numpy as np
from common import provenance, table

SHAPES = (((8, 8), 90), ((28, 28), 64), ((28, 28), 256), ((28, 28), 1024), ((32, 32, 3), 256))


def timed(work: Callable[[], object], times: int = 3) -> tuple[float, float]:
    """Least wall and processor seconds of a few times."""
    found = []
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        found.append((time.perf_counter() - wall, time.process_time() - cpu))
    return min(w for w, _ in found), min(c for _, c in found)


def fits(times: int) -> None:
    """The whole fit, its tables, and what reads them first."""
    from sklearn.datasets import load_digits

    from htm_engine import HTM

    X = (load_digits().images * 15.9375).astype(np.uint8)
    rows = [("fit", *timed(lambda: HTM().fit(X), times))]
    for name in ("sampler_", "coder_"):
        model = HTM().fit(X)
        rows.append((f"first use of {name}", *timed(lambda n=name, m=model: getattr(m, n), 1)))
    table(
        ("digits, HTM()", "wall s", "processor s"),
        [(name, f"{wall:.2f}", f"{cpu:.2f}") for name, wall, cpu in rows],
    )


def wide(rows: int = 60, settings: tuple[int, ...] = (2000, 4000)) -> None:
    """Few rows of many numbers, mixed from twenty: 16 units placed, and tables until saved."""
    from htm_engine import HTM, LayerSpec

    found, rng = [], np.random.default_rng(0)
    for numbers in settings:
        mixed = rng.normal(size=(rows, 20)) @ rng.normal(size=(20, numbers))
        model, X = HTM((LayerSpec(64, 16, 8),), epochs=5), 1 / (1 + np.exp(-mixed / 5))
        for name, work in (
            ("fit", lambda m=model, x=X: m.fit(x)),
            ("save", lambda m=model: m.save(io.BytesIO())),
        ):
            wall, cpu = timed(work, 1)
            found.append((f"{rows} x {numbers:,}", name, f"{wall:.2f}", f"{cpu:.2f}"))
    table(("rows", "what", "wall s", "processor s"), found)


def threads(steps: int = 6) -> None:
    """A step of training by one thread and by all that BLAS would take."""
    from threadpoolctl import threadpool_limits

    from htm_engine import HTM
    from htm_engine.estimator.presets import DEFAULT_LAYERS

    rows = []
    for shape, batch in SHAPES:
        X = np.random.default_rng(0).random((batch * steps, *shape)).astype(np.float32)
        model = HTM(DEFAULT_LAYERS, batch_size=batch, epochs=1, validation_fraction=0)
        next(iter(model.fit_steps(X)))

        def work(model: HTM = model, X: np.ndarray = X, batch: int = batch) -> None:
            for start in range(0, len(X), batch):
                # Past the bound that a step has of its own.
                model._step(model.here(model.batch(X, np.arange(start, start + batch))), 1.0)

        row = [f"{shape}, {batch} a step", f"{model.hierarchy_.work(batch) / 2**20:,.0f}"]
        for number in (1, os.cpu_count() or 1):
            with threadpool_limits(number, user_api="blas"):
                wall, cpu = timed(work)
            row.append(f"{wall / steps * 1e3:.0f} ({cpu / steps * 1e3:.0f})")
        rows.append(row)
    table(("pictures", "2^20 multiplications", "one thread, ms (processor)", "all"), rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", action="store_true", help="a step by number of threads")
    parser.add_argument("--wide", action="store_true", help="few rows of many numbers")
    parser.add_argument("--times", type=int, default=3, help="of which the least counts")
    arguments = parser.parse_args()
    provenance("fit_speed", "drawn" if arguments.wide else "digits", 0)
    if arguments.threads:
        threads()
    elif arguments.wide:
        wide()
    else:
        fits(arguments.times)


if __name__ == "__main__":
    main()
