import pytest

from lzp.go import Game
from lzp.play.openings import random_opening


@pytest.mark.parametrize("side", [9, 13, 19, 25])
def test_openings_are_legal_and_in_different_corners(side):
    for number in range(50):
        game = Game(side)
        corners = set()
        for move in random_opening(side, 4, 7, number):
            game.play(move)
            y, x = divmod(move, side)
            assert min(x, side - 1 - x) <= 4
            assert min(y, side - 1 - y) <= 4
            corners.add((x > side // 2, y > side // 2))
        assert len(corners) == 4


def test_the_same_number_gives_the_same_opening_and_others_differ():
    openings = [tuple(random_opening(19, 4, 1, number)) for number in range(20)]
    assert openings == [tuple(random_opening(19, 4, 1, number)) for number in range(20)]
    assert len(set(openings)) > 15


def test_small_boards_have_no_opening():
    assert random_opening(7, 4, 1, 1) == []
