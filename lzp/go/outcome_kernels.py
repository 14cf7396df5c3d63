"""How a position turns out in many games played on: whose each point is, what ends in seki."""

import numpy as np
from numpy.typing import NDArray

from lzp.go.board_kernels import point_of
from lzp.go.careful_kernels import play_out_carefully
from lzp.go.constants import BLACK, EMPTY, MAX_AREA, MAX_POINTS, WHITE
from lzp.go.playout_kernels import begin_playout
from lzp.go.scoring_kernels import mark_area
from lzp.jit import int64, kernel


@kernel
def count_outcomes(
    boards: NDArray[np.void],
    playouts: int,
    random: NDArray[np.uint64],
    balance: NDArray[np.int32],
    shared: NDArray[np.int32],
) -> None:
    """Play a position on many times, both colors moving first in turn, and count.

    Args:
        boards: BOARD array [2]: the position, and one to work on.
        playouts: how many games.
        random: uint64 [1], not zero: the state of the random stream.
        balance: int32 [side²] by move, overwritten: in how many games more a point ends up
            Black's than White's.
        shared: int32 [side²] by move, overwritten: in how many games a stone stays, and the
            liberties of its chain are left to both colors.
    """
    area = len(balance)
    owner = np.empty(MAX_AREA, np.uint8)
    flags = np.empty(MAX_POINTS, np.bool_)
    balance[:] = 0
    shared[:] = 0
    for game in range(playouts):
        boards[1] = boards[0]
        board = boards[1]
        begin_playout(board)
        if game & 1:
            board["to_play"] = WHITE + BLACK - int64(board["to_play"])
        play_out_carefully(board, 3 * area, random)
        mark_area(boards[1:], owner[:area])
        flag_shared_chains(board, owner, flags)
        for move in range(area):
            if owner[move] != EMPTY:
                balance[move] += 1 if owner[move] == BLACK else -1
            point = point_of(board, move)
            color = boards[0]["color"][point]
            if color != EMPTY and board["color"][point] == color:
                shared[move] += int64(flags[board["chain"][point]])


@kernel
def flag_shared_chains(board: np.void, owner: NDArray[np.uint8], flags: NDArray[np.bool_]) -> None:
    """Flag the chains, by head, that touch an empty region which touches both colors.

    Args:
        board: the position.
        owner: uint8 by move, as `mark_area` writes it.
        flags: bool [MAX_POINTS], overwritten.
    """
    flags[:] = False
    side = int64(board["side"])
    stride = int64(board["stride"])
    colors = board["color"]
    for move in range(side * side):
        point = point_of(board, move)
        if colors[point] != EMPTY or owner[move] != EMPTY:
            continue
        for offset in (-stride, int64(-1), int64(1), stride):
            near = point + offset
            if colors[near] == BLACK or colors[near] == WHITE:
                flags[board["chain"][near]] = True
