"""Scores of a position on which every stone is alive: by area, and by territory."""

import numpy as np
from numpy.typing import NDArray

from lzp.go.board_kernels import move_of
from lzp.go.constants import BLACK, EMPTY, MAX_POINTS, WHITE
from lzp.jit import float64, int64, kernel


@kernel
def mark_area(boards: NDArray[np.void], owner: NDArray[np.uint8]) -> None:
    """Write who owns each point of boards[0]: BLACK, WHITE, or EMPTY for nobody's.

    A stone owns its point; an empty region belongs to a color if it touches only that one.

    Args:
        boards: BOARD array [1].
        owner: uint8 [side²] by move, overwritten.
    """
    board = boards[0]
    colors = board["color"]
    for point in range(MAX_POINTS):
        if colors[point] == BLACK or colors[point] == WHITE:
            owner[move_of(board, point)] = colors[point]
    seen = np.zeros(MAX_POINTS, np.bool_)
    region = np.empty(MAX_POINTS, np.int64)
    for index in range(int64(board["empty_count"])):
        start = int64(board["empty"][index])
        if not seen[start]:
            _mark_region(board, start, seen, region, owner)


@kernel
def _mark_region(
    board: np.void,
    start: int,
    seen: NDArray[np.bool_],
    region: NDArray[np.int64],
    owner: NDArray[np.uint8],
) -> None:
    """Find the empty region around a point and write its owner."""
    colors = board["color"]
    stride = int64(board["stride"])
    region[0] = start
    seen[start] = True
    size = 1
    touches = 0
    done = 0
    while done < size:
        point = region[done]
        done += 1
        for offset in (-stride, int64(-1), int64(1), stride):
            near = point + offset
            near_color = int64(colors[near])
            if near_color == BLACK or near_color == WHITE:
                touches |= near_color
            elif near_color == EMPTY and not seen[near]:
                seen[near] = True
                region[size] = near
                size += 1
    for index in range(size):
        owner[move_of(board, region[index])] = _single_color(touches)


@kernel
def _single_color(touches: int) -> int:
    """Return the one color among those touched, or EMPTY for none or both."""
    return touches if touches == BLACK or touches == WHITE else EMPTY


@kernel
def area_difference(boards: NDArray[np.void]) -> int:
    """Return Black's area minus White's on boards[0], in points, without komi."""
    area = int64(boards[0]["side"]) * int64(boards[0]["side"])
    owner = np.empty(MAX_POINTS, np.uint8)
    mark_area(boards, owner[:area])
    difference = 0
    for move in range(area):
        if owner[move] == BLACK:
            difference += 1
        elif owner[move] == WHITE:
            difference -= 1
    return difference


@kernel
def territory_difference(boards: NDArray[np.void]) -> int:
    """Return Black's territory and prisoners minus White's on boards[0], without komi."""
    board = boards[0]
    area = int64(board["side"]) * int64(board["side"])
    owner = np.empty(MAX_POINTS, np.uint8)
    mark_area(boards, owner[:area])
    difference = int64(board["prisoners"][WHITE]) - int64(board["prisoners"][BLACK])
    for index in range(int64(board["empty_count"])):
        there = owner[move_of(board, int64(board["empty"][index]))]
        if there == BLACK:
            difference += 1
        elif there == WHITE:
            difference -= 1
    return difference


@kernel
def button_points(boards: NDArray[np.void]) -> float:
    """Return what the button on boards[0] is worth to Black: 0.5, -0.5, or 0."""
    holder = boards[0]["button"]
    if holder == BLACK:
        return 0.5
    return -0.5 if holder == WHITE else 0.0


@kernel
def counted_difference(boards: NDArray[np.void], by_territory: int) -> float:
    """Return Black's lead on boards[0] in points, every stone alive, without komi.

    Args:
        boards: BOARD array [1].
        by_territory: 0 counts area, anything else territory and prisoners.
    """
    if by_territory != 0:
        return float64(territory_difference(boards))
    return float64(area_difference(boards)) + button_points(boards)
