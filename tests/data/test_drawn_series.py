"""Every drawn series is odd where it says, and the detector finds that."""

from __future__ import annotations

import numpy as np
import pytest

import htm_engine
from htm_engine.data.drawn_series import DRAWN, draw_series
from htm_engine.errors import DataError


@pytest.mark.parametrize("name", list(DRAWN))
def test_its_oddities_are_found(name):
    drawn = draw_series(name)
    odd = np.flatnonzero(htm_engine.detect(drawn.data.values, drawn.data.stamps) >= 0.5)
    for first, last in drawn.odd:
        assert ((odd >= first) & (odd <= last)).any(), name
    inside = np.zeros(len(drawn.data), bool)
    for first, last in drawn.odd:
        inside[first : last + 1] = True
    assert (~inside[odd]).sum() <= 1


def test_the_seed_decides_alone():
    one, same, other = (draw_series("missing day", seed).data.values for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_an_unknown_name_is_refused():
    with pytest.raises(DataError, match="missing day"):
        draw_series("weather")
