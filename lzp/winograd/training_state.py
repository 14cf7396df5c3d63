"""Room in which the convolutions of training work."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


class TrainingRoom(NamedTuple):
    """Arrays for what is computed on the way; float32, of one thread.

    W is the side of a padded board, T the tiles along a side, N the 49 points of a tile, P
    the most positions at once, K the columns of a block; depths are in whole vectors.

    Attributes:
        together: int64 [1], P.
        padded: [P · W · W · depth], the inputs between zeros.
        tiles: [N · P · T² · depth], transformed.
        products: [N · P · T² · K], of a block of channels: results, or gradients of them.
        spread: [P · W · W · C], the results of whole tiles.
        slopes: [P · W · W · C], gradients between zeros.
    """

    together: NDArray[np.int64]
    padded: Array
    tiles: Array
    products: Array
    spread: Array
    slopes: Array
