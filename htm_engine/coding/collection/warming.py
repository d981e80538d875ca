"""How a collection's pictures move the entropy model that they are coded under.

Pictures are coded one after another, at steps drawn at random; adaptive probabilities and
gates go from one to the next.  Each picture is coded as it is and with the network's
prediction, until half of them have been; from then on only the cheaper one counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from ..arithmetic import ADAPT, new_registers
from ..photo.competition import Effort
from ..photo.entropy import SLOW
from .pictures import NOTHING, Frame, PictureCoder, Told

#: All of so many pictures, and a sixth of those that follow, up to the most.
_ALL, _PART, _MOST = 300, 6, 3000


def warmed(
    coder: PictureCoder,
    pictures: NDArray[np.uint8],
    told: Callable[[int, int], Told],
    frames: Callable[[int], Frame],
    effort: Effort,
) -> Iterator[float]:
    """Move a coder's own state; yields the part done.

    ``told(picture, level)`` is what the network would be told of a picture; ``frames(level)``
    what the files of a quality share.
    """
    count = len(pictures)
    count = min(count, _ALL + max(0, count - _ALL) // _PART, _MOST)
    rng = np.random.default_rng(count)
    levels = rng.integers(0, 10, count)
    out = np.zeros(1, np.uint8)
    for index in range(count):
        frame = frames(int(levels[index]))
        options = [NOTHING, told(index, int(levels[index]))]
        options = options if options[1].fineness else options[:1]
        chosen = [coder.choose(pictures[index], one, frame, effort) for one in options]
        best = min(chosen, key=lambda one: one.cost)
        for one in chosen if 2 * index < count else [best]:
            flags = coder.flags(one, pictures[index], frame)
            coder.go(one, flags, frame, new_registers(ADAPT, SLOW), out)
        yield (index + 1) / count
