"""The network's own opinion as text, laid out as Leela Zero prints it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lzp.engine.evaluator import Evaluator
from lzp.features import SYMMETRIES, encode, symmetry_tables
from lzp.go import EMPTY, Game

_PER_MILLE = 1000


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a network says of one position.

    Attributes:
        policy: float64 [S² + 1] by move, the pass last, in the board's own orientation.
        winrate: of the color to move, in [0, 1].
    """

    policy: NDArray[np.float64]
    winrate: float


def opinions(evaluator: Evaluator, game: Game) -> list[Opinion]:
    """Return the network's opinion of a game's position under each of the 8 symmetries."""
    planes = encode(np.repeat(game.boards, SYMMETRIES), np.arange(SYMMETRIES))
    policies, winrates = evaluator.evaluate(planes)
    tables = symmetry_tables(game.side)
    found = []
    for symmetry in range(SYMMETRIES):
        policy = policies[symmetry].astype(np.float64)
        policy[tables[symmetry]] = policies[symmetry, :-1]
        found.append(Opinion(policy, float(winrates[symmetry])))
    return found


def average(found: list[Opinion]) -> Opinion:
    """Return the mean of several opinions."""
    policy = np.mean([opinion.policy for opinion in found], axis=0)
    return Opinion(policy, sum(opinion.winrate for opinion in found) / len(found))


def render(opinion: Opinion, game: Game) -> str:
    """Return an opinion as rows of per mille, cut off, the highest row first.

    Occupied points show 0; the pass and the winrate of the color to move follow.
    """
    free = game.board.colors() == EMPTY
    shares = np.where(free, opinion.policy[:-1], 0.0) * _PER_MILLE
    rows = shares.astype(int).reshape(game.side, game.side)[::-1]
    lines = ["".join(f"{share:3d} " for share in row) for row in rows]
    lines.append(f"pass: {int(opinion.policy[-1] * _PER_MILLE)}")
    lines.append(f"winrate: {opinion.winrate:.6f}")
    return "\n".join(lines)
