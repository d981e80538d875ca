"""The tables beside the units: to draw by, and of the collection file.  A mixin of ``HTM``.

::

    fit ──units──► usable ──► the pictures that tables are learned from are kept aside
                                 │ when first asked for: sampler_, coder_, save, fingerprint,
                                 ▼ or in parts that tell their progress: table_steps
                              tables; what was kept aside is let go

Most of the time of a fit goes into tables that many never use.  They are learned with
randomness of their own, so they are the same whenever that is, to the last bit.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..coding.collection.coder import CollectionCoder, is_picture
from ..errors import DataError
from ..model.layer import Floats
from ..model.parts import mirrored
from ..model.threads import each_bounded
from ..sampling import learning
from ..sampling.tables import Sampler
from .inputs import MapInputs

#: Pictures learned from at a time.
BLOCK = 2000
#: Two threads that ask for the same tables must not both learn them.
_LEARNING = threading.RLock()


@dataclass
class Pending:
    """Pictures that tables are still to be learned from; None where they are not wanted.

    Attributes
    ----------
    sampler, coder : ndarray (n, ...) or None
        Copies, so that nobody changes them meanwhile; bytes, or single precision.
    """

    sampler: NDArray[Any] | None = None
    coder: NDArray[Any] | None = None


class Tables(MapInputs):
    """Learns tables when they are first asked for."""

    coder: bool
    sampler: bool
    mirror: bool

    # ---------------------------------------------------------------- asking
    @property
    def coder_(self) -> CollectionCoder | None:
        """Tables of the collection file; None if there are none, or data that is no pictures."""
        self._learn("coder")
        found: CollectionCoder | None = self._table("coder_")
        return found

    @coder_.setter
    def coder_(self, tables: CollectionCoder | None) -> None:
        self._put("coder", tables)

    @property
    def sampler_(self) -> Sampler | None:
        """Tables to draw by; None if there are none, or the top's units cannot draw by them."""
        self._learn("sampler")
        found: Sampler | None = self._table("sampler_")
        return found

    @sampler_.setter
    def sampler_(self, tables: Sampler | None) -> None:
        self._put("sampler", tables)

    def _table(self, name: str) -> Any:
        # Networks pickled before there were samplers have no such entry.
        if name not in self.__dict__ and not (name == "sampler_" and "coder_" in self.__dict__):
            raise AttributeError(f"this network has no {name!r} before it is fitted")
        return self.__dict__.get(name)

    def _put(self, name: str, tables: Any) -> None:
        self.__dict__[f"{name}_"] = tables
        if self.pending is not None:
            setattr(self.pending, name, None)

    @property
    def pending(self) -> Pending | None:
        """What tables are still to be learned from."""
        return self.__dict__.get("_pending")

    @property
    def awaited(self) -> tuple[str, ...]:
        """Tables that are still to be learned: of ``"sampler"``, ``"coder"``, in this order."""
        found = self.pending
        names = ("sampler", "coder")
        return tuple(one for one in names if found is not None and getattr(found, one) is not None)

    def keep_for_tables(self, X: Any, rows: NDArray[np.intp]) -> None:
        """Keep pictures aside for the tables that are wanted; ``rows`` are the coder's."""
        # Files hold pictures, and pictures are drawn; other numbers simply have no tables.
        self._pending = Pending()
        if self.coder and is_picture(self.batch(X, rows)):
            self._pending.coder = _copied(X[rows])
        if self.sampler and is_picture(self.batch(X, np.arange(min(len(X), 256)))):
            self._pending.sampler = _copied(X[_spread(len(X))])

    def forget_pending(self) -> None:
        """Do without the tables that were not learned yet."""
        self._pending = Pending()

    def table_steps(self) -> Iterator[tuple[str, float]]:
        """Learn the tables that are awaited, in parts: which, and its progress, 0 to 1."""
        for name in self.awaited:
            for part in self._steps(name):
                yield name, part

    def _learn(self, name: str) -> None:
        if name not in self.awaited:
            return
        with _LEARNING:
            for _ in self._steps(name) if name in self.awaited else ():
                pass

    def _steps(self, name: str) -> Iterator[float]:
        kept = getattr(self.pending, name)
        if name == "coder":
            yield from self._coder_steps(self.batch(kept, np.arange(len(kept))))
        else:
            yield from self._sampler_steps(kept)

    def __getstate__(self) -> Any:
        """Everything but pictures: a pickled network has its tables, and no training data."""
        for name in self.awaited:
            self._learn(name)
        state = dict(super().__getstate__())  # type: ignore[call-overload]
        state.pop("_pending", None)
        return state

    def __copy__(self) -> Self:
        """A network that shares its parts with this one."""
        taken = type(self).__new__(type(self))
        taken.__dict__.update(self.__dict__)
        if self.pending is not None:
            taken._pending = Pending(self.pending.sampler, self.pending.coder)
        return taken

    # ---------------------------------------------------------------- the file's
    def measure_coder(self, X: Any) -> Self:
        """Measure the collection file's tables on X, after ``partial_fit`` or ``coder=False``.

        Raises
        ------
        DataError
            If X holds no pictures.
        """
        for _ in self.coder_steps(X):
            pass
        return self

    def coder_steps(self, X: Any) -> Iterator[float]:
        """Measure the file's tables in parts that tell their progress, 0 to 1."""
        X = self.read(X)
        yield from self._coder_steps(self.batch(X, np.arange(min(len(X), 4096))))

    def _coder_steps(self, maps: Floats) -> Iterator[float]:
        coder = CollectionCoder()
        steps = coder.measure(self.hierarchy_, self.with_mirrored(maps))
        yield from each_bounded(_generator(steps), self.hierarchy_.work(len(maps)))
        self.coder_ = coder

    def with_mirrored(self, maps: Floats) -> Floats:
        """Maps ``(n, H, W, C)``, and if ``mirror`` asks for it their mirror images after them."""
        return mirrored(maps) if self.mirror else maps

    # ---------------------------------------------------------------- to draw by
    def measure_sampler(self, X: Any, y: Any = None) -> Self:
        """Learn the tables to draw by from X, and with labels ``y (n,)`` a class at a time too.

        A fitted network does so by itself, without labels; this is for after ``partial_fit``,
        for a model of before there were such tables, and for drawing by class.

        Raises
        ------
        DataError
            If there is not one label a picture.
        """
        for _ in self.sampler_steps(X, y):
            pass
        return self

    def measure_classes(self, X: Any, y: Any) -> Self:
        """Let tables that are there draw by class, from labelled pictures; quick, and few do.

        Raises
        ------
        DataError
            If there are no tables yet (:meth:`measure_sampler`), or not one label a picture.
        """
        if self.sampler_ is None:
            raise DataError("this network has no tables to draw by: see measure_sampler")
        if len(y) != len(X):
            raise DataError(f"there are {len(y)} labels for {len(X)} pictures")
        X, h = self.read(X), self.hierarchy_
        blocks = _Blocks(self, X, np.arange(len(X)))
        tops = [h.up(maps)[-1] for maps in blocks]
        won, values = (np.concatenate([part[i][:, 0] for part in tops]) for i in (0, 2))
        places = len(won) // len(X)
        label = np.repeat(np.asarray(y).astype(np.intp), places)
        self.sampler_ = learning.with_classes(self.sampler_, won, values, label)
        return self

    def sampler_steps(self, X: Any, y: Any = None) -> Iterator[float]:
        """Learn the tables to draw by in parts that tell their progress, 0 to 1."""
        yield from self._sampler_steps(self.read(X), y)

    def _sampler_steps(self, X: Any, y: Any = None) -> Iterator[float]:
        if y is not None and len(y) != len(X):
            raise DataError(f"there are {len(y)} labels for {len(X)} pictures")
        rows = _spread(len(X))
        blocks = _Blocks(self, X, rows)
        labels = None if y is None else np.asarray(y)[rows]
        steps = learning.learn(self.hierarchy_, blocks, labels)
        self.sampler_ = yield from each_bounded(steps, self.hierarchy_.work(min(len(X), BLOCK)))


class _Blocks(Sequence[Floats]):
    """Maps of chosen rows of X, a block at a time."""

    def __init__(self, model: Tables, X: Any, rows: NDArray[np.intp]) -> None:
        self._model, self._X, self._rows = model, X, rows

    def __len__(self) -> int:
        return -(-len(self._rows) // BLOCK)

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._model.batch(self._X, self._rows[index * BLOCK : (index + 1) * BLOCK])


def _spread(n: int) -> NDArray[np.intp]:
    """Rows that tables to draw by are learned from: all, or the most there may be.

    Evenly, so that data in the order of its labels is seen whole.
    """
    if n <= learning.MOST:
        return np.arange(n)
    return np.linspace(0, n - 1, learning.MOST).astype(np.intp)


def _copied(rows: Any) -> NDArray[Any]:
    """Pictures of one's own, no larger than the network reads them."""
    return np.array(rows, rows.dtype if rows.dtype == np.uint8 else np.float32)


def _generator(steps: Iterator[float]) -> Generator[float, None, None]:
    yield from steps
