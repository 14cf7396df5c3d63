"""What a tree knows of the moves of a variation from its root."""

from collections.abc import Sequence

import numpy as np

from lzp.engine.tree_state import TreeArrays


def variation_visits(tree: TreeArrays, variation: Sequence[int]) -> list[int]:
    """Return the visits of each move of a variation, up to the first that has none.

    Args:
        tree: the tree, at rest.
        variation: moves from the root on, such as `MoveReport.pv`.
    """
    visits: list[int] = []
    index = 0
    for move in variation:
        start = int(tree.nodes[index]["edge_start"])
        edges = tree.edges[start : start + int(tree.nodes[index]["edge_count"])]
        found = np.flatnonzero((edges["move"] == move) & (edges["visits"] > 0))
        if not len(found):
            break
        edge = edges[found[0]]
        visits.append(int(edge["visits"]))
        index = int(edge["child"])
    return visits
