"""The training that the page opens with: its curve and its film belong together."""

from __future__ import annotations

import io

from PIL import Image

from htm_engine import HTM, LayerSpec
from htm_engine.data.datasets import load_dataset
from studio.train import recorded


def test_the_recorded_training_learns_and_has_a_picture_for_every_point():
    found, film = recorded.read(), Image.open(io.BytesIO(recorded.FILM.read_bytes()))
    assert found.steps[0] == 0 and film.n_frames == len(found.steps) == len(found.errors)
    assert min(found.errors) < found.errors[0] / 5
    assert recorded.FILM.stat().st_size < 250_000


def test_a_training_is_recorded_from_its_start():
    learn, held = load_dataset("digits", limit=120).split(0.2, 0)
    model = HTM((LayerSpec(8, 4, 2),), init="random", epochs=1)
    found, film = recorded.record(model, learn, held)
    assert found.units == 4 and found.steps[0] == 0 and found.errors[-1] < found.errors[0]
    assert Image.open(io.BytesIO(film)).n_frames == len(found.steps)
