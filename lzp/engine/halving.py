"""Small budgets: root moves compared by sequential halving instead of PUCT.

The moves with the highest priors share the first visits evenly, then the better half of
them, and so on (Karnin et al. 2013; at the root of a search: Danihelka et al. 2022,
"Policy improvement by planning with Gumbel", here without the noise). PUCT spends most of
a few visits on one move and learns little of the others.
"""

import math

import numpy as np
from numpy.typing import NDArray

from lzp.engine.tree_state import DROPPED, INVALID, TreeArrays, root_edges


class Halving:
    """Decides which root moves are still looked at; made anew for every search."""

    def __init__(self, moves: int, budget: int, value_weight: float) -> None:
        """Plan the rounds.

        Args:
            moves: compared at first, 2 or more.
            budget: playouts of the search.
            value_weight: nats of the prior that one winrate is worth.
        """
        self._moves = moves
        self._value_weight = value_weight
        self._ends = round_ends(moves, budget)

    def start(self, tree: TreeArrays) -> None:
        """Leave the best moves that are already open, by what is known of them."""
        tree.heads[0]["root_moves"] = self._moves
        self._keep(tree, self._moves)

    def advance(self, tree: TreeArrays, playouts: int) -> None:
        """Drop the worse half of the moves once a round is over; after the last all but one.

        Args:
            tree: at rest, or with playouts on their way.
            playouts: made so far.
        """
        while self._ends and playouts >= self._ends[0]:
            del self._ends[0]
            self._moves = max(1, (self._moves + 1) // 2)
            self._keep(tree, self._moves)

    def _keep(self, tree: TreeArrays, most: int) -> None:
        """Drop all but the best few of the moves that are still compared."""
        edges = root_edges(tree)
        alive = np.flatnonzero(edges["closed"] & (INVALID | DROPPED) == 0)
        scores = self._scores(tree, edges[alive])
        worse = alive[np.argsort(-scores, kind="stable")[most:]]
        edges["closed"][worse] |= DROPPED

    def _scores(self, tree: TreeArrays, edges: NDArray[np.void]) -> NDArray[np.float64]:
        """Return log prior + weight * winrate; without visits the network's view of the root."""
        visits = np.maximum(edges["visits"], 1)
        unknown = float(tree.nodes[0]["net_winrate"])
        winrates = np.where(edges["visits"] > 0, edges["winrate_sum"] / visits, unknown)
        priors = np.maximum(edges["prior"].astype(np.float64), 1e-9)
        scores: NDArray[np.float64] = np.log(priors) + self._value_weight * winrates
        return scores


def round_ends(moves: int, budget: int) -> list[int]:
    """Return after how many playouts each round of halving ends, the last at the budget.

    Every round gets the same share of the budget, but a visit for each move at least.
    """
    rounds = max(1, math.ceil(math.log2(moves)))
    ends, done = [], 0
    for number in range(rounds):
        compared = math.ceil(moves / 2**number)
        done += max(1, budget // (rounds * compared)) * compared
        ends.append(min(done, budget))
    ends[-1] = budget
    return ends
