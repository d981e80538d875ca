"""A training that would not fit into memory is refused before it begins, in one sentence."""

from __future__ import annotations

import numpy as np
import pytest

from htm_engine import HTM, LayerSpec
from htm_engine.errors import DataError
from htm_engine.runs import memory
from htm_engine.runs.background import Pool
from htm_engine.runs.jobs import TrainingJob

GB = 2**30


def test_what_a_training_needs_grows_with_units_rank_and_levels():
    base = memory.needed([LayerSpec(8, 64, 8)], (32, 32, 3))
    second = LayerSpec(4, 64, 16)
    for more in ([LayerSpec(8, 256, 8)], [LayerSpec(8, 64, 32)], [LayerSpec(8, 64, 8), second]):
        assert memory.needed(more, (32, 32, 3)) > 1.1 * base
    assert memory.needed([LayerSpec(4, 9, 2)], (64,)) < GB  # rows have no height


def test_every_preset_fits_a_small_machine(monkeypatch):
    monkeypatch.setattr(memory, "free", lambda: 2 * GB)
    from htm_engine.estimator.presets import PRESETS

    for preset in PRESETS.values():
        memory.check(preset.layers, (32, 32, 3))


@pytest.mark.parametrize(
    ("meminfo", "limit", "used", "free"),
    [
        ("MemTotal: 9 kB\nMemAvailable:    1024 kB\n", None, None, 1 << 20),
        ("MemAvailable:    1024 kB\n", "max", "7", 1 << 20),
        ("MemAvailable:    4096 kB\n", "3000000", "1000000", 2_000_000),
        (None, None, None, None),
        ("nonsense", "nonsense", "", None),
    ],
)
def test_the_tighter_of_machine_and_container_counts(tmp_path, meminfo, limit, used, free):
    for name, text in (("meminfo", meminfo), ("memory.max", limit), ("memory.current", used)):
        if text is not None:
            (tmp_path / name).write_text(text)
    assert memory.free(tmp_path, tmp_path) == free


def test_a_job_too_large_fails_at_once_with_both_numbers(monkeypatch):
    monkeypatch.setattr(memory, "free", lambda: GB // 2)
    huge = HTM((LayerSpec(32, 4000, 64),))
    job = TrainingJob(huge, np.zeros((50, 32, 32), np.uint8), pool=Pool(1))
    job.start()
    assert job.join(10)
    assert job.state == "failed" and "0.5 GB free" in job.error and "fewer units" in job.error
    monkeypatch.setattr(memory, "free", lambda: None)
    memory.check(huge.layers, (32, 32))  # where nobody tells, nothing is refused
    monkeypatch.setattr(memory, "free", lambda: 1000)
    with pytest.raises(DataError, match="memory"):
        memory.check(huge.layers, (32, 32))
