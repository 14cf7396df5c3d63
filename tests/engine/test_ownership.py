"""Whose the points are: the order of the numbers, their signs, and that seeds repeat."""

import numpy as np
import pytest

from lzp.engine.ownership import estimate_ownership
from lzp.go import BLACK, Game
from lzp.go.diagram import parse_diagram

pytestmark = pytest.mark.compiled


def test_a_finished_position_is_owned_as_it_stands_row_by_row_from_the_top():
    side, stones = parse_diagram(".X.XO\nXXXXO\nOOOOO\nO.OO.\nOOOOO")
    game = Game(side, 0)
    game.set_up(stones, BLACK)
    ownership = estimate_ownership(game, seed=3)
    assert ownership.dtype == np.float32
    assert ownership.shape == (25,)
    rows = ownership.reshape(5, 5)
    assert (rows[:2, :4] == 1).all()
    assert (rows[2:] == -1).all()
    assert (rows[:, 4] == -1).all()


def test_the_same_seed_gives_the_same_estimate_and_another_one_nearly_the_same():
    game = Game(7, 0)
    game.play(24)
    first, again = estimate_ownership(game, seed=5), estimate_ownership(game, seed=5)
    other = estimate_ownership(game, seed=6)
    assert (first == again).all()
    assert (first != other).any()
    assert abs(first.mean() - other.mean()) < 0.1
    assert first.mean() > 0.05  # Black has the middle
    assert game.ply == 1
