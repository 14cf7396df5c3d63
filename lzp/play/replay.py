"""A position of a game store as the game that led to it."""

import numpy as np

from lzp.data import GameStore
from lzp.go import Game


def replay_stored(store: GameStore, number: int, ply: int) -> Game:
    """Return a stored game as it stood before its move `ply`, its side to move set.

    Raises:
        IndexError: the game has no such move.
    """
    shard, row = store.locate(number)
    komi = float(shard.numbers("komi")[row])
    game = Game(int(shard.numbers("side")[row]), 0.0 if np.isnan(komi) else komi)
    moves = store.moves(number)
    game.set_up(store.setup(number), moves[0][0])
    for color, move in moves[:ply]:
        game.play(move, color, superko=False)
    game.to_play = moves[ply][0]
    return game
