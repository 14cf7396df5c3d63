"""What reading says about the moves of a leaf, beside the network's policy.

A small network often does not see where a ladder ends, and puts stone after stone into it;
a small search does not get there either. Reading takes microseconds. What each of its
findings is worth was fitted to games of strong players (lzp/play/fit_tactics.py): a move's
prior is multiplied by e to a weighted sum of its features.
"""

import numpy as np
from numpy.typing import NDArray

from lzp.engine.tree_state import TreeArrays
from lzp.go.tactics_kernels import FEATURES, write_tactics
from lzp.jit import float64, int64, lean_kernel

#: By feature of lzp/go/tactics_kernels.py.
WEIGHTS = np.array([1.1, 0.9, -1.5, 0.3, -0.5, 1.0, -0.5], np.float64)


@lean_kernel
def note_tactics(tree: TreeArrays, leaf: np.void, boards: NDArray[np.void]) -> None:
    """Write into a leaf by how much reading changes its moves' priors.

    Args:
        tree: with the weight of tactics, and room to read in.
        leaf: whose moves and factors are written.
        boards: BOARD [1], its position.
    """
    room = tree.tactics
    count = write_tactics(room, boards)
    weight = float64(tree.heads[0]["tactics_weight"])
    for index in range(count):
        total = 0.0
        for column in range(FEATURES):
            total += WEIGHTS[column] * float64(room.rows[index, column])
        leaf["tactic_move"][index] = room.moves[index]
        leaf["tactic_factor"][index] = np.exp(weight * total)
    leaf["tactics"] = count


@lean_kernel
def weigh_tactics(leaf: np.void, priors: NDArray[np.float32], total: float) -> float:
    """Multiply the priors of a leaf's moves by their factors; return the new sum.

    Args:
        leaf: with moves and factors.
        priors: float32 [side² + 1]; -1 stays.
        total: their sum.
    """
    for index in range(int64(leaf["tactics"])):
        move = int64(leaf["tactic_move"][index])
        prior = float64(priors[move])
        if prior >= 0.0:
            changed = prior * float64(leaf["tactic_factor"][index])
            priors[move] = np.float32(changed)
            total += changed - prior
    return total
