"""Ladders: whether a chain can be caught by one atari after the other.

The attacker only plays where the chain has no more than one liberty left, the chain's owner
only extends it or takes stones that are in atari beside it. What is not caught within
so many plies counts as free, and so does what a ko decides.
"""

import numpy as np
from numpy.typing import NDArray

from lzp.go.board_kernels import check_point, copy_board, only_liberty, play_point
from lzp.go.constants import BLACK, EMPTY, LEGAL, WHITE
from lzp.jit import int64, lean_kernel

#: Whose turn it is in a frame.
DEFENDER, ATTACKER = 0, 1
#: Columns of a frame: turn, number of options, how many were tried; the options follow.
_TURN, _COUNT, _TRIED, _FIRST = 0, 1, 2, 3
#: Options of the defender: an extension, and so many captures.
_MOST_CAPTURES = 4
FRAME_COLUMNS = _FIRST + _MOST_CAPTURES + 1
#: Positions with another option left, on the way to the one looked at.
FRAMES = 16
#: Plies that are looked at for one chain.
_MOST_PLIES = 300

_UNDECIDED, _FREE, _CAUGHT = 0, 1, 2


@lean_kernel
def chain_liberties(board: np.void, head: int) -> tuple[int, int, int]:
    """Return how many liberties a chain has, 3 for more, and the first two as points."""
    colors = board["color"]
    stride = int64(board["stride"])
    first = int64(0)
    second = int64(0)
    point = head
    while True:
        for offset in (-stride, int64(-1), int64(1), stride):
            near = point + offset
            if colors[near] != EMPTY or near == first or near == second:
                continue
            if first == 0:
                first = near
            elif second == 0:
                second = near
            else:
                return int64(3), first, second
        point = int64(board["next"][point])
        if point == head:
            return int64(first != 0) + int64(second != 0), first, second


@lean_kernel
def open_neighbors(board: np.void, point: int, besides: int) -> int:
    """Return how many empty points lie beside a point, one of them left out."""
    colors = board["color"]
    stride = int64(board["stride"])
    count = int64(0)
    for offset in (-stride, int64(-1), int64(1), stride):
        near = point + offset
        count += int64(colors[near] == EMPTY and near != besides)
    return count


@lean_kernel
def has_three_after(board: np.void, point: int, besides: int, color: int) -> bool:
    """Return whether a stone is sure to have three liberties or more.

    Quick and never wrongly true: of a chain that it joins, two liberties are looked at.

    Args:
        board: the position before the stone.
        point: where it is put.
        besides: a point that does not count as a liberty.
        color: of the stone.
    """
    colors = board["color"]
    stride = int64(board["stride"])
    first = int64(0)
    second = int64(0)
    for offset in (-stride, int64(-1), int64(1), stride):
        near = point + offset
        one = int64(0)
        other = int64(0)
        if colors[near] == EMPTY:
            one = near
        elif colors[near] == color:
            _, one, other = chain_liberties(board, int64(board["chain"][near]))
        for liberty in (one, other):
            if liberty in (0, point, besides, first, second):
                continue
            if first == 0:
                first = liberty
            elif second == 0:
                second = liberty
            else:
                return True
    return False


@lean_kernel
def _add_captures(board: np.void, frame: NDArray[np.int64], head: int, extension: int) -> int:
    """Write the captures of stones in atari beside a chain into its owner's frame.

    The extension, which may capture too, is left out.

    Returns:
        How many there are.
    """
    colors = board["color"]
    stride = int64(board["stride"])
    color = int64(colors[head])
    enemy = BLACK + WHITE - color
    count = int64(0)
    point = head
    while True:
        for offset in (-stride, int64(-1), int64(1), stride):
            near = point + offset
            if colors[near] != enemy:
                continue
            taking = only_liberty(board["liberties"][board["chain"][near]])
            if taking == 0 or taking == extension or count == _MOST_CAPTURES:
                continue
            is_new = check_point(board, taking, color) == LEGAL
            for index in range(count):
                is_new = is_new and frame[_FIRST + index] != taking
            if is_new:
                frame[_FIRST + count] = taking
                count += 1
        point = int64(board["next"][point])
        if point == head:
            return count


@lean_kernel
def _defend(board: np.void, frame: NDArray[np.int64], head: int) -> int:
    """Write what the owner of a chain in atari can do into a frame; return the outcome."""
    extension = only_liberty(board["liberties"][head])
    count = _add_captures(board, frame, head, extension)
    if check_point(board, extension, int64(board["color"][head])) == LEGAL:
        frame[_FIRST + count] = extension
        count += 1
    frame[_COUNT] = count
    return _CAUGHT if count == 0 else _UNDECIDED


@lean_kernel
def _attack(board: np.void, frame: NDArray[np.int64], head: int) -> int:
    """Write the moves that put a chain into atari into a frame; return the outcome."""
    enemy = BLACK + WHITE - int64(board["color"][head])
    liberties, first, second = chain_liberties(board, head)
    if liberties > 2:
        return _FREE
    if liberties == 1:
        return _CAUGHT if check_point(board, first, enemy) == LEGAL else _FREE
    # The last option costs no copy of the board, and the better one is tried first.
    if open_neighbors(board, first, second) < open_neighbors(board, second, first):
        first, second = second, first
    count = int64(0)
    for point, other in ((first, second), (second, first)):
        if has_three_after(board, other, point, BLACK + WHITE - enemy):
            continue
        if check_point(board, point, enemy) == LEGAL:
            frame[_FIRST + count] = point
            count += 1
    frame[_COUNT] = count
    return _FREE if count == 0 else _UNDECIDED


@lean_kernel
def is_caught(boards: NDArray[np.void], frames: NDArray[np.int64], point: int, turn: int) -> bool:
    """Return whether a chain is caught in a ladder.

    Args:
        boards: BOARD [FRAMES]; the first is the position, all are overwritten.
        frames: int64 [FRAMES, FRAME_COLUMNS], room to work in.
        point: of the chain, which is in atari if it is the DEFENDER's turn.
        turn: DEFENDER or ATTACKER.
    """
    depth = int64(0)
    frames[0, _TURN] = turn
    frames[0, _COUNT] = -1
    for _ in range(_MOST_PLIES):
        board = boards[depth]
        frame = frames[depth]
        head = int64(board["chain"][point])
        outcome = _UNDECIDED
        if frame[_COUNT] < 0:
            frame[_TRIED] = 0
            attacks = frame[_TURN] == ATTACKER
            outcome = _attack(board, frame, head) if attacks else _defend(board, frame, head)
        # Back to the last position whose mover has not got what it wants, and tries more.
        while outcome != _UNDECIDED:
            if depth == 0:
                return bool(outcome == _CAUGHT)
            depth -= 1
            if (frames[depth, _TURN] == ATTACKER) != (outcome == _CAUGHT):
                outcome = _UNDECIDED
        depth = _try_next(boards, frames, depth, point)
        if depth == FRAMES:
            return False
    return False


@lean_kernel
def _try_next(boards: NDArray[np.void], frames: NDArray[np.int64], depth: int, point: int) -> int:
    """Play the next option of a frame, on a copy unless it is the last; return the depth."""
    frame = frames[depth]
    option = frame[_FIRST + frame[_TRIED]]
    turn = frame[_TURN]
    frame[_TRIED] += 1
    if frame[_TRIED] < frame[_COUNT]:
        if depth + 1 == FRAMES:
            return FRAMES
        copy_board(boards, depth, boards, depth + 1)
        depth += 1
    color = int64(boards[depth]["color"][point])
    play_point(boards[depth], option, BLACK + WHITE - color if turn == ATTACKER else color)
    frames[depth, _TURN] = DEFENDER if turn == ATTACKER else ATTACKER
    frames[depth, _COUNT] = -1
    return depth
