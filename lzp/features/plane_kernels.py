"""Planes from one BOARD record: the present from its points, the past from its changes."""

import numpy as np
from numpy.typing import NDArray

from lzp.features.constants import (
    BLACK_TO_MOVE_PLANE,
    HISTORY,
    WHITE_TO_MOVE_PLANE,
)
from lzp.go.board_kernels import move_of
from lzp.go.constants import BLACK, NO_POINT, RECENT_CAPTURES, RECENT_PLIES, WHITE
from lzp.jit import int64, lean_kernel


@lean_kernel
def write_planes(
    board: np.void, color: int, inverse: NDArray[np.int16], planes: NDArray[np.uint8]
) -> None:
    """Write the planes that the side to move sees, under a symmetry.

    Args:
        board: the position, with its recent plies.
        color: the side to move, BLACK or WHITE: whose stones come first.
        inverse: int16 [side²], the symmetry's row of `inverse_tables`.
        planes: uint8 [18, side²], overwritten.
    """
    times = min(int64(board["ply"]), HISTORY - 1)
    # The times in between are copied over, each from the one after it.
    planes[times + 1 : HISTORY] = 0
    planes[HISTORY + times + 1 :] = 0
    planes[BLACK_TO_MOVE_PLANE if color == BLACK else WHITE_TO_MOVE_PLANE] = 1
    _write_stones(board, color, inverse, planes)
    capture = int64(board["capture_end"])
    for ago in range(1, times + 1):
        _copy_plane(planes[ago - 1], planes[ago])
        _copy_plane(planes[HISTORY + ago - 1], planes[HISTORY + ago])
        slot = (int64(board["ply"]) - ago) & (RECENT_PLIES - 1)
        capture -= int64(board["recent_taken"][slot])
        _take_back(board, color, inverse, planes, (ago, slot, capture))


@lean_kernel
def _write_stones(
    board: np.void, color: int, inverse: NDArray[np.int16], planes: NDArray[np.uint8]
) -> None:
    """Write all of planes 0 and 8: the stones as they stand.

    Free of branches, which a middle game would make the processor guess at.
    """
    side = int64(board["side"])
    colors = board["color"]
    # Numbers without a sign are no indices from the end, which each would be tested for.
    images = inverse.view(np.uint16)
    own, other = planes[0], planes[HISTORY]
    for y in range(side):
        start = (y + 1) * (side + 2) + 1
        row = colors[start : start + side]
        row_images = images[y * side : y * side + side]
        for x in range(side):
            own[row_images[x]] = row[x]
    own_color, other_color = np.uint8(color), np.uint8(BLACK + WHITE - color)
    for index in range(side * side):
        other[index] = own[index] == other_color
        own[index] = own[index] == own_color


@lean_kernel
def _copy_plane(source: NDArray[np.uint8], target: NDArray[np.uint8]) -> None:
    """Copy one plane over another, many points at once."""
    for point in range(len(source)):
        target[point] = source[point]


@lean_kernel
def _take_back(
    board: np.void,
    color: int,
    inverse: NDArray[np.int16],
    planes: NDArray[np.uint8],
    step: tuple[int, int, int],
) -> None:
    """Undo one remembered ply in the planes of one time.

    Args:
        board: the position whose changes are read.
        color: the side whose stones are in the first eight planes.
        inverse: the symmetry's row of `inverse_tables`.
        planes: uint8 [18, side²]; time `step[0]` holds the position after the ply.
        step: plies ago, the ply's slot, and where its captured stones start.
    """
    ago, slot, capture = step
    point = int64(board["recent_point"][slot])
    if point == NO_POINT:
        return
    mover_plane = ago if board["recent_color"][slot] == color else HISTORY + ago
    taken_plane = ago if board["recent_taken_color"][slot] == color else HISTORY + ago
    for index in range(capture, capture + int64(board["recent_taken"][slot])):
        taken = int64(board["recent_captures"][index & (RECENT_CAPTURES - 1)])
        planes[taken_plane, inverse[move_of(board, taken)]] = 1
    # Last, since after a suicide the stone just played is among those taken.
    planes[mover_plane, inverse[move_of(board, point)]] = 0


@lean_kernel
def write_batch(
    boards: NDArray[np.void],
    symmetries: NDArray[np.int64],
    inverse: NDArray[np.int16],
    planes: NDArray[np.uint8],
) -> None:
    """Write the planes of many positions of one side, each for its own side to move.

    Args:
        boards: BOARD array [B].
        symmetries: int64 [B], each 0..7.
        inverse: int16 [8, side²], `inverse_tables` of the boards' side.
        planes: uint8 [B, 18, side²], overwritten.
    """
    for index in range(len(boards)):
        board = boards[index]
        row = inverse[symmetries[index]]
        write_planes(board, int64(board["to_play"]), row, planes[index])
