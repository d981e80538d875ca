"""Series on the Numenta Anomaly Benchmark: what is odd, what comes next, how fast.

    python benchmarks/series.py NAB_FOLDER [--results nab_results.npz] [--long]

``--results`` holds stored scores of other detectors by ``detector/file``; with those of Numenta's
HTM and CAD OSE the scorer must give what is published for them, or the program stops.  Everything
else runs here: our committees, strictly online, and scikit-learn's detectors on windows of ten
values, fitted anew after every P rows.  P is 15 % of a file, at most 750, or 600 everywhere.
Other detectors' thresholds are the best over the whole benchmark, ours is 0.5.  ``--long`` times
ten million values.  Forests and forecasts have the seed 0, halves the seeds 0 to 9.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
import pandas as pd
from common import provenance, table
from nab import PROFILES, File, Scorer, read
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor

from htm_engine import SeriesModel

#: Standard, low FP and low FN as Numenta's leaderboard has them.
PUBLISHED = {"numenta": (70.1, 63.1, 74.3), "contextOSE": (69.9, 67.0, 73.2)}
NAMES = {"numenta": "Numenta HTM", "contextOSE": "CAD OSE", "windowedGaussian": "windowed Gaussian"}
WINDOW, STREAM = 10, 600


# ------------------------------------------------------------------ detectors
def windows_of(file: File) -> np.ndarray:
    """The last ten values of each row, by the learning period's mean and deviation."""
    head = file.values[: file.probation]
    values = (file.values - head.mean()) / (head.std() or 1.0)
    padded = np.concatenate([np.full(WINDOW - 1, values[0]), values])
    return np.lib.stride_tricks.sliding_window_view(padded, WINDOW)


def refitted(file: File, make) -> np.ndarray:
    """Scores by a detector fitted anew after every P rows, to at most 4,000 windows before."""
    rows, step = windows_of(file), file.probation
    rows = rows + 1e-6 * np.random.default_rng(0).normal(size=rows.shape)  # LOF bears no equals
    found = np.zeros(len(rows))
    for begin in range(step, len(rows), step):
        part = rows[begin : begin + step]
        found[begin : begin + step] = -make().fit(rows[:begin][-4000:]).score_samples(part)
    return found


def forest(file: File) -> np.ndarray:
    return refitted(file, lambda: IsolationForest(random_state=0))


def neighbours(file: File) -> np.ndarray:
    return refitted(file, lambda: LocalOutlierFactor(novelty=True))


def robust_z(file: File) -> np.ndarray:
    """Distance from the median of the last P values, by the median of such distances."""
    values = pd.Series(file.values)
    away = (values - values.rolling(file.probation).median().shift(1)).abs()
    usual = away.rolling(file.probation, min_periods=WINDOW).median().shift(1)
    floor = 1e-3 * values.rolling(file.probation).std().shift(1) + 1e-12
    return (away / (usual + floor)).fillna(0).to_numpy()


def peaks(scores: np.ndarray, rest: int) -> np.ndarray:
    """Only what exceeds all of the last ``rest`` rows: one alarm where many would be."""
    padded = np.concatenate([np.full(rest, -np.inf), scores])
    before = np.lib.stride_tricks.sliding_window_view(padded, rest)[: len(scores)].max(1)
    return np.where(scores > before, scores, scores.min())


def ours(files: list[File], learning: int | None, fast: bool) -> dict[str, np.ndarray]:
    return {f.name: SeriesModel(learning, fast=fast).detect(f.values, f.stamps) for f in files}


def verified(scorer: Scorer, path: str) -> dict[str, dict[str, np.ndarray]]:
    """Stored scores; the program stops if the scorer does not give what is published."""
    with np.load(path) as stored:
        found = {
            name: {f.name: stored[f"{name}/{f.name}"] for f in scorer.files}
            for name in ("ARTime", "numenta", "contextOSE", "windowedGaussian")
        }
    for name, wanted in PUBLISHED.items():
        for profile, score in zip(PROFILES, wanted, strict=True):
            reached = scorer.best(found[name], profile)[0]
            if abs(reached - score) > 0.15:
                raise SystemExit(f"{name}, {profile}: {reached:.2f} where {score} is published")
    return found


def detection(files: list[File], results: str | None) -> None:
    """Scores of all detectors."""
    scorer, rows = Scorer(files), []

    def add(name: str, scores: dict[str, np.ndarray], threshold: float | None = None) -> None:
        if threshold is None:
            marks = [scorer.best(scores, profile)[0] for profile in PROFILES]
            spread = scorer.spread(scores, scorer.best(scores)[1])
        else:
            marks = [scorer.at(scores, threshold, profile) for profile in PROFILES]
            spread = scorer.spread(scores, threshold)
        numbers = [*marks, scorer.halves(scores), spread]
        rows.append((name, *(f"{number:.1f}" for number in numbers)))

    if results:
        for name, scores in verified(scorer, results).items():
            add(f"{NAMES.get(name, name)} (stored)", scores)
    for name, detector in (
        ("IsolationForest", forest),
        ("LocalOutlierFactor", neighbours),
        ("robust z-score", robust_z),
    ):
        scores = {file.name: detector(file) for file in files}
        rested = {f.name: peaks(scores[f.name], max(1, f.probation // 4)) for f in files}
        add(name, scores)
        add(f"{name}, peaks alone", rested)
    for name, fast in (("HTM, fast (16 members)", True), ("HTM (288 members)", False)):
        add(name, ours(files, None, fast), 0.5)
        add(f"{name}, P = {STREAM}", ours(files, STREAM, fast), 0.5)
    print("\nscores on the benchmark, by one threshold for all files\n")
    table(("detector", *PROFILES, "held-out halves, standard", "spread over files"), rows)


# ------------------------------------------------------------------ prediction
def seasonal(file: File) -> np.ndarray:
    """The value of a day before, by the usual step of the stamps."""
    steps = np.diff(file.stamps).astype("timedelta64[s]").astype(float)
    day = max(1, round(86400 / np.median(steps[steps > 0])))
    return np.concatenate([np.full(min(day, len(file.values)), np.nan), file.values[:-day]])


def smoothing(file: File) -> np.ndarray:
    """Simple exponential smoothing, by the rate best in the learning period."""

    def run(rate: float) -> np.ndarray:
        level, found = file.values[0], np.empty(len(file.values))
        for t, value in enumerate(file.values):
            found[t] = level
            level += rate * (value - level)
        return found

    head = slice(1, file.probation)
    tried = [run(rate) for rate in np.arange(0.1, 1.01, 0.1)]
    return min(tried, key=lambda one: np.abs(one[head] - file.values[head]).mean())


def autoregression(file: File, lags: int = 8) -> np.ndarray:
    """AR(8) by least squares on the learning period."""
    padded = np.concatenate([np.full(lags, file.values[0]), file.values])
    inputs = np.lib.stride_tricks.sliding_window_view(padded, lags)[: len(file.values)]
    inputs = np.column_stack([inputs, np.ones(len(inputs))])
    head = slice(lags, file.probation)
    return inputs @ np.linalg.lstsq(inputs[head], file.values[head])[0]


def prediction(files: list[File]) -> None:
    """One-step errors beside the last value's, and how much bands hold."""
    ratios: dict[str, list[float]] = {}
    inside, beyond = [], []
    for file in files:
        after = np.arange(file.probation, len(file.values))
        wanted = file.values[after]
        naive = np.abs(wanted - file.values[after - 1]).mean()
        trace = SeriesModel(fast=True).follow(file.values, file.stamps)
        held = (wanted >= trace.low[after]) & (wanted <= trace.high[after])
        inside.append(held.mean())
        beyond += ahead(file)
        if naive == 0 or np.nanmax(np.abs(seasonal(file)[after] - wanted)) == 0:
            continue  # drawn without noise: there is nothing to predict
        for name, found in (
            ("seasonal naive (a day before)", seasonal(file)),
            ("AR(8), least squares", autoregression(file)),
            ("exponential smoothing", smoothing(file)),
            ("HTM", trace.prediction),
        ):
            error = np.nanmean(np.abs(found[after] - wanted))
            ratios.setdefault(name, []).append(error / naive)
    print("\nerror of the next value over that of the last value, after the learning period\n")
    rows = [
        (name, f"{np.exp(np.log(one).mean()):.3f}", f"{np.mean(np.array(one) < 1):.0%}", len(one))
        for name, one in ratios.items()
    ]
    table(("predictor", "geometric mean", "better than the last value", "series"), rows)
    low, high = np.quantile(inside, [0.1, 0.9])
    print(
        f"\n90 % bands hold {100 * np.mean(inside):.1f} % of the next values (tenth and ninetieth "
        f"of a hundred series: {100 * low:.1f} and {100 * high:.1f} %); of 24 values ahead "
        f"{100 * np.mean(beyond):.1f} %"
    )


def ahead(file: File, steps: int = 24) -> list[bool]:
    """Whether values up to 24 ahead lie in the band that was forecast, from eight places."""
    model, found, begin = SeriesModel(fast=True, learning=max(10, file.probation)), [], 0
    for place in np.linspace(file.probation, len(file.values) - steps, 9)[:8].astype(int):
        model.fit(file.values[begin:place], file.stamps[begin:place])
        coming, wanted = model.forecast(steps), file.values[place : place + steps]
        found += ((wanted >= coming.at(0.05)) & (wanted <= coming.at(0.95))).tolist()
        begin = place
    return found


# ------------------------------------------------------------------ speed
def speed(count: int) -> None:
    """Processor seconds and memory on a noisy daily pattern."""
    rng = np.random.default_rng(0)
    t = np.arange(count)
    values = 20 * np.sin(t * 2 * np.pi / 288) + np.cumsum(rng.normal(0, 0.02, count))
    values += rng.normal(size=count)
    seconds = 1.7e9 + 300.0 * t
    rows = []
    for name, fast, way in (
        ("detect", False, "detect"),
        ("detect, fast", True, "detect"),
        ("follow (bands too)", False, "follow"),
    ):
        model = SeriesModel(600, fast=fast)
        getattr(model, way)(values[:1000], seconds[:1000])
        before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
        getattr(model, way)(values, seconds)
        took = time.process_time() - began
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        rows.append((name, f"{count:,}", f"{count / took:,.0f}", f"{grown:.0f} MB"))
    model, few = SeriesModel(600), 5000
    began = time.process_time()
    for value, second in zip(values[:few], seconds[:few], strict=True):
        model.update(value, second)
    rows.append(("update", f"{few:,}", f"{few / (time.process_time() - began):,.0f}", ""))
    print("\nvalues a second of one core; memory above that of the values themselves\n")
    table(("call", "values", "values a second", "memory grown by"), rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--results")
    parser.add_argument("--long", action="store_true")
    args = parser.parse_args()
    provenance("series", args.folder, 0)
    files = read(args.folder)
    detection(files, args.results)
    prediction(files)
    speed(10_000_000 if args.long else 500_000)


if __name__ == "__main__":
    main()
