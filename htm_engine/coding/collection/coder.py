"""The codec of collections: whole numbers for pictures, under tables measured in training.

Encoding goes down the hierarchy and keeps only what the decoder cannot predict::

    picture ──up──► top rows ──unit of least D + lambda R──► winner, quantised values
                                                      │ predict (whole numbers)
    picture - prediction ──tiles──► residual units ──► winners, quantised values
                                                      │
                                         range coder ──► payload

Payload, in order: top winners (a slot at a time), top weights if more than one unit
wins, top values; then, unless the residual is left out, a position at a time, the tile
winners and the tile values.  All probabilities are integer tables in the model, one set a
quality; the decoder works on whole numbers only (``fixed``), so a file gives the same
bytes of picture on any machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError
from ...model.competition import winners as strongest
from ...model.hierarchy import Hierarchy
from ...model.layer import RowCodes
from ...model.patches import tiling
from ..rangecoder import SymbolReader, SymbolWriter, index_bits, rounded_counts
from . import residual_units, values
from .blocks import BlockCoder, top_of
from .fixed import ONE, VALUE_BITS, FixedDecoder, dequantise, shift, to_bytes, whole
from .quantise import QUALITIES, fit_classes, step_of
from .residual_learning import learn
from .tables import low_shapes, stacked, top_shapes, unstacked
from .toplevel import TopLevel, block_shape
from .values import Int, no_features
from .winner import TopTables, Views, best_unit

#: Units of the residual, at most.
RESIDUAL_UNITS = 16
#: Quality whose residuals the residual units are learned on.
LEARN_AT = 5
#: Rows of the top level, and tiles, on which tables are measured at most.
MEASURED_ROWS, MEASURED_TILES = 16_384, 32_768
#: Times the residual units' tables are fitted to what they choose.
ROUNDS = 3
#: Pictures coded at a time.
BLOCK = 2048


def is_picture(maps: NDArray[np.floating]) -> bool:
    """Whether all numbers are intensities from 0 to 1."""
    return bool(maps.min() >= -1e-6 and maps.max() <= 1 + 1e-6)


def tile_side(hierarchy: Hierarchy) -> int:
    """Side of the tiles in which the residual is coded."""
    return min(hierarchy.layers[0].spec.patch, residual_units.LARGEST_TILE)


def tiles_of(hierarchy: Hierarchy) -> int:
    """Number of tiles of a picture."""
    height, width, _ = hierarchy.map_shapes[0]
    side = tile_side(hierarchy)
    return tiling(height, side).number * tiling(width, side).number


@dataclass(frozen=True)
class Coded:
    """Whole numbers of a collection, ready for the range coder.

    Attributes
    ----------
    winners, weights : ndarray (rows, k)
        Units of the top level and their activations in multiples of 1/32; a row a
        picture and position.
    q : ndarray (rows, r)
        Values of the first winner.
    tiles : residual_units.Tiles or None
    top_bits : ndarray (n,)
        Ideal length of each picture's part in the top level.
    """

    winners: NDArray[np.int64]
    weights: NDArray[np.int64]
    q: NDArray[np.int32]
    tiles: residual_units.Tiles | None
    top_bits: NDArray[np.float32]


class CollectionCoder:
    """Tables of a trained network, one set a quality, and the codec that uses them."""

    def __init__(self) -> None:
        self.top: list[TopTables] = []
        self.low: list[residual_units.Tables] = []
        self.units: residual_units.ResidualUnits
        self.blocks: BlockCoder | None = None

    # -------------------------------------------------------------- measuring
    def measure(self, hierarchy: Hierarchy, maps: NDArray[np.floating]) -> Iterator[float]:
        """Measure the tables on pictures; yields the part done.

        Raises
        ------
        DataError
            If the numbers are not intensities from 0 to 1.
        """
        if not is_picture(maps):
            raise DataError("Files hold pictures: intensities from 0 to 1, or bytes.")
        self._attach(hierarchy)
        grid = int(np.prod(hierarchy.grid_shapes[-1]))
        maps = maps[: max(1, MEASURED_ROWS // grid)].astype(np.float32)
        rng = np.random.default_rng(len(maps))
        self.top = []
        predictions = []
        rows, own = self._top_rows(maps)
        codes, views = hierarchy.layers[-1].encode(rows), self._views(rows)
        for quality in range(1, QUALITIES + 1):
            tables = self._first_tables(codes, own, quality)
            for _ in range(2):
                coded = self._encode_top(rows, own, tables, quality, views)
                tables = self._fit_top(coded, own)
            self.top.append(tables)
            predictions.append(coded)
            yield 0.4 * quality / QUALITIES
        few = slice(0, max(1, min(len(maps), MEASURED_TILES // tiles_of(hierarchy))))
        top = slice(0, few.stop * grid)

        def seen(quality: int) -> NDArray[np.float64]:
            coded, step = predictions[quality - 1], step_of(quality)
            return self.fixed.predict(coded.winners[top], coded.weights[top], coded.q[top], step)

        def residual(seen: NDArray[np.float64]) -> NDArray[np.float32]:
            return (maps[few] - seen / ONE).astype(np.float32)

        tile = tile_side(hierarchy)
        step = step_of(LEARN_AT) / (1 << VALUE_BITS)
        self.units = learn(residual(seen(LEARN_AT)), tile, RESIDUAL_UNITS, step, rng)
        self.low = []
        for quality in range(1, QUALITIES + 1):
            prediction, step = seen(quality), step_of(quality) / (1 << VALUE_BITS)
            error, lively = residual(prediction), self.units.lively(prediction)
            low = None
            for _ in range(ROUNDS):
                low = self.units.measure(error, lively, step, low)
            assert low is not None
            self.low.append(low)
            yield 0.4 + 0.3 * quality / QUALITIES
        self._fix_bases()
        shape, positions = block_shape(hierarchy)
        if BlockCoder.fits(shape):
            like = None
            if views is not None:
                like = top_of(codes.values[:, 0], codes.winners[:, 0], views.errors.shape[1])
            self.blocks = BlockCoder(shape, positions, TopLevel(self), like)
            for part in self.blocks.learn(maps):
                yield 0.7 + 0.3 * part

    def _attach(self, hierarchy: Hierarchy) -> None:
        self.hierarchy = hierarchy
        self.fixed = FixedDecoder(hierarchy)

    def _fix_bases(self) -> None:
        self.fixed_bases = whole(self.units.bases)

    def _top_rows(self, maps: NDArray[np.floating]) -> tuple[NDArray[Any], NDArray[np.intp]]:
        """Rows of the top level and the position of each on its grid."""
        h = self.hierarchy
        level = len(h.layers) - 1
        grid = int(np.prod(h.grid_shapes[-1]))
        block = max(1, BLOCK * 8 // max(1, int(np.prod(h.grid_shapes[0]))))
        parts = [
            h.rows(level, h.input_of(level, maps[i : i + block]))
            for i in range(0, len(maps), block)
        ]
        return np.concatenate(parts), np.tile(np.arange(grid), len(maps))

    def _views(self, rows: NDArray[Any]) -> Views | None:
        """What every unit makes of every row; needed where one unit wins."""
        layer = self.hierarchy.layers[-1]
        if layer.winners_kept > 1:
            return None
        errors, z = layer.views(rows)
        return Views(errors, z.astype(np.float32))

    def _first_tables(self, codes: RowCodes, position: NDArray[np.intp], quality: int) -> TopTables:
        layer = self.hierarchy.layers[-1]
        step = step_of(quality) / (1 << VALUE_BITS)
        q = np.trunc(codes.values[:, 0] / step).astype(np.int32)
        fitted = values.fit(q, codes.winners[:, 0], layer.units, no_features(len(q)))
        positions = int(position.max()) + 1
        counts = np.tile(np.maximum(layer.shares, 1e-6) * 1000, (positions, 1))
        weights = np.zeros(layer.winners_kept, np.uint8)
        return TopTables(fitted, rounded_counts(counts), weights)

    def _fit_top(self, coded: Coded, position: NDArray[np.intp]) -> TopTables:
        layer = self.hierarchy.layers[-1]
        blank = no_features(len(coded.q))
        fitted = values.fit(coded.q, coded.winners[:, 0], layer.units, blank)
        counts = np.zeros((int(position.max()) + 1, layer.units))
        for slot in range(coded.winners.shape[1]):
            np.add.at(counts, (position, coded.winners[:, slot]), 1)
        together = counts.sum(0)
        counts += 4 * (together + 0.5) / (together.sum() + 1)
        kept = fit_classes(
            (coded.weights - self.usual_weights()).astype(np.int32),
            np.zeros(len(coded.weights), np.int64),
            1,
        )[0, 0]
        return TopTables(fitted, rounded_counts(counts), kept)

    def usual_weights(self) -> NDArray[np.int64]:
        """Activations of the winners as they are on average, which files store only the rest of."""
        return np.rint(self.hierarchy.layers[-1].profile.astype(np.float64) * 32).astype(np.int64)

    # --------------------------------------------------------------- encoding
    def encode(self, maps: NDArray[np.floating], quality: int, with_residual: bool = True) -> Coded:
        """Whole numbers for pictures ``(n, H, W, C)`` in 0..1."""
        rows, position = self._top_rows(maps)
        coded = self._encode_top(rows, position, self.top[quality - 1], quality, self._views(rows))
        if not with_residual:
            return coded
        step = step_of(quality)
        seen = self.fixed.predict(coded.winners, coded.weights, coded.q, step)
        tiles = self.units.encode(
            (maps - seen / ONE).astype(np.float32),
            self.units.lively(seen),
            self.low[quality - 1],
            step / (1 << VALUE_BITS),
        )
        return Coded(coded.winners, coded.weights, coded.q, tiles, coded.top_bits)

    def _encode_top(
        self,
        rows: NDArray[Any],
        position: NDArray[np.intp],
        tables: TopTables,
        quality: int,
        views: Views | None,
    ) -> Coded:
        layer = self.hierarchy.layers[-1]
        rates = index_bits(tables.counts)[position]
        n, k = len(rows), layer.winners_kept
        q = np.zeros((n, layer.rank), np.int32)
        if views is None:
            # Several winners share the work; their values are not stored in this version.
            shares = layer.responsibilities(rows)
            index = strongest(shares, k).astype(np.int64)
            h = np.take_along_axis(shares, index, 1)
            weights = np.rint(32 * h / np.maximum(h.sum(1, keepdims=True), 1e-30)).astype(np.int64)
            bits = np.take_along_axis(rates, index, 1).sum(1)
        else:
            index, q, bits = best_unit(views, tables, rates, step_of(quality) / (1 << VALUE_BITS))
            weights = np.full((n, 1), 32, np.int64)
        per = bits.reshape(-1, int(position.max()) + 1).sum(1).astype(np.float32)
        return Coded(index, weights, q, None, per)

    def decode(self, coded: Coded, quality: int) -> NDArray[np.uint8]:
        """Pictures ``(n, H, W, C)`` from whole numbers; exact on any machine."""
        step, tiles, begin = step_of(quality), coded.tiles, 0
        # Values stand in order of position, then picture: the place of each tile's.
        place = None if tiles is None else (tiles.winners.T > 0).ravel().cumsum() - 1
        pictures = []
        for maps in self._predictions(coded, step):
            block = slice(begin, begin + len(maps))
            begin = block.stop
            if tiles is not None and place is not None:
                winners = tiles.winners[block]
                own = place.reshape(tiles.winners.T.shape)[:, block][winners.T > 0]
                maps = maps + self._residual(winners, tiles.q[own], step)
            pictures.append(to_bytes(maps))
        return np.concatenate(pictures)

    def _predictions(self, coded: Coded, step: int) -> Iterator[NDArray[np.float64]]:
        """Predicted pictures in whole numbers, a block at a time."""
        rows = BLOCK * int(np.prod(self.hierarchy.grid_shapes[-1]))
        for start in range(0, len(coded.q), rows):
            own = slice(start, start + rows)
            yield self.fixed.predict(coded.winners[own], coded.weights[own], coded.q[own], step)

    def _residual(
        self, winners: NDArray[np.int64], q: NDArray[np.int32], step: int
    ) -> NDArray[np.float64]:
        """Residual maps from the tiles' winners ``(n, positions)`` and their values."""
        rows = np.zeros((*winners.T.shape, self.fixed_bases.shape[1]))
        active = winners.T > 0
        unit = winners.T[active] - 1
        values = dequantise(q, step)
        out = np.zeros_like(values)
        for index in np.unique(unit):
            own = unit == index
            out[own] = shift(values[own] @ self.fixed_bases[index].T, VALUE_BITS)
        rows[active] = out
        joined: NDArray[np.float64] = self.units.join(rows.transpose(1, 0, 2)).astype(np.float64)
        return joined

    # ------------------------------------------------------------------ bytes
    def write(self, coded: Coded, quality: int) -> bytes:
        """Payload of a file."""
        top = self.top[quality - 1]
        writer = SymbolWriter()
        position = self._positions(len(coded.winners))
        for slot in range(coded.winners.shape[1]):
            writer.indices(coded.winners[:, slot], position, top.counts)
        if coded.winners.shape[1] > 1:
            off = (coded.weights - self.usual_weights()).astype(np.int32)
            writer.values(off.ravel(), np.tile(top.weights, len(off)))
        else:
            unit = coded.winners[:, 0]
            values.write(writer, coded.q, unit, top.values, no_features(len(unit)))
        if coded.tiles is not None:
            lively = self.lively(coded, quality)
            self.units.write(writer, coded.tiles, lively, self.low[quality - 1])
        return writer.finish()

    def read(self, payload: bytes, count: int, quality: int, with_residual: bool) -> Coded:
        """Inverse of :meth:`write`."""
        layer, top = self.hierarchy.layers[-1], self.top[quality - 1]
        reader = SymbolReader(payload)
        slots = [reader.every(count, top.counts).ravel() for _ in range(layer.winners_kept)]
        index = np.stack(slots, 1).astype(np.int64)
        rows = len(index)
        q = np.zeros((rows, layer.rank), np.int32)
        weights = np.full(index.shape, 32, np.int64)
        if layer.winners_kept > 1:
            off = reader.values(np.tile(top.weights, rows)).reshape(index.shape)
            weights = off + self.usual_weights()
        else:
            q = values.read(reader, index[:, 0], top.values, no_features(rows))
        coded = Coded(index, weights, q, None, np.zeros(count, np.float32))
        if with_residual:
            lively = self.lively(coded, quality)
            tiles = self.units.read(reader, lively, self.low[quality - 1])
            coded = replace(coded, tiles=tiles)
        reader.finish()
        return coded

    def lively(self, coded: Coded, quality: int) -> Int:
        """What the decoder knows of every tile from the top level: see ``ResidualUnits``."""
        seen = self._predictions(coded, step_of(quality))
        return np.concatenate([self.units.lively(maps) for maps in seen])

    def _positions(self, rows: int) -> NDArray[np.int64]:
        grid = int(np.prod(self.hierarchy.grid_shapes[-1]))
        return np.tile(np.arange(grid, dtype=np.int64), rows // grid)

    # -------------------------------------------------------------- the model
    def arrays(self) -> dict[str, NDArray[Any]]:
        """What a model file keeps."""
        blocks = {} if self.blocks is None else self.blocks.arrays()
        return stacked(self.top, self.low) | {
            "bases": self.units.bases.astype(np.float32),
            "tile": np.array([self.units.patch], np.int64),
            **{f"blocks_{name}": array for name, array in blocks.items()},
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]], hierarchy: Hierarchy) -> Self:
        """Inverse of :meth:`arrays`; shapes that do not fit raise ``ValueError``."""
        coder = cls()
        coder._attach(hierarchy)
        layer = hierarchy.layers[-1]
        height, width, channels = hierarchy.map_shapes[0]
        tile = int(arrays["tile"][0])
        if not 1 <= tile <= residual_units.LARGEST_TILE:
            raise ValueError("wrong tile size in the coder's tables")
        coder.units = residual_units.ResidualUnits(arrays["bases"], tile, (height, width, channels))
        d = coder.units.split(np.zeros((1, height, width, channels))).shape[2]
        units = len(arrays["bases"])
        positions = int(np.prod(hierarchy.grid_shapes[-1]))
        expected = {
            **top_shapes(layer.units, layer.rank, positions, layer.winners_kept),
            **low_shapes(units, d, coder.units.leanings),
        }
        for name, shape in expected.items():
            if arrays[name].shape != (QUALITIES, *shape):
                raise ValueError(f"wrong table {name} of the coder")
        if arrays["bases"].shape != (units, d, d):
            raise ValueError("wrong bases of the coder")
        coder.top, coder.low = unstacked(arrays, QUALITIES)
        coder._fix_bases()
        blocks = {k.removeprefix("blocks_"): v for k, v in arrays.items() if k[:7] == "blocks_"}
        if blocks:  # networks of before there were any write files of the first form
            shape, sizes = (height, width, channels), (layer.units, layer.rank)
            network = TopLevel(coder)
            coder.blocks = BlockCoder.from_arrays(blocks, shape, positions, network, sizes)
        return coder
