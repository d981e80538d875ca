"""Any array that a caller may hold, any settings in their ranges, any order of calls.

``python -m tests.fuzz.calls --examples 2000 --seed 1`` is the long run; a share is in the
suite.  A call gives its result or one of our sentences: no other exception, and no warning
of NumPy's.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.exceptions import NotFittedError

from htm_engine import (
    HTM,
    LayerSpec,
    compress_collection,
    compress_image,
    compress_series,
    compress_text,
    decompress_collection,
    decompress_image,
    decompress_series,
    decompress_text,
)

#: How others begin: NumPy's and Python's own words say nothing to who called us.
FOREIGN = re.compile(
    "cannot reshape|operands|shapes |could not broadcast|index |array|zero-size|not enough|too many"
    "|matmul|all the input|need at least|setting an|math |expected|attempt|object"
)
#: Ours, and scikit-learn's for a model that learned nothing or values that are no numbers.
SENTENCES = (ValueError, NotFittedError)
KINDS = st.sampled_from(
    [np.uint8, np.int8, np.uint16, np.int32, np.int64, np.bool_, np.float16, np.float32, float]
)


#: What pictures and tables are mostly.
PLAIN = (np.uint8, np.float32, float)


def numbers(kind: Any) -> st.SearchStrategy[Any]:
    """Numbers of a kind: the ordinary mostly, and what a file may hold besides."""
    kind = np.dtype(kind)
    if kind.kind != "f":
        return arrays.from_dtype(kind)
    plain = st.floats(0, 1, width=16)
    return st.one_of(plain, plain, plain, arrays.from_dtype(kind))


def within(array: Any, how: int) -> Any:
    """The array in one of the containers and layouts that it may come in."""
    if how == 0:
        return array[::-1]
    if how == 1:
        return np.asfortranarray(array)
    if how == 2:
        return array.tolist()
    if how == 3:
        array.setflags(write=False)
    if how == 4 and array.ndim == 2:
        return pd.DataFrame(array)
    if how == 5 and array.dtype.kind in "iuf":
        return array.astype(array.dtype.newbyteorder())
    return array


@st.composite
def held(draw: Any, count: int = 1, least: int = 1) -> list[Any]:
    """Arrays that a caller may hold: mostly alike in kind and sides, and mostly plain."""
    sides = draw(arrays.array_shapes(min_dims=least, max_dims=3, min_side=1, max_side=9))
    made = []
    for _ in range(count):
        if draw(st.integers(0, 7)) == 0:
            sides = draw(arrays.array_shapes(min_dims=least, max_dims=4, min_side=0, max_side=9))
        kind = draw(KINDS) if draw(st.integers(0, 2)) == 0 else draw(st.sampled_from(PLAIN))
        shape = (draw(st.integers(1, 12)), *sides[1:])
        array = draw(arrays.arrays(kind, shape, elements=numbers(kind)))
        made.append(within(array, draw(st.integers(0, 11))))
    return made


LAYERS = st.builds(
    lambda patch, stride, **rest: LayerSpec(patch, stride=stride and min(stride, patch), **rest),
    patch=st.integers(1, 9),
    units=st.integers(1, 9),
    rank=st.integers(0, 4),
    winners=st.integers(1, 3),
    temperature=st.floats(0.05, 5),
    stride=st.none() | st.integers(1, 4),
    code=st.none() | st.integers(1, 5),
    prior=st.sampled_from([0, 4, 50]),
    compete_on=st.sampled_from(["explanation", "evidence"]),
)
NETWORKS = st.builds(
    HTM,
    layers=st.none() | st.lists(LAYERS, min_size=1, max_size=2).map(tuple),
    epochs=st.integers(1, 3),
    batch_size=st.none() | st.integers(1, 12),
    learning_rate=st.floats(0, 1),
    start_temperature=st.floats(1, 10),
    validation_fraction=st.sampled_from([0, 0.1, 0.5]),
    init=st.sampled_from(["k-means++", "random"]),
    mirror=st.booleans(),
    random_state=st.integers(0, 9),
)


def saved(model: HTM, x: Any) -> HTM:
    """Through a file: what comes back is the model, bit for bit."""
    file = io.BytesIO()
    model.save(file)
    file.seek(0)
    found = HTM.load(file)
    assert found.fingerprint == model.fingerprint
    return found


def stored(model: HTM, x: Any) -> None:
    """A file holds as many pictures as went in."""
    data = compress_collection(model, x, 4)
    assert len(decompress_collection(data, model)) == len(x)


def drawn(model: HTM, x: Any) -> None:
    samples = model.sample(3, 0)
    assert np.isfinite(samples).all() and len(samples) == 3


def coded(model: HTM, x: Any) -> None:
    codes = model.transform(x)
    assert np.isfinite(codes).all() and len(codes) == len(x)
    model.inverse_transform(codes)


CALLS: dict[str, Callable[[HTM, Any], Any]] = {
    "fit": lambda m, x: m.fit(x),
    "partial_fit": lambda m, x: m.partial_fit(x),
    "score": lambda m, x: m.score(x),
    "transform": coded,
    "reconstruct": lambda m, x: m.reconstruct(x),
    "sample": drawn,
    "save": saved,
    "compress": stored,
}
#: Tables take longest to learn, and are asked for by few.
ORDER = st.lists(
    st.sampled_from(["fit", "partial_fit", "fit", "score", "transform", "reconstruct", *CALLS]),
    max_size=4,
).map(lambda later: ["partial_fit" if len(later) == 1 else "fit", *later])


def said(error: Exception) -> None:
    """An error is one of our sentences, or scikit-learn's."""
    text = str(error)
    assert text.strip() and not FOREIGN.match(text), text


def units_of(model: HTM) -> list[bytes]:
    """What its units have learned: a fingerprint would learn tables first."""
    if not model.__sklearn_is_fitted__():
        return []
    layers = model.hierarchy_.layers
    return [part.tobytes() for one in layers for part in (one.m, one.u, one.w, one.b)]


def calls(model: HTM, order: list[str], data: list[Any], told: Counter[str]) -> None:
    """Make the calls, each with one of the arrays in turn."""
    for i, name in enumerate(order):
        before = units_of(model)
        try:
            found = CALLS[name](model, data[i % len(data)])
        except SENTENCES as error:
            said(error)
            told[f"{name}: told"] += 1
            assert units_of(model) == before, "a refused call changed the network"
        else:
            told[name] += 1
            model = found if isinstance(found, HTM) else model


def codecs(x: Any, told: Counter[str]) -> None:
    """Exact codecs give back what they took, or say what they do not take."""
    for name, there, back in (
        ("compress_series", compress_series, decompress_series),
        ("compress_image", lambda v: compress_image(v, lossless=True), decompress_image),
        ("compress_text", lambda v: compress_text(v, "blank"), decompress_text),
    ):
        try:
            data = there(x)
        except (ValueError, TypeError) as error:
            said(error)
            told[f"{name}: told"] += 1
            continue
        found = back(data)
        told[name] += 1
        if name == "compress_series":
            wanted = np.asarray(x)
            assert np.array_equal(np.asarray(found, float), wanted.astype(float), equal_nan=True)
        if name == "compress_image":
            # Grey comes back without the axis of one channel.
            np.testing.assert_array_equal(found, np.reshape(x, found.shape))
        if name == "compress_text":
            assert found == memoryview(x).tobytes()


def run(examples: int, of: int) -> Counter[str]:
    """So many examples from a seed; raises with the least that fails."""
    told: Counter[str] = Counter()
    options = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        print_blob=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )

    @seed(of)
    @options
    @given(NETWORKS, ORDER, held(2, 2))
    def networks(model: HTM, order: list[str], data: list[Any]) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            calls(model, order, data, told)

    @seed(of)
    @options
    @given(held())
    def values(data: list[Any]) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            codecs(data[0], told)

    networks()
    values()
    return told


def main() -> None:
    """The long run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    begun = time.perf_counter()
    told = run(chosen.examples, chosen.seed)
    for name, count in sorted(told.items()):
        print(f"{name:28} {count}")
    print(f"{chosen.examples} networks and arrays in {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
