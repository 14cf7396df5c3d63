"""Early stop: what ends a search as decided is what the whole budget would have found."""

import numpy as np
import pytest

from lzp.engine.search_params import SearchLimits
from lzp.go import Game
from tests.engine.scripted import HashEvaluator, search_on

# Tens of thousands of leaves: minutes as plain Python.
pytestmark = pytest.mark.compiled
VISITS = 500


class Leaning(HashEvaluator):
    """Likes positions with a black stone on the middle of 5x5; the rest is chance."""

    def evaluate(self, planes):
        policy, winrate = super().evaluate(planes)
        black = np.where(planes[:, 16, 0, 0] == 1, planes[:, 0, 2, 2], planes[:, 8, 2, 2])
        sign = np.where(planes[:, 16, 0, 0] == 1, 1, -1)
        lean = 0.3 * sign * (2.0 * black - 1)
        return policy, (0.5 + lean + 0.2 * (winrate - 0.5)).astype(np.float32)


def most_visited(report) -> int:
    return max(report.moves, key=lambda move: move.visits).move


@pytest.mark.parametrize("prune", [False, True])
@pytest.mark.parametrize("reused", [False, True])
@pytest.mark.parametrize(("batch_size", "flight"), [(1, 1), (8, 1), (32, 1), (8, 3)])
def test_a_decided_move_stays_the_most_visited_one(batch_size, flight, reused, prune) -> None:
    ended_early = 0
    for seed in range(5):
        game = Game(5, 0.5)
        told = {"batch_size": batch_size, "batches_in_flight": flight}
        search = search_on(game, Leaning(5, seed), **told)
        if reused:  # two moves elsewhere, so that the middle is still there for Black
            search.run(SearchLimits(playouts=VISITS))
            for move in (0, 24):
                game.play(move)
            search.set_position(game)
        early = search.run(SearchLimits(visits=VISITS, prune=prune, stop_when_decided=True))
        ended_early += early.visits_root < VISITS
        whole = search.run(SearchLimits(visits=VISITS))
        assert most_visited(whole) == most_visited(early)
    assert ended_early > 0
