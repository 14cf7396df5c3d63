"""Random play to the end, as fast as the rules allow: the yardstick for the board."""

import numpy as np
from numpy.typing import NDArray

from lzp.go.board_kernels import check_point, clear_board, pass_turn, play_point
from lzp.go.constants import LEGAL
from lzp.go.eye_kernels import is_own_eye
from lzp.jit import int64, kernel


@kernel
def next_random(state: NDArray[np.uint64]) -> np.uint64:
    """Return the next number of a xorshift64* stream (Vigna 2016) and advance its state [1]."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return np.uint64(x * np.uint64(2685821657736338717))


@kernel
def choose_random(board: np.void, color: int, random: NDArray[np.uint64]) -> int:
    """Return a random legal point that is no own eye, or 0 where there is none."""
    count = int64(board["empty_count"])
    if count == 0:
        return 0
    start = int64((next_random(random) >> np.uint64(32)) * np.uint64(count) >> np.uint64(32))
    for step in range(count):
        index = start + step
        if index >= count:
            index -= count
        point = int64(board["empty"][index])
        if check_point(board, point, color) == LEGAL and not is_own_eye(board, point, color):
            return point
    return 0


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
        while board["passes"] < 2 and board["ply"] < 3 * side * side:
            color = int64(board["to_play"])
            point = choose_random(board, color, random)
            if point == 0:
                pass_turn(board, color)
            else:
                play_point(board, point, color)
        total += int64(board["ply"])
    return total
