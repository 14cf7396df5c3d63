"""Whose each point will be: an estimate from games that are played on to their end."""

import numpy as np
from numpy.typing import NDArray

from lzp.go.board_state import BOARD
from lzp.go.final_status import play_on
from lzp.go.game import Game
from lzp.go.playout_kernels import find_owners

#: Games of an estimate; the error of a point is at most 1 / sqrt of that, 0.06.
_PLAYOUTS = 256


def estimate_ownership(
    game: Game, *, playouts: int = _PLAYOUTS, seed: int = 1
) -> NDArray[np.float32]:
    """Return whose the points are expected to be, as games played on from here have it.

    Args:
        game: the position; stays as it is.
        playouts: how many games.
        seed: of the games; the same one gives the same answer.

    Returns:
        float32 [side * side] in [-1, 1], 1 for Black's points and -1 for White's, row by row
        from the top left, as KataGo writes it.
    """
    state = np.random.SeedSequence(seed).generate_state(1, np.uint64) | np.uint64(1)
    balance, _ = play_on(game, playouts, state)
    return rows_from_top(balance.astype(np.float32) / np.float32(playouts), game.side)


def rows_from_top(by_move: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Return numbers by move (rows from the bottom) as rows from the top, float32 [side²]."""
    return np.ascontiguousarray(by_move.reshape(side, side)[::-1], np.float32).ravel()


def owner_balance(game: Game, playouts: int) -> NDArray[np.int32]:
    """Return in how many random games more a point ends up Black's than White's.

    The same position always gets the same answer.

    Args:
        game: the position.
        playouts: how many random games.

    Returns:
        int32 [side²] by move, -playouts .. playouts.
    """
    boards = np.zeros(2, BOARD)
    boards[0] = game.boards[0]
    balance = np.empty(game.side * game.side, np.int32)
    find_owners(boards, playouts, balance)
    return balance
