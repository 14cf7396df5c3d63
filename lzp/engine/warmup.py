"""Compile every kernel that playing needs, so that no game has to wait for it.

Run at set-up (`python -m lzp.engine.warmup`) and at the start of an engine: the first run
on a machine takes a while, later ones load the result from the cache (lzp/jit.py).
"""

import sys
import time

import numpy as np
from numpy.typing import NDArray

from lzp.engine.clock import Clock
from lzp.engine.evaluator import Answer
from lzp.engine.ownership import estimate_ownership, owner_balance
from lzp.engine.passing import settled_score
from lzp.engine.player import Player, PlayerParams
from lzp.engine.search import Search
from lzp.engine.search_kernels import fills_own_eye
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.features import encode
from lzp.go.constants import BLACK, WHITE
from lzp.go.counting import final_lead
from lzp.go.final_status import find_status
from lzp.go.game import Game

_SIDE = 3


class _EvenEvaluator:
    """Calls every move as good as any other and every position even."""

    side = _SIDE
    name = "none"

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        """Return a uniform policy and a winrate of one half for every position."""
        count, size = len(planes), _SIDE * _SIDE + 1
        return np.full((count, size), 1 / size, np.float32), np.full(count, 0.5, np.float32)


def warmup() -> float:
    """Call every kernel of the rules, the planes and the search; return the seconds it took.

    Machine code does not depend on the board's side, so a small one will do.
    """
    started = time.perf_counter()
    search = Search(_EvenEvaluator(), SearchParams(noise=True, max_nodes=100, seed=1))
    player = Player(search, PlayerParams(visits=60))
    game = Game(_SIDE)
    for color in (BLACK, WHITE, BLACK):
        decision = player.choose(game, color, clock=Clock())
        game.play(game.pass_move if decision.move is None else decision.move, color)
    search.set_position(game)
    search.run(SearchLimits(visits=50, prune=True))
    search.gather(SearchLimits())
    search.cancel()
    fills_own_eye(game.boards, 0)
    encode(game.boards)
    game.score()
    game.area_score()
    settled_score(game, 1)
    final_lead(game, find_status(game))
    estimate_ownership(game, playouts=1)
    owner_balance(game, 1)
    game.legal_moves()
    game.undo()
    return time.perf_counter() - started


def main() -> int:
    """Warm up and say on stderr how long it took."""
    print(f"lzp: compiled kernels ready after {warmup():.1f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
