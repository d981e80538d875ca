"""Files spread over a cluster, and scientists' searches; ``tests/runs`` has the trainings."""

from __future__ import annotations

from concurrent.futures import Future

import numpy as np
import pytest
from PIL import Image
from sklearn.model_selection import GridSearchCV, cross_val_score

from htm_engine import HTM, LayerSpec, cluster, decompress_image
from htm_engine.__main__ import main
from htm_engine.cli import each

distributed = pytest.importorskip("distributed")
joblib = pytest.importorskip("joblib")


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=False,
            protocol="tcp",
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
        ) as made,
        distributed.Client(made) as found,
    ):
        yield found


def test_a_folder_is_stored_by_the_workers_of_a_scheduler(client, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for name in "abcd":
        Image.fromarray(rng.integers(0, 40, (16, 24), np.uint8)).save(f"{name}.png")
    (tmp_path / "e.png").write_bytes(b"\x89PNG\r\n\x1a\n is no picture")
    names = [f"{name}.png" for name in "abcde"]
    address = client.scheduler.address
    assert main(["compress", *names, "--lossless", "--scheduler", address, "-o", "out/"]) == 1
    said = capsys.readouterr()
    assert "4 of 5" in said.out and "e.png" in said.err and "a.png -> " in said.out
    for name in "abcd":
        stored = (tmp_path / "out" / f"{name}.png.htmc").read_bytes()
        kept = decompress_image(stored)
        assert np.array_equal(kept, np.asarray(Image.open(f"{name}.png")))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("tcp://192.0.2.7:8786", "without TLS"),
        ("tcp://127.0.0.1:9", "No scheduler answers"),
    ],
)
def test_a_scheduler_that_may_not_be_used_is_refused(tmp_path, capsys, monkeypatch, address, said):
    monkeypatch.setattr(each, "CONNECT", 0.2)
    (tmp_path / "a.txt").write_text("some words")
    assert main(["compress", str(tmp_path / "a.txt"), "--scheduler", address]) != 0
    assert said in capsys.readouterr().err


def test_a_pipe_goes_to_no_scheduler(tmp_path, capsys, monkeypatch):
    (tmp_path / "a.txt").write_text("some words")
    for command in (["-"], [str(tmp_path / "a.txt"), "-o", "-"]):
        assert main(["compress", *command, "--scheduler", "tcp://127.0.0.1:9"]) != 0
        assert "give files" in capsys.readouterr().err


def test_a_file_whose_workers_die_is_told_and_the_others_go_on():
    first, second = (each.Item(name, f"{name}.htmc", "text") for name in "ab")

    class Pool:
        def submit(self, work, _, item, how):
            future = Future()
            if item is first:
                future.set_exception(distributed.KilledWorker("task", None, 4))
            else:
                future.set_result(each.Done(item))
            return future

    calls = ((None, item, None) for item in (first, second))
    found = {
        done.item: done for done in each._results(Pool(), 1, calls, (distributed.KilledWorker,))
    }
    assert "lost" in found[first].error and not found[second].error


def test_without_dask_it_says_what_to_install(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(cluster, "installed", lambda: False)
    (tmp_path / "a.txt").write_text("some words")
    command = ["compress", str(tmp_path / "a.txt"), "--scheduler", "tcp://127.0.0.1:9"]
    assert main(command) != 0
    assert "htm-studio[cluster]" in capsys.readouterr().err


def test_searchers_of_scikit_learn_find_the_same_by_workers(client):
    X = np.random.default_rng(0).random((90, 12))
    model = HTM((LayerSpec(units=4, rank=2),), epochs=2, coder=False, sampler=False)
    grid = {"learning_rate": [0.01, 0.05], "layers": [(LayerSpec(units=3, rank=1),), model.layers]}

    def searched():
        search = GridSearchCV(model, grid, cv=2).fit(X)
        return search.best_params_, search.cv_results_["mean_test_score"].tolist()

    here, scores = searched(), cross_val_score(model, X, cv=3)
    with joblib.parallel_config("dask", wait_for_workers_timeout=10):
        assert searched() == here
        assert cross_val_score(model, X, cv=3).tolist() == scores.tolist()
