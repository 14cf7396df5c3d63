"""Whose the points are at the end of a record: found by random games, packed, unpacked.

A packed board has two bits a point, four points a byte, the first in the lowest bits:
0 undecided, 1 Black's, 2 White's. A game of 19x19 takes 91 bytes.
"""

import numpy as np
from numpy.typing import NDArray

from lzp.data.constants import MOVE_MASK, WHITE_BIT
from lzp.data.record_kernels import set_up_codes
from lzp.go.board_kernels import play_on_board
from lzp.go.constants import BLACK, WHITE
from lzp.go.playout_kernels import find_owners
from lzp.jit import int64, kernel

_POINT_BITS = 3


@kernel
def packed_size(area: int) -> int:
    """Return how many bytes the packed owners of `area` points take."""
    return (area + 3) // 4


@kernel
def pack_record_owners(
    boards: NDArray[np.void],
    setup: NDArray[np.uint16],
    moves: NDArray[np.uint16],
    playouts: int,
    packed: NDArray[np.uint8],
) -> None:
    """Replay a record that has passed `check_record` and pack its points' owners.

    Args:
        boards: BOARD array [2], the first one empty; overwritten.
        setup: uint16 codes (constants.py) of the stones placed first.
        moves: uint16 codes.
        playouts: random games from the end of the record.
        packed: uint8 [packed_size(side²)], overwritten.
    """
    side = int64(boards[0]["side"])
    balance = np.empty(side * side, np.int32)
    set_up_codes(boards[0], setup)
    for ply in range(len(moves)):
        code = int64(moves[ply])
        play_on_board(boards[0], code & MOVE_MASK, WHITE if code & WHITE_BIT else BLACK)
    find_owners(boards, playouts, balance)
    packed[:] = 0
    for move in range(len(balance)):
        owner = 1 if balance[move] > 0 else 2 if balance[move] < 0 else 0
        packed[move >> 2] |= owner << (2 * (move & 3))


@kernel
def unpack_owners(packed: NDArray[np.uint8], balance: NDArray[np.int32]) -> None:
    """Write +1 for Black's points, -1 for White's, 0 for undecided ones; int32 [side²]."""
    for move in range(len(balance)):
        owner = (int64(packed[move >> 2]) >> (2 * (move & 3))) & _POINT_BITS
        balance[move] = 1 if owner == 1 else -1 if owner == 2 else 0


@kernel
def write_ownership(
    balance: NDArray[np.int32], color: int, turn: NDArray[np.int16], ownership: NDArray[np.int8]
) -> None:
    """Write whose the points are: +1 the color's, -1 the other's, 0 undecided.

    Args:
        balance: int32 [side²], above 0 for Black's points, below for White's.
        color: BLACK or WHITE.
        turn: int16 [side²], a row of lzp.features.inverse_tables.
        ownership: int8 [side²], overwritten, under the symmetry.
    """
    mine = 1 if color == BLACK else -1
    for move in range(len(balance)):
        ownership[turn[move]] = mine * np.sign(balance[move])
