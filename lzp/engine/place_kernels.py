"""Where the arrays of a search lie: kernels that are handed addresses, not arrays.

Python hands an array to a kernel in a third of a microsecond. A batch hands over two dozen,
twice, which is a quarter of what its leaves cost, under the interpreter lock. Their
addresses and lengths in one small table are handed over at once. Whoever makes a table
keeps its arrays alive, and makes another when one of them is replaced or grows.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lzp.engine.cache_state import CACHE, ENTRY, CacheArrays
from lzp.engine.search_kernels import expand_leaves, gather_leaves
from lzp.engine.tree_state import BIAS, EDGE, LEAF, NODE, STEP, TREE, BatchArrays, TreeArrays
from lzp.features.constants import PLANES, SYMMETRIES
from lzp.go.board_state import BOARD
from lzp.go.tactics_kernels import TacticsRoom
from lzp.jit import array_at, lean_kernel

#: Columns of a table: an array's address and the lengths of its first two dimensions.
_COLUMNS = 3


def places_of(*arrays: NDArray[Any]) -> NDArray[np.int64]:
    """Return a table of arrays, in the order in which a kernel here reads it.

    Args:
        arrays: without gaps between their elements; the kernel knows the lengths of
            dimensions after the second.

    Raises:
        ValueError: an array has gaps.
    """
    table = np.zeros((len(arrays), _COLUMNS), np.int64)
    for row, array in zip(table, arrays, strict=True):
        if not array.flags.c_contiguous:
            raise ValueError("an array with gaps between its elements")
        row[0] = array.__array_interface__["data"][0]
        row[1 : 1 + min(array.ndim, 2)] = array.shape[:2]
    return table


def places_of_tree(
    tree: TreeArrays, cache: CacheArrays, *others: NDArray[Any]
) -> NDArray[np.int64]:
    """Return the table of a tree and its cache, and of `root`, `history` and `inverse`."""
    *arrays, tactics = tree
    return places_of(*arrays, *tactics, *cache, *others)


@lean_kernel
def _tree_at(table: NDArray[np.int64]) -> TreeArrays:
    """Return the arrays of a tree, from rows 0 to 11."""
    at = table[:, 0]
    length = table[:, 1]
    width = table[:, 2]
    return TreeArrays(
        heads=array_at(at[0], (length[0],), TREE),
        nodes=array_at(at[1], (length[1],), NODE),
        edges=array_at(at[2], (length[2],), EDGE),
        priors=array_at(at[3], (length[3], width[3]), np.float32),
        biases=array_at(at[4], (length[4],), BIAS),
        past=array_at(at[5], (length[5],), np.uint64),
        scratch=array_at(at[6], (length[6],), BOARD),
        tactics=TacticsRoom(
            boards=array_at(at[7], (length[7],), BOARD),
            frames=array_at(at[8], (length[8], width[8]), np.int64),
            classes=array_at(at[9], (length[9],), np.uint8),
            rows=array_at(at[10], (length[10], width[10]), np.float32),
            moves=array_at(at[11], (length[11],), np.int16),
        ),
    )


@lean_kernel
def _cache_at(table: NDArray[np.int64]) -> CacheArrays:
    """Return the arrays of an evaluation cache, from rows 12 to 16 of its tree's table."""
    at = table[:, 0]
    length = table[:, 1]
    width = table[:, 2]
    return CacheArrays(
        heads=array_at(at[12], (length[12],), CACHE),
        entries=array_at(at[13], (length[13],), ENTRY),
        policies=array_at(at[14], (length[14], width[14]), np.float32),
        images=array_at(at[15], (length[15], width[15], SYMMETRIES), np.uint64),
        products=array_at(at[16], (length[16], width[16]), np.int16),
    )


@lean_kernel
def _batch_at(table: NDArray[np.int64]) -> BatchArrays:
    """Return the arrays of a batch."""
    at = table[:, 0]
    length = table[:, 1]
    moves = table[5, 2]
    return BatchArrays(
        leaves=array_at(at[0], (length[0],), LEAF),
        joined=array_at(at[1], (length[1],), np.int64),
        steps=array_at(at[2], (length[2],), STEP),
        boards=array_at(at[3], (length[3],), BOARD),
        planes=array_at(at[4], (length[4], PLANES, moves - 1), np.uint8),
        policy=array_at(at[5], (length[5], moves), np.float32),
        winrate=array_at(at[6], (length[6],), np.float32),
    )


@lean_kernel
def gather_at(places: NDArray[np.int64], batch_places: NDArray[np.int64], most: int) -> int:
    """Call `gather_leaves`.

    Args:
        places: of the tree, its cache, root, history and inverse tables, `places_of_tree`.
        batch_places: of the batch.
        most: see there.
    """
    return gather_leaves(
        _tree_at(places),
        _cache_at(places),
        _batch_at(batch_places),
        array_at(places[17, 0], (places[17, 1],), BOARD),
        array_at(places[18, 0], (places[18, 1],), np.uint64),
        array_at(places[19, 0], (places[19, 1], places[19, 2]), np.int16),
        most,
    )


@lean_kernel
def expand_at(places: NDArray[np.int64], batch_places: NDArray[np.int64], count: int) -> bool:
    """Call `expand_leaves`; see `gather_at` for the arguments."""
    return expand_leaves(
        _tree_at(places),
        _cache_at(places),
        _batch_at(batch_places),
        array_at(places[17, 0], (places[17, 1],), BOARD),
        array_at(places[19, 0], (places[19, 1], places[19, 2]), np.int16),
        count,
    )
