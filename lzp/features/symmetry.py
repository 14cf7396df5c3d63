"""The eight symmetries of the board, numbered as Leela Zero's engine does.

Symmetry s maps (x, y): x and y are swapped if s & 4, then x is mirrored if s & 2, then
y if s & 1. (Leela Zero's Python trainer numbers them in another way.)
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from lzp.features.constants import SYMMETRIES


@cache
def symmetry_tables(side: int) -> NDArray[np.int16]:
    """Return T, int16 [8, side²], read-only: T[s, i] is the point that s maps point i to.

    Planes under s are ``plane[i] = board[T[s, i]]``; a network's answer to them is taken
    back by ``policy[T[s, i]] = answer[i]``. The pass stays where it is.
    """
    y, x = np.divmod(np.arange(side * side), side)
    tables = np.empty((SYMMETRIES, side * side), np.int16)
    for symmetry in range(SYMMETRIES):
        to_x, to_y = (y, x) if symmetry & 4 else (x, y)
        to_x = side - 1 - to_x if symmetry & 2 else to_x
        to_y = side - 1 - to_y if symmetry & 1 else to_y
        tables[symmetry] = to_y * side + to_x
    tables.setflags(write=False)
    return tables


@cache
def inverse_tables(side: int) -> NDArray[np.int16]:
    """Return the inverse I of `symmetry_tables`: I[s, T[s, i]] = i; int16 [8, side²], read-only."""
    tables = np.argsort(symmetry_tables(side), axis=1).astype(np.int16)
    tables.setflags(write=False)
    return tables


def inverse_symmetry(symmetry: int) -> int:
    """Return the symmetry that undoes another one: only 5 and 6 are not their own inverse."""
    return {5: 6, 6: 5}.get(symmetry, symmetry)
