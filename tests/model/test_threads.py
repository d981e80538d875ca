"""Threads of BLAS: one while small products are at work, and as before afterwards."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from htm_engine import HTM, LayerSpec
from htm_engine.model.threads import SHARED, bounded, each_bounded, one_thread


def threads() -> set[int]:
    return {
        lib.num_threads for lib in ThreadpoolController().select(user_api="blas").lib_controllers
    }


@pytest.fixture(autouse=True)
def two():
    """Two threads, whatever the tests around run under."""
    with threadpool_limits(2, user_api="blas"):
        if threads() != {2}:
            pytest.skip("this BLAS keeps to one thread")
        yield


def test_small_products_have_one_thread_and_large_ones_what_there_was():
    with bounded():
        assert threads() == {1}
        with bounded():
            assert threads() == {1}
        assert threads() == {1}
    assert threads() == {2}
    with bounded(SHARED):
        assert threads() == {2}


def test_an_exception_puts_the_threads_back():
    with pytest.raises(ValueError, match="no"), bounded():
        raise ValueError("no")
    assert threads() == {2}


def test_the_last_of_several_who_work_at_once_puts_the_threads_back():
    inside, leave = threading.Event(), threading.Event()

    def other():
        with bounded():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with bounded():
        thread.start()
        assert inside.wait(10)
    assert threads() == {1}  # the other still works
    leave.set()
    thread.join(10)
    assert threads() == {2}


def test_a_thread_that_is_not_the_first_has_its_bound_as_well():
    """As every training of the dashboard, which works in a thread of its own."""
    seen = []

    def other():
        with bounded():
            seen.append(threads())
        seen.append(threads())

    with bounded():
        pass
    thread = threading.Thread(target=other)
    thread.start()
    thread.join(10)
    assert seen == [{1}, {2}] and threads() == {2}


def test_between_two_steps_threads_are_as_they_were():
    def work():
        seen = yield threads()
        assert seen is None
        yield threads()
        return "done"

    def outer(found):
        found.append((yield from each_bounded(work())))

    found: list = []
    for step in outer(found):
        assert step == {1} and threads() == {2}
    assert found == ["done"]
    assert one_thread(threads)() == {1}


def test_a_network_works_with_one_thread_and_leaves_two(monkeypatch):
    seen = []
    step = HTM._step
    monkeypatch.setattr(HTM, "_step", lambda self, *a: seen.append(threads()) or step(self, *a))
    X = np.random.default_rng(0).random((60, 8, 8))
    for _ in HTM((LayerSpec(4, 4, 2),), epochs=1).fit_steps(X):
        assert threads() == {2}
    assert seen and all(found == {1} for found in seen)
