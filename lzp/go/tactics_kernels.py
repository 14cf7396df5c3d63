"""What is urgent about a move next to stones: captures, ataris, ladders, as a few numbers.

Small networks know shapes and miss what takes reading: that stones saved from atari are
caught all the same, that a capture saves others, that a move puts its own stones into atari.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lzp.go.board_kernels import COUNT_MASK, check_point, copy_board, move_of, play_point
from lzp.go.careful_kernels import size_in_atari
from lzp.go.constants import BLACK, EMPTY, LEGAL, WALL, WHITE
from lzp.go.ladder_kernels import (
    ATTACKER,
    DEFENDER,
    chain_liberties,
    has_three_after,
    is_caught,
    open_neighbors,
)
from lzp.jit import float64, int64, lean_kernel

#: Columns of a row of features; numbers of stones n count as ln(1 + n).
SAVE = 0  # own stones in atari, if the move takes stones beside them
ESCAPE = 1  # own stones that it extends out of atari
LOST = 2  # 1 if it extends stones that are caught in a ladder all the same
ATARI = 3  # stones of the other color that it puts into atari
THREAT = 4  # own stones beside it that the other color could catch in a ladder
DEFENSE = 5  # the same, if they cannot be caught after it
SELF_ATARI = 6  # its own chain, if the move takes nothing and leaves it one liberty
FEATURES = 7
#: Moves with a feature that isn't 0; a board with more is looked at in part.
MOST_ROWS = 128

#: Classes of chains.
_SAFE, _IN_ATARI, _TWO_LIBERTIES, _THREATENED = 0, 1, 2, 3
#: Two liberties lie beside so many stones at most; most chains have more and need no walk.
_MOST_OF_TWO = 8


class TacticsRoom(NamedTuple):
    """Room to read in, and where the result goes.

    Attributes:
        boards: BOARD [FRAMES], positions of a ladder.
        frames: int64 [FRAMES, FRAME_COLUMNS], what is tried in them.
        classes: uint8 [MAX_POINTS], by head of chain.
        rows: float32 [MOST_ROWS, FEATURES].
        moves: int16 [MOST_ROWS], the move of each row.
    """

    boards: NDArray[np.void]
    frames: NDArray[np.int64]
    classes: NDArray[np.uint8]
    rows: NDArray[np.float32]
    moves: NDArray[np.int16]


@lean_kernel
def _is_threatened(room: TacticsRoom, boards: NDArray[np.void], head: int) -> bool:
    """Return whether a chain with two liberties can be caught if its owner plays elsewhere."""
    board = boards[0]
    color = int64(board["color"][head])
    enemy = BLACK + WHITE - color
    _, first, second = chain_liberties(board, head)
    for point, other in ((first, second), (second, first)):
        if has_three_after(board, other, point, color):
            continue
        if check_point(board, point, enemy) != LEGAL:
            continue
        copy_board(boards, 0, room.boards, 0)
        play_point(room.boards[0], point, enemy)
        if is_caught(room.boards, room.frames, head, DEFENDER):
            return True
    return False


@lean_kernel
def _classify(room: TacticsRoom, boards: NDArray[np.void]) -> int:
    """Write the class of every chain; return how many of the color to play are in atari."""
    board = boards[0]
    color = int64(board["to_play"])
    stride = int64(board["stride"])
    in_atari = int64(0)
    for point in range(stride + 1, stride * (stride - 1) - 1):
        there = int64(board["color"][point])
        if there == EMPTY or there == WALL or board["chain"][point] != point:
            continue
        liberties = int64(3)
        if board["liberties"][point] & COUNT_MASK <= _MOST_OF_TWO:
            liberties, _, _ = chain_liberties(board, point)
        found = _SAFE
        if liberties == 1:
            found = _IN_ATARI
            in_atari += int64(there == color)
        elif liberties == 2:
            found = _TWO_LIBERTIES
            if there == color and _is_threatened(room, boards, point):
                found = _THREATENED
        room.classes[point] = found
    return in_atari


@lean_kernel
def _saved_beside(room: TacticsRoom, board: np.void, head: int, color: int) -> int:
    """Return the stones of the largest chain of a color in atari beside another chain."""
    stride = int64(board["stride"])
    most = int64(0)
    point = head
    while True:
        for offset in (-stride, int64(-1), int64(1), stride):
            near = point + offset
            if board["color"][near] == color:
                chain = int64(board["chain"][near])
                if room.classes[chain] == _IN_ATARI:
                    most = max(most, int64(board["stones"][chain]))
        point = int64(board["next"][point])
        if point == head:
            return most


@lean_kernel
def _write_row(
    room: TacticsRoom,
    boards: NDArray[np.void],
    point: int,
    any_in_atari: bool,
    index: int,
) -> bool:
    """Write the features of a legal move into a row; return whether any is not 0."""
    board = boards[0]
    row = room.rows[index]
    color = int64(board["to_play"])
    stride = int64(board["stride"])
    row[:] = np.float32(0.0)
    saved, extended, attacked, threatened = int64(0), int64(0), int64(0), int64(0)
    captures = False
    first, second, third = int64(0), int64(0), int64(0)
    for offset in (-stride, int64(-1), int64(1), stride):
        near = point + offset
        there = int64(board["color"][near])
        if there == EMPTY or there == WALL:
            continue
        head = int64(board["chain"][near])
        if head == first or head == second or head == third:
            continue
        first, second, third = head, first, second
        found = room.classes[head]
        stones = int64(board["stones"][head])
        if there != color and found == _IN_ATARI:
            captures = True
            if any_in_atari:
                saved = max(saved, _saved_beside(room, board, head, color))
        elif there != color and found == _TWO_LIBERTIES:
            attacked = max(attacked, stones)
        elif there == color and found == _IN_ATARI:
            extended += stones
        elif there == color and found == _THREATENED:
            threatened = max(threatened, stones)
    row[SAVE] = np.log(1.0 + float64(saved))
    row[ATARI] = np.log(1.0 + float64(attacked))
    if extended > 0 or threatened > 0:
        copy_board(boards, 0, room.boards, 0)
        play_point(room.boards[0], point, color)
        caught = is_caught(room.boards, room.frames, point, ATTACKER)
        row[THREAT] = np.log(1.0 + float64(threatened))
        row[DEFENSE] = 0.0 if caught else np.log(1.0 + float64(threatened))
        row[LOST] = np.float32(caught and extended > 0)
        row[ESCAPE] = 0.0 if caught else np.log(1.0 + float64(extended))
    if not captures and extended == 0 and open_neighbors(board, point, 0) < 2:
        row[SELF_ATARI] = np.log(1.0 + float64(size_in_atari(board, point, color)))
    is_any = False
    for column in range(FEATURES):
        is_any |= row[column] != np.float32(0.0)
    return is_any


@lean_kernel
def write_tactics(room: TacticsRoom, boards: NDArray[np.void]) -> int:
    """Write the features of the moves of the color to play; return how many rows there are.

    Args:
        room: whose `rows` and `moves` are written.
        boards: BOARD [1], the position.
    """
    board = boards[0]
    color = int64(board["to_play"])
    any_in_atari = _classify(room, boards) > 0
    stride = int64(board["stride"])
    count = int64(0)
    for index in range(int64(board["empty_count"])):
        point = int64(board["empty"][index])
        touches = False
        for offset in (-stride, int64(-1), int64(1), stride):
            there = board["color"][point + offset]
            touches |= there == BLACK or there == WHITE
        if not touches or check_point(board, point, color) != LEGAL:
            continue
        if _write_row(room, boards, point, any_in_atari, count):
            room.moves[count] = move_of(board, point)
            count += 1
            if count == MOST_ROWS:
                break
    return count
