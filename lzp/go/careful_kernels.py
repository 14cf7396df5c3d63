"""Games played on with a little sense: stones in atari are taken or saved, sekis left alone.

Like the random games of playout_kernels.py, but good enough to tell dead stones and sekis at
the end of a game: a move that puts its own chain into atari is only made where that may
kill a group from inside.
"""

import numpy as np
from numpy.typing import NDArray

from lzp.go.board_kernels import (
    ONE_LIBERTY,
    check_point,
    is_only_liberty,
    only_liberty,
)
from lzp.go.constants import (
    BLACK,
    EMPTY,
    LEGAL,
    NO_POINT,
    RECENT_CAPTURES,
    RECENT_PLIES,
    WALL,
    WHITE,
)
from lzp.go.eye_kernels import is_own_eye
from lzp.go.playout_kernels import draw_below, take_turn
from lzp.jit import int64, kernel

#: Shapes that kill from inside have no more stones.
_MOST_INSIDE = 6
#: Tries to find a move at random before all points are looked at in turn.
_TRIES = 8


@kernel
def size_in_atari(board: np.void, point: int, color: int) -> int:
    """Return how many stones a legal move puts into atari, itself among them; 0 if none.

    A move that captures counts as 0.
    """
    colors = board["color"]
    stride = int64(board["stride"])
    packed = int64(0)
    size = int64(1)
    first, second, third = int64(0), int64(0), int64(0)
    for offset in (-stride, int64(-1), int64(1), stride):
        near = point + offset
        there = colors[near]
        if there == EMPTY:
            packed += ONE_LIBERTY[near]
        elif there == color:
            packed -= ONE_LIBERTY[point]
            head = int64(board["chain"][near])
            if head != first and head != second and head != third:
                packed += board["liberties"][head]
                size += int64(board["stones"][head])
                third = second
                second = first
                first = head
        elif there != WALL and is_only_liberty(board, board["chain"][near], point):
            return 0
    return size if only_liberty(packed) != 0 else 0


@kernel
def _degree(board: np.void, point: int, color: int, extra: int) -> int:
    """Return how many neighbors of a stone are of its color, counting `extra` as one."""
    stride = int64(board["stride"])
    count = 0
    for offset in (-stride, int64(-1), int64(1), stride):
        near = point + offset
        count += int64(near == extra or board["color"][near] == color)
    return count


@kernel
def kills_inside(board: np.void, point: int, color: int, size: int) -> bool:
    """Return whether a chain that a move makes can kill by being taken: its shape is one eye.

    Of one to three stones, a square or pyramid of four, a bulky or crossed five, a rabbity six.

    Args:
        board: the position before the move.
        point: the move.
        color: who makes it.
        size: stones of the chain that it makes.
    """
    if size <= 3:
        return True
    if size > _MOST_INSIDE:
        return False
    stride = int64(board["stride"])
    links = _degree(board, point, color, NO_POINT)
    most = links
    seen_first, seen_second, seen_third = int64(0), int64(0), int64(0)
    for offset in (-stride, int64(-1), int64(1), stride):
        near = point + offset
        if board["color"][near] != color:
            continue
        head = int64(board["chain"][near])
        if head == seen_first or head == seen_second or head == seen_third:
            continue
        seen_third = seen_second
        seen_second = seen_first
        seen_first = head
        stone = head
        for _ in range(int64(board["stones"][head])):
            degree = _degree(board, stone, color, point)
            links += degree
            most = max(most, degree)
            stone = int64(board["next"][stone])
    if size == 4:
        return links == 8 or most == 3
    if size == 5:
        return links == 10 or most == 4
    return links == 14 or (links == 12 and most == 4)


@kernel
def is_sensible(board: np.void, point: int, color: int) -> bool:
    """Return whether an empty point is a legal move that is neither an eye nor a blunder."""
    if check_point(board, point, color) != LEGAL or is_own_eye(board, point, color):
        return False
    size = size_in_atari(board, point, color)
    return size == 0 or kills_inside(board, point, color, size)


@kernel
def _vital_point(board: np.void, slot: int) -> int:
    """Return where one move leaves a single eye of what a ply's capture left empty, or 0.

    The middle of three, of a pyramid of four, of a bulky or crossed five, of a rabbity six.

    Args:
        board: the position after it.
        slot: of that ply.
    """
    taken = int64(board["recent_taken"][slot])
    if taken < 3 or taken > _MOST_INSIDE:
        return 0
    end = int64(board["capture_end"])
    most = 2 if taken == 3 else 3 if taken < 6 else 4
    for index in range(end - taken, end):
        point = int64(board["recent_captures"][index & (RECENT_CAPTURES - 1)])
        if board["color"][point] == EMPTY and _degree(board, point, EMPTY, NO_POINT) >= most:
            return point
    return 0


@kernel
def choose_answer(board: np.void, color: int) -> int:
    """Return a move that takes what the last move left in atari, or saves what it attacked.

    Returns:
        The point, or 0 where there is no such move.
    """
    slot = (int64(board["ply"]) - 1) & (RECENT_PLIES - 1)
    last = int64(board["recent_point"][slot])
    colors = board["color"]
    if last == NO_POINT or colors[last] != WHITE + BLACK - color:
        return 0
    vital = _vital_point(board, slot)
    if vital != 0 and check_point(board, vital, color) == LEGAL:
        return vital
    escape = only_liberty(int64(board["liberties"][board["chain"][last]]))
    if escape != 0 and check_point(board, escape, color) == LEGAL:
        return escape
    stride = int64(board["stride"])
    for offset in (-stride, int64(-1), int64(1), stride):
        near = last + offset
        if colors[near] != color:
            continue
        head = int64(board["chain"][near])
        escape = only_liberty(int64(board["liberties"][head]))
        if escape == 0:
            continue
        capture = _capture_beside(board, head, color)
        if capture != 0:
            return capture
        is_legal = check_point(board, escape, color) == LEGAL
        if is_legal and size_in_atari(board, escape, color) == 0:
            return escape
    return 0


@kernel
def _capture_beside(board: np.void, head: int, color: int) -> int:
    """Return a legal move that takes a chain beside one of a color's, 0 if there is none."""
    stride = int64(board["stride"])
    enemy = WHITE + BLACK - color
    stone = head
    for _ in range(int64(board["stones"][head])):
        for offset in (-stride, int64(-1), int64(1), stride):
            near = stone + offset
            if board["color"][near] == enemy:
                point = only_liberty(int64(board["liberties"][board["chain"][near]]))
                if point != 0 and check_point(board, point, color) == LEGAL:
                    return point
        stone = int64(board["next"][stone])
    return 0


@kernel
def choose_careful(board: np.void, color: int, random: NDArray[np.uint64]) -> int:
    """Return an answer to the last move or a random sensible move, 0 where there is none."""
    answer = choose_answer(board, color)
    return answer if answer != 0 else choose_sensible(board, color, random)


@kernel
def choose_sensible(board: np.void, color: int, random: NDArray[np.uint64]) -> int:
    """Return a random sensible move, 0 where there is none."""
    count = int64(board["empty_count"])
    if count == 0:
        return 0
    start = int64(0)
    for _ in range(_TRIES):
        start = draw_below(count, random)
        point = int64(board["empty"][start])
        if is_sensible(board, point, color):
            return point
    for step in range(1, count):
        index = start + step
        if index >= count:
            index -= count
        point = int64(board["empty"][index])
        if is_sensible(board, point, color):
            return point
    return 0


@kernel
def play_out_carefully(board: np.void, limit: int, random: NDArray[np.uint64]) -> None:
    """Play sensible moves until both sides pass, or `limit` moves."""
    for _ in range(limit):
        color = int64(board["to_play"])
        point = choose_careful(board, color, random)
        if take_turn(board, color, point):
            break
