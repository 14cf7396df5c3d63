"""Games rebuilt from a chunk's positions, held against these positions bit for bit."""

import numpy as np
from numpy.typing import NDArray

from lzp.data.constants import MOVE_MASK, WHITE_BIT
from lzp.data.record_kernels import set_up_codes
from lzp.features.plane_kernels import write_planes
from lzp.go.board_kernels import check_point, play_on_board, point_of
from lzp.go.constants import BLACK, EMPTY, LEGAL, OFF_BOARD, WHITE
from lzp.jit import int64, kernel


@kernel
def read_history(
    boards: NDArray[np.uint8], mover: int, setup: NDArray[np.uint16], context: NDArray[np.uint16]
) -> tuple[int, int]:
    """Read off eight boards what was placed first and what was played since.

    Boards before a game's beginning are empty. An empty board before one with a single
    stone is taken for the beginning itself; what a network sees is the same.

    Args:
        boards: uint8 [8, side²] of EMPTY, BLACK and WHITE, the latest first.
        mover: the color to move on the latest.
        setup: uint16 [side²], overwritten with codes (constants.py).
        context: uint16 [7], overwritten with codes.

    Returns:
        How many stones and how many moves that are; (-1, 0) where a board does not follow
        from the one before by a move or a pass. Captures are not looked at.
    """
    area = boards.shape[1]
    oldest = 0
    for ago in range(len(boards)):
        if np.any(boards[ago]):
            oldest = ago
    if oldest < len(boards) - 1 and np.count_nonzero(boards[oldest]) == 1:
        oldest += 1
    stones = 0
    for move in range(area):
        if boards[oldest, move] != EMPTY:
            setup[stones] = move | (WHITE_BIT if boards[oldest, move] == WHITE else 0)
            stones += 1
    for ago in range(oldest, 0, -1):
        step = read_step(boards[ago], boards[ago - 1])
        if step < 0:
            return -1, 0
        if step == area:
            white = (mover == WHITE) == (ago % 2 == 0)
        else:
            white = boards[ago - 1, step] == WHITE
        context[oldest - ago] = step | (WHITE_BIT if white else 0)
    return stones, oldest


@kernel
def read_step(old: NDArray[np.uint8], new: NDArray[np.uint8]) -> int:
    """Return the move between two boards [side²], side² for a pass; -1 if it is not just one."""
    step = len(old)
    changes = 0
    for move in range(len(old)):
        if old[move] != new[move]:
            changes += 1
            if old[move] == EMPTY:
                if step != len(old):
                    return -1
                step = move
    return step if changes == 0 or step != len(old) else -1


@kernel
def check_codes(board: np.void, moves: NDArray[np.uint16], first: int, last: int) -> int:
    """Play the moves first .. last-1 by the rules; LEGAL, or the code of one that is not."""
    area = int64(board["side"]) * int64(board["side"])
    for ply in range(first, last):
        code = int64(moves[ply])
        move = code & MOVE_MASK
        color = WHITE if code & WHITE_BIT else BLACK
        if move > area:
            return OFF_BOARD
        if move < area:
            legality = check_point(board, point_of(board, move), color)
            if legality != LEGAL:
                return legality
        play_on_board(board, move, color)
    return LEGAL


@kernel
def count_matching(
    boards: NDArray[np.void],
    setup: NDArray[np.uint16],
    moves: NDArray[np.uint16],
    planes: NDArray[np.uint8],
    same: NDArray[np.int16],
) -> tuple[int, int]:
    """Count the positions at the end of a game whose planes are as given.

    Args:
        boards: BOARD array [1], an empty board; overwritten.
        setup: uint16 codes (constants.py) of the stones placed first.
        moves: uint16 codes; the last of them are one for each position: its target.
        planes: uint8 [N, 18, side²], what the positions before these moves look like.
        same: int16 [side²], the symmetry that changes nothing.

    Returns:
        How many positions match before the first that does not, and LEGAL. A position
        whose target is not possible does not match; the code then says why. The count is
        N where all of them do.
    """
    board = boards[0]
    seen = np.empty(planes.shape[1:], np.uint8)
    context = len(moves) - len(planes)
    if set_up_codes(board, setup) >= 0 or check_codes(board, moves, 0, context) != LEGAL:
        return 0, LEGAL
    for index in range(len(planes)):
        ply = context + index
        color = WHITE if int64(moves[ply]) & WHITE_BIT else BLACK
        write_planes(board, color, same, seen)
        if not np.array_equal(seen, planes[index]):
            return index, LEGAL
        code = check_codes(board, moves, ply, ply + 1)
        if code != LEGAL:
            return index, code
    return len(planes), LEGAL
