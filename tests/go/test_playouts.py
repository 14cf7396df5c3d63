"""Random play: its numbers, its end, and whose points it says there are."""

import numpy as np
import pytest

from lzp.go import BLACK, WHITE, Game, new_boards
from lzp.go.diagram import parse_diagram
from lzp.go.eye_kernels import is_own_eye
from lzp.go.playout_kernels import count_owners, next_random, play_out

MASK = 2**64 - 1


def game_from(diagram):
    side, stones = parse_diagram(diagram)
    game = Game(side, 0)
    game.set_up(stones, BLACK)
    return game


def owners_of(game, playouts, seed=1):
    boards = new_boards(2, game.side)
    boards[0] = game.boards[0]
    balance = np.zeros(game.side**2, np.int32)
    count_owners(boards, playouts, np.array([seed], np.uint64), balance)
    assert boards[0].tobytes() == game.boards[0].tobytes()
    return balance.reshape(game.side, game.side)


def test_the_stream_is_marsaglias_xorshift64():
    state = np.array([88172645463325252], np.uint64)
    expected = 88172645463325252
    for _ in range(100):
        expected ^= expected << 13 & MASK
        expected ^= expected >> 7
        expected ^= expected << 17 & MASK
        assert int(next_random(state)) == expected


# Both sides live with two eyes and nothing is left to play.
FINISHED = """
    .X.XO
    XXXXO
    OOOOO
    O.OO.
    OOOOO
"""


def test_a_finished_position_is_counted_as_it_stands():
    balance = owners_of(game_from(FINISHED), 7)
    assert (balance[3:, :4] == 7).all()
    assert (balance[:3] == -7).all()
    assert (balance[:, 4] == -7).all()


# name, row, column (from A1), color: an eye is one of the color's own points that it may not fill
EYES = [
    ("a corner eye", 4, 0, BLACK, True),
    ("an eye of the other color", 4, 0, WHITE, False),
    ("an eye at the side", 4, 2, BLACK, True),
    ("an eye in the middle of the other side's stones", 1, 1, WHITE, True),
]


@pytest.mark.parametrize(("name", "row", "column", "color", "expected"), EYES)
def test_own_eyes_are_seen(name, row, column, color, expected):
    point = (row + 1) * 7 + column + 1
    assert is_own_eye(game_from(FINISHED).boards[0], point, color) == expected, name


@pytest.mark.parametrize("side", [5, 7, pytest.param(19, marks=pytest.mark.compiled)])
def test_random_play_ends_by_passing_within_the_limit(side):
    boards = new_boards(1, side)
    play_out(boards[0], 3 * side * side, np.array([5], np.uint64))
    assert boards[0]["passes"] == 2
    assert boards[0]["ply"] < 3 * side * side
