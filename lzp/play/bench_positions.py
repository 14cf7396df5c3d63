"""Positions for benchmarks of the search: games that a network plays by chance.

Random moves would lead to positions that no game has, in which trees have other shapes.
"""

from collections.abc import Sequence

import numpy as np

from lzp.engine.evaluator import Evaluator
from lzp.engine.sample_positions import draw_move
from lzp.features import encode
from lzp.go import Game

#: Plies of a game on 19x19 at each kind of position, the least and the most.
KINDS = {"empty": (0, 0), "opening": (8, 30), "middle game": (100, 140), "endgame": (220, 260)}

_AREA = 361


def positions(evaluator: Evaluator, kind: str, count: int, seed: int = 0) -> list[Game]:
    """Return games of moves drawn from a network's policy.

    On smaller boards they are shorter, in proportion to the board's area.

    Args:
        evaluator: the network.
        kind: one of `KINDS`.
        count: how many games.
        seed: of what is drawn.
    """
    low, high = KINDS[kind]
    random = np.random.default_rng([seed, low])
    share = evaluator.side**2 / _AREA
    plies = [int(random.integers(low, high + 1) * share) for _ in range(count)]
    games = [Game(evaluator.side) for _ in plies]
    for ply in range(max(plies)):
        _play_a_move([game for game, end in zip(games, plies, strict=True) if ply < end],
                     evaluator, random)  # fmt: skip
    return games


def _play_a_move(games: Sequence[Game], evaluator: Evaluator, random: np.random.Generator) -> None:
    """Play one move in each game, in proportion to the policy over the legal points."""
    policy, _ = evaluator.evaluate(encode(np.concatenate([game.boards for game in games])))
    for game, chances in zip(games, policy.astype(np.float64), strict=True):
        game.play(draw_move(game, chances, random, may_pass=False))
