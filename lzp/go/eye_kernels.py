"""What an eye looks like from beside it, without reading."""

import numpy as np

from lzp.go.constants import BLACK, WALL, WHITE
from lzp.jit import int64, kernel


@kernel
def is_own_eye(board: np.void, point: int, color: int) -> bool:
    """Return whether filling an empty point would fill a color's own eye.

    All four neighbors are of the color or wall, and the other color holds at most one
    diagonal, none at the edge. Good enough to let random games end; not a proof of life.
    """
    colors = board["color"]
    stride = int64(board["stride"])
    for offset in (-stride, int64(-1), int64(1), stride):
        near = colors[point + offset]
        if near != color and near != WALL:
            return False
    enemy = WHITE + BLACK - color
    at_edge = 0
    bad = 0
    for offset in (-stride - 1, -stride + 1, stride - 1, stride + 1):
        diagonal = colors[point + offset]
        if diagonal == WALL:
            at_edge = 1
        elif diagonal == enemy:
            bad += 1
    return bad + at_edge < 2
