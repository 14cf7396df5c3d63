"""Names of positions for clients that compare them: KataGo's `thisHash` and `symHash`."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from lzp.features import symmetry_tables
from lzp.go.board import Board
from lzp.go.constants import NO_POINT


def position_hash(boards: NDArray[np.void]) -> str:
    """Return 32 hexadecimal digits that stones, the player to move and the ko ban decide.

    Args:
        boards: BOARD array [1].
    """
    return _digests(boards)[0]


def symmetric_hash(boards: NDArray[np.void]) -> str:
    """Return what `position_hash` is, but the same for all mirror images of a position."""
    return min(_digests(boards))


def _digests(boards: NDArray[np.void]) -> list[str]:
    """Return the hashes of a position under each symmetry, the position itself first."""
    side = int(boards[0]["side"])
    points = np.asarray(Board(boards).colors(), np.uint8).ravel().copy()
    ko_point = int(boards[0]["ko_point"])
    if ko_point != NO_POINT:
        y, x = divmod(ko_point, side + 2)
        points[(y - 1) * side + x - 1] = 3  # neither empty nor a stone
    head = bytes((side, int(boards[0]["to_play"])))
    return [
        hashlib.blake2b(head + points[table].tobytes(), digest_size=16).hexdigest().upper()
        for table in symmetry_tables(side)
    ]
