"""Games played on from a leaf, beside the network's winrate.

Networks learn from games that people end as soon as both see whose each group is, and a
small one believes for a hundred moves that a dead group lives. Games played on with a
little sense (lzp/go/pattern_kernels.py) know nothing of an opening, but late in a game they
tell who wins better than such a network. How much they count for follows from how full the
board is: nothing up to `rollout_from`, then more in a straight line, and `rollout_share` of
the winrate from `rollout_to` on. What counts for less may be less exact, so that as large a
share of `rollouts` games is played.
"""

import math

import numpy as np
from numpy.typing import NDArray

from lzp.engine.tree_state import TreeArrays
from lzp.go.board_kernels import copy_board
from lzp.go.constants import BLACK
from lzp.go.pattern_kernels import play_out_as_people_do
from lzp.go.playout_kernels import begin_playout
from lzp.go.scoring_kernels import area_difference
from lzp.jit import float64, int64, kernel, lean_kernel


@lean_kernel
def rollout_share(head: np.void, board: np.void) -> float:
    """Return what share of a leaf's winrate games played on from it make."""
    if head["rollouts"] == 0:
        return 0.0
    return float64(head["rollout_share"]) * _ramp(head, board)


@lean_kernel
def _ramp(head: np.void, board: np.void) -> float:
    """Return how far a board is on its way from `rollout_from` to `rollout_to`, in [0, 1]."""
    side = int64(board["side"])
    filled = 1.0 - float64(board["empty_count"]) / float64(side * side)
    first = float64(head["rollout_from"])
    return min(max((filled - first) / (float64(head["rollout_to"]) - first), 0.0), 1.0)


@lean_kernel
def rollout_games(head: np.void, board: np.void) -> int:
    """Return how many games are played on from a leaf, at least 1."""
    return max(int64(1), int64(np.ceil(float64(head["rollouts"]) * _ramp(head, board))))


@lean_kernel
def _worth(head: np.void, lead: float) -> float:
    """Return what a game is worth to a color that leads by some points, in [0, 1]."""
    worth = 0.5 if lead == 0.0 else float64(lead > 0.0)
    share = float64(head["lead_share"])
    if share == 0.0:
        return worth
    by_lead = 1.0 / (1.0 + math.exp(-lead / float64(head["lead_points"])))
    return (1.0 - share) * worth + share * by_lead


@kernel
def rollout_winrate(tree: TreeArrays, boards: NDArray[np.void]) -> float:
    """Return what games played on from a position give its color to play, in [0, 1].

    With `lead_share` 0 that is the share of them that it wins.

    Stones are counted by area, whatever the rules. The games follow from the stones, so that
    the answer never changes.

    Args:
        tree: says how many games (`rollout_games`), and lends a board to play on.
        boards: BOARD [1], the position.
    """
    head, board = tree.heads[0], boards[0]
    random = np.empty(1, np.uint64)
    random[0] = board["hash"] | np.uint64(1)
    most = 3 * int64(board["side"]) * int64(board["side"])
    games = rollout_games(head, board)
    points = 0.0
    for _ in range(games):
        copy_board(boards, int64(0), tree.scratch, int64(0))
        there = tree.scratch[0]
        begin_playout(there)
        play_out_as_people_do(there, most, random)
        lead = float64(area_difference(tree.scratch)) - float64(head["handicap_komi"])
        points += _worth(head, lead)
    winrate = points / float64(games)
    return winrate if board["to_play"] == BLACK else 1.0 - winrate


@lean_kernel
def note_rollouts(tree: TreeArrays, leaf: np.void, boards: NDArray[np.void]) -> None:
    """Write into a leaf what games played on say of it, and for how much they count.

    Args:
        tree: see `rollout_winrate`.
        leaf: whose `rollout_share` and `rollout_winrate` are written.
        boards: BOARD [1], its position.
    """
    share = rollout_share(tree.heads[0], boards[0])
    leaf["rollout_share"] = share
    if share > 0.0:
        leaf["rollout_winrate"] = rollout_winrate(tree, boards)


@lean_kernel
def with_rollouts(leaf: np.void, winrate: float) -> float:
    """Return the network's winrate of a leaf, mixed with that of games played on from it."""
    share = float64(leaf["rollout_share"])
    if share == 0.0:
        return winrate
    return (1.0 - share) * winrate + share * float64(leaf["rollout_winrate"])
