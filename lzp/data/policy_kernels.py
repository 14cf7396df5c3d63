"""Search policies of stored games: sparse in the store, dense in a batch."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lzp.jit import int64, kernel


class PolicyArrays(NamedTuple):
    """The search policies of the games of one shard.

    A game either has none, or a count for each of its moves: how many entries the policy of
    the position before that move has. Its entries then follow one another. A count of 0
    stands for the move played.

    Attributes:
        counts: uint16, count_starts: int32 [G + 1] into it.
        moves: uint16, the moves that entries are about; entry_starts: int32 [G + 1].
        weights: float32, one for each of `moves`.
    """

    counts: NDArray[np.uint16]
    count_starts: NDArray[np.int32]
    moves: NDArray[np.uint16]
    entry_starts: NDArray[np.int32]
    weights: NDArray[np.float32]


@kernel
def write_policy(
    policies: PolicyArrays,
    place: tuple[int, int, int],
    turn: NDArray[np.int16],
    target: NDArray[np.float32],
) -> bool:
    """Write a position's policy under a symmetry; False if the game's columns are damaged.

    Args:
        policies: those of the shard.
        place: the game in the shard, the ply, and the move played there.
        turn: int16 [side²], a row of lzp.features.inverse_tables.
        target: float32 [side² + 1], overwritten.
    """
    game, ply, move = place
    area = len(turn)
    target[:] = 0.0
    counts = policies.counts[policies.count_starts[game] : policies.count_starts[game + 1]]
    if len(counts) > 0 and ply >= len(counts):
        return False
    if len(counts) == 0 or counts[ply] == 0:
        target[turn[move] if move < area else area] = 1.0
        return True
    first = int64(policies.entry_starts[game])
    for earlier in range(ply):
        first += int64(counts[earlier])
    last = first + int64(counts[ply])
    if last > policies.entry_starts[game + 1]:
        return False
    for entry in range(first, last):
        candidate = int64(policies.moves[entry])
        if candidate > area:
            return False
        target[turn[candidate] if candidate < area else area] = policies.weights[entry]
    return True
