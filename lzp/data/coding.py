"""Moves as the store writes them (constants.py); set-up stones are written in the same way."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from lzp.data.constants import MOVE_MASK, WHITE_BIT
from lzp.go import BLACK, WHITE


def encode_moves(moves: Iterable[tuple[int, int]]) -> NDArray[np.uint16]:
    """Return (color, move) pairs as the store writes them."""
    codes = [move | WHITE_BIT if color == WHITE else move for color, move in moves]
    return np.array(codes, np.uint16)


def decode_moves(codes: NDArray[np.uint16]) -> list[tuple[int, int]]:
    """Return the (color, move) pairs of stored moves."""
    return [(WHITE if code & WHITE_BIT else BLACK, code & MOVE_MASK) for code in codes.tolist()]
