"""The rules against numbers that others published or computed."""

import numpy as np
import pytest
from numpy.typing import NDArray

from lzp.go import Game, new_boards
from lzp.go.board_kernels import clear_board, point_of, put_stone
from lzp.go.constants import EMPTY
from lzp.jit import int64, kernel

# J. Tromp, G. Farnebäck: Combinatorics of Go (2006), table 1.
LEGAL_POSITIONS = {2: 57, 3: 12_675, 4: 24_318_165}
# Sequences of legal moves, passes included, from the empty board under positional superko:
# computed with an independent program on sgfmill's board.
MOVE_TREES = [(2, 7, 2_617), (3, 4, 5_453), (4, 3, 4_129), (5, 3, 15_676)]


@kernel
def count_positions(boards: NDArray[np.void], side: int) -> int:
    """Count the colorings of a board in which every chain has a liberty."""
    board = boards[0]
    area = side * side
    total = 0
    for code in range(3**area):
        clear_board(board, side)
        rest = code
        for move in range(area):
            if rest % 3:
                put_stone(board, point_of(board, move), rest % 3)
            rest //= 3
        total += _all_alive(board, area)
    return total


@kernel
def _all_alive(board: np.void, area: int) -> int:
    """Return 1 if every chain has a liberty, else 0."""
    for move in range(area):
        point = point_of(board, move)
        if board["color"][point] != EMPTY and board["liberties"][int64(board["chain"][point])] == 0:
            return 0
    return 1


@pytest.mark.parametrize(
    "side",
    [
        2,
        pytest.param(3, marks=pytest.mark.compiled),
        pytest.param(4, marks=[pytest.mark.compiled, pytest.mark.slow]),
    ],
)
def test_legal_positions_are_as_many_as_tromp_counted(side):
    assert count_positions(new_boards(1, side), side) == LEGAL_POSITIONS[side]


def count_sequences(game, depth):
    if depth == 0:
        return 1
    total = 0
    for move in game.legal_moves():
        game.play(int(move))
        total += count_sequences(game, depth - 1)
        game.undo()
    return total


@pytest.mark.parametrize(("side", "depth", "expected"), MOVE_TREES)
def test_move_trees_have_the_known_size(side, depth, expected):
    assert count_sequences(Game(side), depth) == expected
