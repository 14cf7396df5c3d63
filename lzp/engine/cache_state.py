"""The memory layout of the evaluation cache: what a network answered, by position.

::

    entries   [set 0: 4 entries][set 1: 4 entries]...     a key belongs to one set
                  | stamp, modulo rows
    policies  [row, move]                                 float32, as the network gave it

Policies are written in a ring, each over the oldest, so that memory is written in order.
There are twice as many entries as rows: the oldest of a set, which makes room for a new
one, has hardly ever a policy that is still there.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: What answers are shared by.
OFF = 0
EXACT = 1  # all that the network sees
TRANSPOSITIONS = 2  # the position, whatever led to it

#: Entries among which a key is looked for.
WAYS = 4
#: Keys of positions on their way to the network that can be noted; a power of two.
AWAITED = 2**12
#: Entries for each policy.
ENTRIES_PER_ROW = 2

CACHE = np.dtype(
    [
        ("mode", np.int64),
        ("symmetric_plies", np.int64),  # before these, positions share with their images
        ("stamp", np.int64),  # answers kept so far, and those forgotten that never were
        ("forgotten", np.int64),  # the stamp when all were forgotten
        ("lookups", np.int64),
        ("hits", np.int64),
        ("keys", np.uint64, 8),  # scratch: one for each symmetry
        ("awaited", np.uint64, AWAITED),  # keys of positions on their way, each in one place
    ],
    align=True,
)

ENTRY = np.dtype(
    [
        ("key", np.uint64),  # 0 where there is none
        ("stamp", np.int64),  # its number among the answers kept, from 1
        ("winrate", np.float32),  # of the color to play
        ("symmetry", np.int32),  # of the policy, seen from the canonical image
    ],
    align=True,
)


class CacheArrays(NamedTuple):
    """A cache, as kernels take it.

    Attributes:
        heads: CACHE [1].
        entries: ENTRY [N], a multiple of WAYS.
        policies: float32 [N / ENTRIES_PER_ROW, side² + 1].
        images: uint64 [3, side², 8]: random numbers of a stone, by color, on a point; under
            each symmetry the one of the point's image. EMPTY stands for a ko.
        products: int16 [8, 8]: products[a, b] is the symmetry that b and then a make.
    """

    heads: NDArray[np.void]
    entries: NDArray[np.void]
    policies: NDArray[np.float32]
    images: NDArray[np.uint64]
    products: NDArray[np.int16]
