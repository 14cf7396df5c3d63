"""Random play from a position to the end, and whose the points are then."""

import numpy as np
from numpy.typing import NDArray

from lzp.go.board_kernels import check_point, pass_turn, play_point
from lzp.go.constants import BLACK, EMPTY, LEGAL, MAX_AREA, NO_BUTTON
from lzp.go.eye_kernels import is_own_eye
from lzp.go.scoring_kernels import mark_area
from lzp.jit import int64, kernel


@kernel
def next_random(state: NDArray[np.uint64]) -> np.uint64:
    """Return the next number of a xorshift64 stream (Marsaglia 2003) and advance its state [1].

    The state must not be zero. No multiplication: plain Python would warn of its overflow.
    """
    x = state[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    state[0] = x
    return np.uint64(x)


@kernel
def draw_below(count: int, random: NDArray[np.uint64]) -> int:
    """Return a random number of 0 .. count - 1."""
    return int64((next_random(random) >> np.uint64(32)) * np.uint64(count) >> np.uint64(32))


@kernel
def begin_playout(board: np.void) -> None:
    """Prepare a position to be played on to its end, whatever has ended it before."""
    board["passes"] = 0
    board["suicide"] = 0
    board["button"] = NO_BUTTON


@kernel
def take_turn(board: np.void, color: int, point: int) -> bool:
    """Play on a point, or pass if it is 0; return whether that ends the game."""
    if point != 0:
        play_point(board, point, color)
        return False
    pass_turn(board, color)
    return bool(board["passes"] >= 2)


@kernel
def choose_random(board: np.void, color: int, random: NDArray[np.uint64]) -> int:
    """Return a random legal point that is no own eye, or 0 where there is none."""
    count = int64(board["empty_count"])
    if count == 0:
        return 0
    start = draw_below(count, random)
    for step in range(count):
        index = start + step
        if index >= count:
            index -= count
        point = int64(board["empty"][index])
        if check_point(board, point, color) == LEGAL and not is_own_eye(board, point, color):
            return point
    return 0


@kernel
def play_out(board: np.void, limit: int, random: NDArray[np.uint64]) -> None:
    """Play random moves that fill no own eye until both sides pass, or `limit` moves."""
    for _ in range(limit):
        color = int64(board["to_play"])
        point = choose_random(board, color, random)
        if take_turn(board, color, point):
            break


@kernel
def count_owners(
    boards: NDArray[np.void], playouts: int, random: NDArray[np.uint64], balance: NDArray[np.int32]
) -> None:
    """Write in how many random games more a point ends up Black's than White's.

    From the end of a game this tells whose the points are, dead stones included: they
    are taken in most games (Bruegmann 1993, "Monte Carlo Go").

    Args:
        boards: BOARD array [2]: the position, and one to work on.
        playouts: how many games.
        random: uint64 [1], not zero: the state of the random stream.
        balance: int32 [side²] by move, overwritten; -playouts .. playouts.
    """
    area = len(balance)
    owner = np.empty(MAX_AREA, np.uint8)
    balance[:] = 0
    for _ in range(playouts):
        boards[1] = boards[0]
        begin_playout(boards[1])
        play_out(boards[1], 3 * area, random)
        mark_area(boards[1:], owner[:area])
        for move in range(area):
            if owner[move] != EMPTY:
                balance[move] += 1 if owner[move] == BLACK else -1


@kernel
def find_owners(boards: NDArray[np.void], playouts: int, balance: NDArray[np.int32]) -> None:
    """Write in how many random games more a point ends up Black's than White's.

    The random games follow from the position, so that the answer never changes.

    Args:
        boards: BOARD array [2]: the position, and one to work on.
        playouts: how many random games.
        balance: int32 [side²] by move, overwritten; -playouts .. playouts.
    """
    random = np.empty(1, np.uint64)
    random[0] = boards[0]["hash"] | np.uint64(1)
    count_owners(boards, playouts, random, balance)
