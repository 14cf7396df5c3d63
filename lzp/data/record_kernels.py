"""Stored games under the rules: is every move possible, and which game is it?"""

import numpy as np
from numpy.typing import NDArray

from lzp.data.constants import MOVE_MASK, WHITE_BIT
from lzp.data.mixing_kernels import mix, mix_pair
from lzp.go.board_kernels import check_point, play_on_board, point_of, put_stone
from lzp.go.constants import BLACK, EMPTY, LEGAL, OCCUPIED, OFF_BOARD, WHITE
from lzp.jit import int64, kernel

_SETUP_KEY = np.uint64(0x1F83D9ABFB41BD6B)


@kernel
def set_up_codes(board: np.void, setup: NDArray[np.uint16]) -> int:
    """Put coded stones on an empty record; return the first that cannot stand, or -1."""
    area = int64(board["side"]) * int64(board["side"])
    for index in range(len(setup)):
        move = int64(setup[index]) & MOVE_MASK
        if move >= area:
            return index
        point = point_of(board, move)
        if board["color"][point] != EMPTY:
            return index
        put_stone(board, point, WHITE if int64(setup[index]) & WHITE_BIT else BLACK)
    for index in range(len(setup)):
        point = point_of(board, int64(setup[index]) & MOVE_MASK)
        if board["liberties"][board["chain"][point]] == 0:
            return index
    return -1


@kernel
def check_record(
    boards: NDArray[np.void], setup: NDArray[np.uint16], moves: NDArray[np.uint16]
) -> tuple[int, int]:
    """Replay a game and return (LEGAL, number of moves), or why and at which ply it stops.

    Occupied points, suicide and the immediate retaking of a ko are refused. A repeated
    position is not: under the rules of most servers it is legal, and the record shows
    what was played. Two moves of a color in a row are possible, as in a free handicap.

    Args:
        boards: BOARD array [1], an empty board; the position reached is left in it.
        setup: uint16 codes (constants.py) of the stones placed first.
        moves: uint16 codes.

    Returns:
        A code of lzp.go.constants and the index of the move that it is about; -1 where a
        set-up stone cannot stand.
    """
    board = boards[0]
    if set_up_codes(board, setup) >= 0:
        return OCCUPIED, -1
    area = int64(board["side"]) * int64(board["side"])
    for ply in range(len(moves)):
        move = int64(moves[ply]) & MOVE_MASK
        color = WHITE if int64(moves[ply]) & WHITE_BIT else BLACK
        if move > area:
            return OFF_BOARD, ply
        if move < area:
            code = check_point(board, point_of(board, move), color)
            if code != LEGAL:
                return code, ply
        play_on_board(board, move, color)
    return LEGAL, len(moves)


@kernel
def hash_record(
    setup: NDArray[np.uint16], moves: NDArray[np.uint16], tables: NDArray[np.int16]
) -> np.uint64:
    """Return 64 bits that name a game whichever way the board is turned or mirrored.

    The least of the hashes of its eight pictures, mixed once more so that its bits can
    be used for splits. The order of set-up stones does not matter; komi and result do
    not enter.

    Args:
        setup: uint16 codes.
        moves: uint16 codes.
        tables: int16 [8, side²], lzp.features.symmetry_tables.
    """
    area = tables.shape[1]
    least = np.uint64(0xFFFFFFFFFFFFFFFF)
    for symmetry in range(len(tables)):
        table = tables[symmetry]
        key = np.uint64(area)
        for index in range(len(setup)):
            code = int64(setup[index])
            image = int64(table[code & MOVE_MASK]) | (code & WHITE_BIT)
            key ^= mix_pair(_SETUP_KEY, np.uint64(image))
        for ply in range(len(moves)):
            code = int64(moves[ply])
            move = code & MOVE_MASK
            image = int64(table[move]) if move < area else move
            key = mix(key ^ np.uint64(image | (code & WHITE_BIT)))
        least = min(least, key)
    return mix(least)
