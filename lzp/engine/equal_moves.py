"""Moves that are the same but for a symmetry of the board: one of each is enough.

On an empty board 361 moves are 55; as long as the stones lie symmetrically, a search that
looks at a move and its mirror image looks twice at one thing.
"""

import numpy as np
from numpy.typing import NDArray

from lzp.engine.tree_state import INVALID, UNKNOWN, TreeArrays, root_edges
from lzp.features import SYMMETRIES, symmetry_tables
from lzp.go.constants import NO_POINT
from lzp.go.game import Game


def equal_move_groups(game: Game) -> NDArray[np.int32] | None:
    """Return for every move the first of those that equal it, int32 [side² + 1].

    The stones must lie the same under a symmetry for it to count; what moves led there may
    differ, as transpositions may. None if no symmetry but the identity is left.
    """
    if game.boards[0]["ko_point"] != NO_POINT:
        return None
    colors = np.asarray(game.board.colors())
    tables = symmetry_tables(game.side)
    kept = [s for s in range(SYMMETRIES) if np.array_equal(colors[tables[s]], colors)]
    if len(kept) == 1:
        return None
    area = game.side * game.side
    first = np.arange(area + 1, dtype=np.int32)
    first[:area] = np.min([tables[symmetry] for symmetry in kept], axis=0)
    return first


def merge_equal_moves(tree: TreeArrays, first: NDArray[np.int32]) -> None:
    """Leave one of each group of equal moves at the root, with the priors of all.

    Moves that were searched before stay; else the one with the highest prior does.

    Args:
        tree: with an expanded root.
        first: what `equal_move_groups` returned.
    """
    node, priors = tree.nodes[0], tree.priors[0]
    edges = [edge for edge in root_edges(tree) if not edge["closed"] & INVALID]
    opened = {int(first[edge["move"]]): edge for edge in edges}
    for group in np.unique(first[priors >= 0]):
        moves = np.flatnonzero((first == group) & (priors >= 0))
        total = priors[moves].sum()
        best = moves[priors[moves].argmax()]
        priors[moves] = -1
        if int(group) in opened:
            edge = opened[int(group)]
            edge["prior"] += total
            node["visited_prior"] += total if edge["visits"] else 0.0
        else:
            priors[best] = total
    node["next_move"] = UNKNOWN
