"""Random play to the end, as fast as the rules allow: the yardstick for the board."""

import numpy as np
from numpy.typing import NDArray

from lzp.go.board_kernels import clear_board
from lzp.go.playout_kernels import play_out
from lzp.jit import int64, kernel


@kernel
def play_random_games(
    boards: NDArray[np.void], side: int, games: int, random: NDArray[np.uint64]
) -> int:
    """Play random games on boards[0] until two passes; return the moves played in all.

    Args:
        boards: BOARD array [1], overwritten.
        side: 2..25.
        games: how many.
        random: uint64 [1], not zero: the state of the random stream.
    """
    board = boards[0]
    total = 0
    for _ in range(games):
        clear_board(board, side)
        play_out(board, 3 * side * side, random)
        total += int64(board["ply"])
    return total
