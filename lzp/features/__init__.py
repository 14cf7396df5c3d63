"""What a network sees of a position: the plane specification, planes, symmetries."""

import numpy as np
from numpy.typing import NDArray

from lzp.features.constants import HISTORY, PLANES, PLANES_VERSION, SYMMETRIES
from lzp.features.plane_kernels import write_batch
from lzp.features.symmetry import inverse_tables, symmetry_tables

__all__ = [
    "HISTORY",
    "PLANES",
    "PLANES_VERSION",
    "SYMMETRIES",
    "encode",
    "inverse_tables",
    "symmetry_tables",
]


def encode(boards: NDArray[np.void], symmetries: NDArray[np.int64] | int = 0) -> NDArray[np.uint8]:
    """Return the planes of positions, each seen by the color whose turn it is.

    Args:
        boards: BOARD array [B], at least one, all of one side S.
        symmetries: int [B], or one for all, each 0..7 in Leela Zero's numbering.

    Returns:
        uint8 [B, 18, S, S] of 0 and 1; row 0 of a plane is GTP's row 1.

    Raises:
        ValueError: no board, boards of several sides, or a symmetry outside 0..7.
    """
    sides = set(boards["side"].tolist())
    if len(sides) != 1:
        raise ValueError(f"expected boards of one side, got sides {sorted(sides)}")
    side = sides.pop()
    chosen = np.broadcast_to(np.asarray(symmetries, np.int64), len(boards)).copy()
    if chosen.min() < 0 or chosen.max() >= SYMMETRIES:
        raise ValueError("a symmetry must be 0 to 7")
    planes = np.empty((len(boards), PLANES, side * side), np.uint8)
    write_batch(boards, chosen, inverse_tables(side), planes)
    return planes.reshape(len(boards), PLANES, side, side)
