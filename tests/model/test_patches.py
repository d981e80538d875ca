"""Splitting maps into patches and joining them again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from htm_engine.model.patches import join, split, tiling


@given(
    st.integers(1, 3),
    st.integers(1, 19),
    st.integers(1, 19),
    st.integers(1, 3),
    st.integers(1, 9),
    st.data(),
)
def test_join_returns_what_split_took_apart(n, height, width, channels, patch, data):
    stride = data.draw(st.one_of(st.none(), st.integers(1, patch)))
    maps = np.random.default_rng(0).random((n, height, width, channels))
    patches = split(maps, patch, stride)
    assert np.allclose(join(patches, height, width, patch, stride), maps)


def test_patches_are_the_blocks_of_the_picture_in_reading_order():
    maps = np.arange(16.0).reshape(1, 4, 4, 1)
    patches = split(maps, 2)
    assert patches.shape == (1, 2, 2, 4)
    assert patches[0, 0, 1].tolist() == [2, 3, 6, 7]
    assert patches[0, 1, 0].tolist() == [8, 9, 12, 13]


def test_uneven_sides_get_the_most_even_tiling():
    assert tiling(8, 7)[:3] == (4, 4, 2)
    assert tiling(8, 8)[:3] == (8, 8, 1)
    assert tiling(64, 7)[2:] == (10, 70)


def test_overlapping_patches_are_averaged_when_joined():
    patches = split(np.zeros((1, 3, 3, 1)), 2, 1)
    patches[0, 0, 0] = 4.0
    assert join(patches, 3, 3, 2, 1)[0, 1, 1, 0] == 1.0
    assert join(patches, 3, 3, 2, 1)[0, 0, 0, 0] == 4.0


@pytest.mark.parametrize(("patch", "stride"), [(0, None), (2, 3), (2, 0)])
def test_impossible_cuts_are_refused(patch, stride):
    with pytest.raises(ValueError, match="cannot cut"):
        tiling(8, patch, stride)


def test_patches_of_another_map_are_refused():
    with pytest.raises(ValueError, match="do not fit"):
        join(np.zeros((1, 2, 2, 4)), 9, 9, 2)
