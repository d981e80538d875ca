"""Dask arrays: the same network as from an array in memory, however many workers compute it."""

from __future__ import annotations

import time

import numpy as np
import pytest

from htm_engine import HTM, LayerSpec
from htm_engine.coding.collection.codec import compress_collection, decompress_collection
from htm_engine.errors import ClusterError, DataError
from htm_engine.estimator import spread
from htm_engine.model import shuffling
from htm_engine.model.layer import CompetitiveLayer
from htm_engine.model.learning import LayerLearner
from htm_engine.model.sums import merged, opened, sums

da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")

LAYERS = (LayerSpec(4, 8, 3), LayerSpec(2, 8, 4))
WHOLE = (LayerSpec(8, 6, 2),)


@pytest.fixture(scope="module")
def pictures():
    rng = np.random.default_rng(0)
    shapes = rng.random((12, 5)) @ rng.random((5, 64))
    drawn = shapes[np.sort(rng.integers(0, 12, 5200))] * rng.random((5200, 1))  # sorted by shape
    return np.clip(drawn / shapes.max() * 255, 0, 255).astype(np.uint8).reshape(-1, 8, 8)


@pytest.fixture(params=[1, 2, 4])
def workers(request):
    with (
        distributed.LocalCluster(
            n_workers=request.param,
            threads_per_worker=1,
            processes=False,
            dashboard_address="127.0.0.1:0",
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def learned(X, **settings):
    plain = {"layers": LAYERS, "epochs": 2, "coder": False, "sampler": False}
    return HTM(**plain | settings).fit(X).fingerprint


#: Batches of one part, and of three; mirror images; windows that are much smaller than the data.
WAYS = {
    "one part": {},
    "parts": {"batch_size": 4600, "mirror": True},
    "windows": {"layers": WHOLE, "batch_size": 2500, "epochs": 3},
}


@pytest.fixture(scope="module")
def known(pictures):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shuffling, "BLOCK", 256)  # as the tests below
        patch.setattr(shuffling, "BYTES", 0)
        return {way: learned(pictures, **settings) for way, settings in WAYS.items()}


@pytest.fixture(autouse=True)
def small_windows(monkeypatch):
    """Eight blocks of 256 rows make a window, so that 5,200 pictures are several."""
    for module in (shuffling, spread):
        monkeypatch.setattr(module, "BLOCK", 256)
    monkeypatch.setattr(shuffling, "BYTES", 0)


@pytest.mark.parametrize("way", WAYS)
def test_without_a_cluster_it_is_the_network_of_an_array(pictures, known, way):
    assert learned(da.from_array(pictures, chunks=(700, 4, 8)), **WAYS[way]) == known[way]


def test_the_number_of_workers_changes_nothing(pictures, known, workers):
    for way, settings in WAYS.items():
        assert learned(da.from_array(pictures, chunks=900), **settings) == known[way], way
    model = HTM(LAYERS, epochs=1, coder=False, sampler=False).fit(pictures[:500])
    lazy = da.from_array(pictures, chunks=(900, 8, 4))
    assert np.array_equal(model.transform(lazy).compute(), model.transform(pictures))
    rebuilt = model.reconstruct(lazy)
    assert rebuilt.shape == pictures.shape
    assert np.array_equal(rebuilt.compute(), model.reconstruct(pictures))
    assert model.score(lazy) == pytest.approx(model.score(pictures), rel=1e-9)


@pytest.mark.parametrize("count", [1, 2])
def test_workers_that_are_lost_in_the_middle_cost_nothing_but_time(
    pictures, known, monkeypatch, count
):
    monkeypatch.setattr(spread, "PAUSE", 0.0)
    monkeypatch.setattr(spread, "LOOK", 0.2)
    monkeypatch.setattr(spread, "PATIENCE", 2.0)
    with (
        distributed.LocalCluster(
            n_workers=count, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        sent, failing = client.scatter, []

        def scatter(*args, **settings):
            if failing and failing.pop():
                raise distributed.comm.CommClosedError("its worker is gone")
            return sent(*args, **settings)

        monkeypatch.setattr(client, "scatter", scatter)
        model = HTM(LAYERS, epochs=2, coder=False, sampler=False, **WAYS["parts"])
        steps = model.fit_steps(da.from_array(pictures, chunks=900))
        next(steps)
        failing.extend([True, False, True])  # of sums, and of the way up
        next(steps)
        assert not failing
        cluster.scale(0)
        while client.nthreads():
            time.sleep(0.01)
        cluster.scale(count)
        client.wait_for_workers(1, timeout=20)
        for _ in steps:
            pass
        assert model.fingerprint == known["parts"]
        monkeypatch.setattr(spread, "PATIENCE", 0.1)
        steps = model.fit_steps(da.from_array(pictures, chunks=900))
        next(steps)
        cluster.scale(0)
        while client.nthreads():
            time.sleep(0.01)
        with pytest.raises(ClusterError, match="see that some are there"):
            next(steps)


def test_codes_are_as_lazy_as_the_data(pictures):
    model = HTM(WHOLE, epochs=1, coder=False, sampler=False).fit(pictures[:300])
    read = []

    def noted(block):
        read.append(len(block))
        return block

    lazy = da.from_array(pictures, chunks=1000).map_blocks(noted, dtype=np.uint8, meta=pictures[:0])
    codes = model.encode(lazy)
    assert not read and len(codes) == len(pictures)
    few = codes.winners[:10].compute()
    assert read == [1000] and np.array_equal(few, model.encode(pictures[:10]).winners)


def test_a_collection_is_the_same_file(pictures):
    model = HTM(WHOLE, epochs=1, sampler=False).fit(pictures[:400])
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
        ) as cluster,
        distributed.Client(cluster),
    ):
        lazy = compress_collection(model, da.from_array(pictures[:2100], chunks=500), 3)
    assert lazy == compress_collection(model, pictures[:2100], 3)
    assert decompress_collection(lazy, model).shape == (2100, 8, 8)


def test_partial_fit_takes_them_batch_by_batch(pictures):
    one, other = (HTM(WHOLE, batch_size=700, coder=False, sampler=False) for _ in range(2))
    for part in (slice(0, 2000), slice(2000, 3000)):
        one.partial_fit(pictures[part])
        other.partial_fit(da.from_array(pictures[part], chunks=300))
    assert one.fingerprint == other.fingerprint


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda X: da.from_array(X, chunks=1000)[da.from_array(X[:, 0, 0], 1000) > 3], "length"),
        (lambda X: da.from_array(X.reshape(-1), chunks=1000), "axes"),
        (lambda X: da.from_array(X[:0], chunks=1000), "no pictures"),
        (lambda X: da.from_array(X.astype("U3"), chunks=1000), "numbers"),
        (lambda X: da.from_array(np.where(X > 3, X, np.nan), chunks=1000), "NaN"),
    ],
)
def test_what_cannot_be_learned_from_is_said(pictures, made, said):
    with pytest.raises(DataError, match=said):
        HTM(WHOLE, epochs=1).fit(made(pictures))


def test_other_sizes_than_learned_are_refused(pictures):
    model = HTM(WHOLE, epochs=1, coder=False, sampler=False).fit(da.from_array(pictures[:300]))
    with pytest.raises(DataError, match="reads pictures of"):
        model.transform(da.zeros((20, 9, 9), dtype=np.uint8))


@pytest.mark.parametrize("winners", [1, 3])
def test_sums_of_parts_are_those_of_the_whole(winners):
    rng = np.random.default_rng(1)
    x = (rng.standard_normal((900, 4)) @ rng.standard_normal((4, 12)) + 3).astype(np.float32)
    layer = CompetitiveLayer(LayerSpec(units=5, rank=3, winners=winners))
    learner = LayerLearner(layer, 0.02, rng)
    learner.start(x[:300])
    standing = learner.standing()
    whole = sums(standing, x, 1.5)
    cut = [
        sums(standing, x[part], 1.5) for part in (slice(0, 500), slice(500, 510), slice(510, 900))
    ]
    both = merged(standing, [opened(standing, part) for part in cut])
    for name, close in whole._asdict().items():
        np.testing.assert_allclose(getattr(both, name), close, rtol=2e-3, atol=2e-3, err_msg=name)


def test_every_window_mixes_blocks_from_anywhere():
    rows = np.random.default_rng(0).permutation(10_000)[:9000]
    order = shuffling.shuffled(rows, 8, np.random.default_rng(3))
    assert sorted(order) == sorted(rows)
    first = order[:1500]
    assert len(np.unique(first // 256)) == 8 and np.ptp(first) > 5000
    assert not np.array_equal(order, shuffling.shuffled(rows, 8, np.random.default_rng(4)))
    few = shuffling.shuffled(rows, 64, np.random.default_rng(3))
    assert np.array_equal(few, np.random.default_rng(3).permutation(rows))
