"""Openings drawn from the network itself: varied, sensible, and about even.

A contestant's strength does not depend on who got the better start, since every opening
is played twice, with the colors exchanged; but a game that is decided from the start
says nothing, so lopsided ones are thrown away.
"""

import numpy as np

from lzp.engine.many import Question, Task
from lzp.engine.sample_positions import draw_move
from lzp.features import SYMMETRIES, encode
from lzp.go import Game

#: Moves of an opening on 19x19, the least and the most; in proportion on other sides.
FEWEST_PLIES, MOST_PLIES = 8, 16
#: Farther from one half than this, an opening is thrown away.
LOPSIDED = 0.15
#: After so many openings thrown away, the most even one is taken.
_ATTEMPTS = 30
#: The network on which openings are drawn.
_NETWORK = 0


def draw_opening(side: int, komi: float, seed: int, number: int) -> Task[list[int]]:
    """Return an opening's moves, Black first; the same for the same arguments and network.

    Args:
        side: of the board.
        komi: points for White; Leela Zero's networks know 7.5 only.
        seed: of the whole arena.
        number: which of its openings.
    """
    best: list[int] = []
    least = np.inf
    for attempt in range(_ATTEMPTS):
        random = np.random.default_rng([seed, number, attempt])
        game = Game(side, komi)
        for _ in range(int(random.integers(FEWEST_PLIES, MOST_PLIES + 1)) * side // 19):
            policy, _ = yield Question(_NETWORK, encode(game.boards))
            chances = policy[0].astype(np.float64)
            game.play(draw_move(game, chances, random, may_pass=False))
        planes = encode(np.repeat(game.boards, SYMMETRIES), np.arange(SYMMETRIES))
        _, winrate = yield Question(_NETWORK, planes)
        offset = abs(float(winrate.mean()) - 0.5)
        if offset < least:
            least, best = offset, [move for _, move in game.moves]
        if offset <= LOPSIDED:
            break
    return best
