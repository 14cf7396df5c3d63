"""What a search does about ladders: priors of moves that run from one in vain, or work one.

A small network often does not see where a ladder ends, and puts stone after stone into it;
a small search does not get there either. Reading it takes microseconds.
"""

import numpy as np
from numpy.typing import NDArray

from lzp.engine.tree_state import LADDER_MOVES, TreeArrays
from lzp.go.board_kernels import check_point, copy_board, move_of, only_liberty, play_point
from lzp.go.constants import BLACK, EMPTY, LEGAL, WALL, WHITE
from lzp.go.ladder_kernels import (
    ATTACKER,
    DEFENDER,
    chain_liberties,
    has_three_after,
    is_caught,
)
from lzp.jit import float64, int64, lean_kernel

#: A ladder that catches so many stones is worth as much as any.
_MANY_STONES = 4


@lean_kernel
def note_ladders(tree: TreeArrays, leaf: np.void, boards: NDArray[np.void]) -> None:
    """Write into a leaf which moves of the color to play begin, or prolong, a ladder.

    Args:
        tree: with room to read in.
        leaf: whose ladder moves and stones are written.
        boards: BOARD [1], its position.
    """
    board = boards[0]
    leaf["ladders"] = 0
    color = int64(board["to_play"])
    stride = int64(board["stride"])
    for point in range(stride + 1, stride * (stride - 1) - 1):
        there = int64(board["color"][point])
        if there == EMPTY or there == WALL or board["chain"][point] != point:
            continue
        if there == color:
            _note_escape(tree, leaf, boards, point)
        else:
            _note_attack(tree, leaf, boards, point)


@lean_kernel
def _note(leaf: np.void, move: int, stones: int) -> None:
    """Write a move down, as long as there is room."""
    count = int64(leaf["ladders"])
    if count < LADDER_MOVES:
        leaf["ladder_move"][count] = move
        leaf["ladder_stones"][count] = stones
        leaf["ladders"] = count + 1


@lean_kernel
def _note_escape(tree: TreeArrays, leaf: np.void, boards: NDArray[np.void], head: int) -> None:
    """Note the extension of a chain in atari that is caught all the same."""
    board = boards[0]
    color = int64(board["to_play"])
    extension = only_liberty(board["liberties"][head])
    if extension == 0 or has_three_after(board, extension, 0, color):
        return
    if check_point(board, extension, color) != LEGAL:
        return
    copy_board(boards, 0, tree.ladder_boards, 0)
    play_point(tree.ladder_boards[0], extension, color)
    if is_caught(tree.ladder_boards, tree.ladder_frames, extension, ATTACKER):
        _note(leaf, move_of(board, extension), -int64(board["stones"][head]))


@lean_kernel
def _note_attack(tree: TreeArrays, leaf: np.void, boards: NDArray[np.void], head: int) -> None:
    """Note the ataris that catch a chain of the other color with two liberties."""
    board = boards[0]
    color = int64(board["to_play"])
    liberties, first, second = chain_liberties(board, head)
    if liberties != 2:
        return
    for point, other in ((first, second), (second, first)):
        if has_three_after(board, other, point, BLACK + WHITE - color):
            continue
        if check_point(board, point, color) != LEGAL:
            continue
        copy_board(boards, 0, tree.ladder_boards, 0)
        play_point(tree.ladder_boards[0], point, color)
        if is_caught(tree.ladder_boards, tree.ladder_frames, head, DEFENDER):
            _note(leaf, move_of(board, point), int64(board["stones"][head]))


@lean_kernel
def weigh_ladders(head: np.void, leaf: np.void, priors: NDArray[np.float32], total: float) -> float:
    """Change the priors of the ladder moves of a leaf; return their new sum.

    Args:
        head: the tree's constants.
        leaf: with its ladder moves.
        priors: float32 [side² + 1]; -1 stays.
        total: their sum.
    """
    count = int64(leaf["ladders"])
    if count == 0:
        return total
    whole = total
    for index in range(count):
        move = int64(leaf["ladder_move"][index])
        if leaf["ladder_stones"][index] < 0 and priors[move] >= np.float32(0.0):
            lost = float64(priors[move]) * (1.0 - float64(head["ladder_loss"]))
            priors[move] -= np.float32(lost)
            total -= lost
    for index in range(count):
        move = int64(leaf["ladder_move"][index])
        stones = min(int64(leaf["ladder_stones"][index]), _MANY_STONES)
        least = float64(head["ladder_gain"]) * whole * float64(stones) / _MANY_STONES
        prior = float64(priors[move])
        if stones > 0 and 0.0 <= prior < least:
            priors[move] = np.float32(least)
            total += least - prior
    return total
