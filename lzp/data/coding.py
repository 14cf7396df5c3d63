"""How the store writes a move: 16 bits, the color on top.

    bit 15     1 if White played it
    bits 0-14  y * side + x, or side² for the pass

Set-up stones are written in the same way.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from lzp.go import BLACK, WHITE

WHITE_BIT = 0x8000
MOVE_MASK = 0x7FFF


def encode_moves(moves: Iterable[tuple[int, int]]) -> NDArray[np.uint16]:
    """Return (color, move) pairs as the store writes them."""
    codes = [move | WHITE_BIT if color == WHITE else move for color, move in moves]
    return np.array(codes, np.uint16)


def decode_moves(codes: NDArray[np.uint16]) -> list[tuple[int, int]]:
    """Return the (color, move) pairs of stored moves."""
    return [(WHITE if code & WHITE_BIT else BLACK, code & MOVE_MASK) for code in codes.tolist()]
