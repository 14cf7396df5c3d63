"""Which stones are dead at the end of a game, and which live in seki.

Found by playing on: many games of a little sense (careful_kernels.py), after which a dead
chain's points are the other color's, and a seki's liberties are still both colors'.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lzp.go.board_state import BOARD
from lzp.go.game import Game
from lzp.go.outcome_kernels import count_outcomes
from lzp.go.settling_kernels import mark_dead

#: Games of a judgment; four times as many find no more.
JUDGING_PLAYOUTS = 256


@dataclass(frozen=True, slots=True)
class Status:
    """What became of the stones of a position, by move: bool [side²] each.

    Attributes:
        dead: stones that are taken off before the count.
        seki: stones that stay without two eyes of their own.
    """

    dead: NDArray[np.bool_]
    seki: NDArray[np.bool_]

    @classmethod
    def all_alive(cls, side: int) -> "Status":
        """Return the status that Tromp and Taylor's rules see: every stone stays."""
        return cls(np.zeros(side * side, np.bool_), np.zeros(side * side, np.bool_))


def find_status(game: Game, playouts: int = JUDGING_PLAYOUTS) -> Status:
    """Return which stones are dead and which in seki; the same position, the same answer.

    Under rules that leave dead stones on the board none are dead.

    Args:
        game: the position, best with nothing left to play for.
        playouts: how many games are played on.
    """
    if not game.rules.friendly_pass:
        return Status.all_alive(game.side)
    state = np.array([game.board.hash | 1], np.uint64)
    balance, shared = play_on(game, playouts, state)
    dead = np.empty(game.side * game.side, np.bool_)
    mark_dead(game.boards, balance, dead)
    return Status(dead, (shared > playouts // 2) & ~dead)


def play_on(
    game: Game, playouts: int, state: NDArray[np.uint64]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return what `count_outcomes` counts from a game's position: int32 [side²] each.

    Args:
        game: the position; stays as it is.
        playouts: how many games are played on.
        state: uint64 [1], not zero: the state of the random stream; overwritten.
    """
    boards = np.zeros(2, BOARD)
    boards[0] = game.boards[0]
    balance = np.empty(game.side * game.side, np.int32)
    shared = np.empty_like(balance)
    count_outcomes(boards, playouts, state, balance, shared)
    return balance, shared
