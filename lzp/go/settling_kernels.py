"""The score of a position once its dead stones are off the board."""

import numpy as np
from numpy.typing import NDArray

from lzp.go.board_kernels import move_of, point_of
from lzp.go.constants import BLACK, EMPTY, MAX_AREA, MAX_POINTS, WHITE
from lzp.go.outcome_kernels import count_outcomes
from lzp.go.scoring_kernels import button_points
from lzp.jit import float64, int64, kernel


@kernel
def mark_owners(colors: NDArray[np.uint8], side: int, owner: NDArray[np.uint8]) -> None:
    """Write who owns each point: BLACK, WHITE, or EMPTY for nobody's.

    A stone owns its point; an empty region belongs to a color if it touches only that one.

    Args:
        colors: uint8 [side²] by move, the stones that count.
        side: of the board.
        owner: uint8 [side²], overwritten.
    """
    area = side * side
    seen = np.zeros(MAX_AREA, np.bool_)
    region = np.empty(MAX_AREA, np.int64)
    for start in range(area):
        if colors[start] != EMPTY:
            owner[start] = colors[start]
        elif not seen[start]:
            size, touches = _flood(colors, side, start, seen, region)
            single = touches if touches == BLACK or touches == WHITE else EMPTY
            for index in range(size):
                owner[region[index]] = single


@kernel
def _flood(
    colors: NDArray[np.uint8],
    side: int,
    start: int,
    seen: NDArray[np.bool_],
    region: NDArray[np.int64],
) -> tuple[int, int]:
    """Write the empty region around a point; return its size and the colors touched, or-ed."""
    region[0] = start
    seen[start] = True
    size = 1
    done = 0
    touches = 0
    while done < size:
        move = region[done]
        done += 1
        x = move % side
        for step in range(4):
            if step == 0:
                near = move - side
            elif step == 1:
                near = move + side
            elif step == 2:
                near = move - 1 if x > 0 else int64(-1)
            else:
                near = move + 1 if x < side - 1 else int64(-1)
            if near < 0 or near >= side * side:
                continue
            color = int64(colors[near])
            if color != EMPTY:
                touches |= color
            elif not seen[near]:
                seen[near] = True
                region[size] = near
                size += 1
    return size, touches


@kernel
def mark_dead(
    boards: NDArray[np.void], balance: NDArray[np.int32], dead: NDArray[np.bool_]
) -> None:
    """Mark the stones of every chain that is the other color's by the sum over its points.

    Args:
        boards: BOARD array [1], the position.
        balance: int32 [side²] by move, above 0 where a point will be Black's.
        dead: bool [side²], overwritten.
    """
    board = boards[0]
    dead[:] = False
    sums = np.zeros(MAX_POINTS, np.int64)
    colors = board["color"]
    for point in range(MAX_POINTS):
        if colors[point] == BLACK or colors[point] == WHITE:
            sums[board["chain"][point]] += balance[move_of(board, point)]
    for point in range(MAX_POINTS):
        total = sums[board["chain"][point]]
        if colors[point] == BLACK:
            dead[move_of(board, point)] = total < 0
        elif colors[point] == WHITE:
            dead[move_of(board, point)] = total > 0


@kernel
def _territory_without(boards: NDArray[np.void], dead: NDArray[np.bool_]) -> int:
    """Return Black's territory and prisoners minus White's with some stones taken off.

    Args:
        boards: BOARD array [1], the position.
        dead: bool [side²] by move, the stones to take off.
    """
    board = boards[0]
    side = int64(board["side"])
    there = np.empty(MAX_AREA, np.uint8)
    owner = np.empty(MAX_AREA, np.uint8)
    difference = int64(board["prisoners"][WHITE]) - int64(board["prisoners"][BLACK])
    for move in range(side * side):
        color = int64(board["color"][point_of(board, move)])
        there[move] = EMPTY if dead[move] else color
        if dead[move]:
            difference += 1 if color == WHITE else -1
    mark_owners(there, side, owner)
    for move in range(side * side):
        if there[move] == EMPTY:
            difference += int64(owner[move] == BLACK) - int64(owner[move] == WHITE)
    return difference


@kernel
def settled_difference(
    boards: NDArray[np.void], playouts: int, by_territory: int, balance: NDArray[np.int32]
) -> float:
    """Return Black's lead in points once dead stones are off, without komi.

    By area a point belongs to whom it ends up with in most games that are played on; by
    territory the chains that most of them take are dead. The games follow from the position,
    so that the answer never changes. Close to what `final_lead` counts, and much quicker.

    Args:
        boards: BOARD array [2]: the position, and one to work on.
        playouts: how many games.
        by_territory: 0 counts area, anything else territory and prisoners.
        balance: int32 [side²], overwritten with what `count_outcomes` writes.
    """
    random = np.empty(1, np.uint64)
    random[0] = boards[0]["hash"] | np.uint64(1)
    shared = np.empty(len(balance), np.int32)
    count_outcomes(boards, playouts, random, balance, shared)
    if by_territory != 0:
        dead = np.empty(len(balance), np.bool_)
        mark_dead(boards[:1], balance, dead)
        return float64(_territory_without(boards[:1], dead))
    difference = int64(0)
    for move in range(len(balance)):
        difference += int64(balance[move] > 0) - int64(balance[move] < 0)
    return float64(difference) + button_points(boards)
