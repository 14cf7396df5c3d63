"""What a search's root shows of how hard its move is, in one pass after a batch."""

import numpy as np
from numpy.typing import NDArray

from lzp.engine.report_kernels import best_row, write_move_stats
from lzp.engine.tree_state import TreeArrays
from lzp.jit import float64, int64, kernel

#: Where `write_root_look` writes what.
BEST = 0
BEST_VISITS = 1
MOST_VISITS = 2
SECOND_VISITS = 3
LOOK_SIZE = 4


@kernel
def write_root_look(
    tree: TreeArrays,
    lcb_ratio: float,
    quantiles: NDArray[np.float64],
    stats: NDArray[np.void],
    look: NDArray[np.int64],
) -> float:
    """Write how the root's visits are spread; return the winrate of its best move.

    Args:
        tree: the tree, between two batches.
        lcb_ratio: see `write_move_stats`.
        quantiles: see `lower_bound`.
        stats: MOVE_STATS [side² + 1], scratch.
        look: int64 [LOOK_SIZE]: the best move, -1 if none was visited; its visits, the most
            visits of any move, and the most of the others.

    Returns:
        For the color to move, in [0, 1]; 0.5 if no move was visited.
    """
    # Not a plain 0, for which it would be compiled once more.
    count = write_move_stats(tree, int64(0), lcb_ratio, quantiles, stats)
    look[BEST] = -1
    look[BEST_VISITS] = 0
    look[MOST_VISITS] = 0
    look[SECOND_VISITS] = 0
    if count == 0:
        return 0.5
    for row in range(count):
        visits = int64(stats[row]["visits"])
        if visits > look[MOST_VISITS]:
            look[SECOND_VISITS] = look[MOST_VISITS]
            look[MOST_VISITS] = visits
        else:
            look[SECOND_VISITS] = max(look[SECOND_VISITS], visits)
    best = best_row(stats, count)
    look[BEST] = stats[best]["move"]
    look[BEST_VISITS] = stats[best]["visits"]
    return float64(stats[best]["winrate"])
