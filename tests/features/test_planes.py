"""Planes against snapshots of every position, under all symmetries."""

import numpy as np
import pytest

from lzp.features import encode, inverse_tables, symmetry_tables
from lzp.features.symmetry import inverse_symmetry
from lzp.go import BLACK, WHITE, Game
from lzp.go.vertex import parse_vertex


def planes_from_snapshots(snapshots, color, side, symmetry):
    """Return [18, S, S] from the colors of every position so far, the plain way."""
    table = symmetry_tables(side)[symmetry]
    planes = np.zeros((18, side * side), np.uint8)
    for ago, colors in enumerate(reversed(snapshots[-8:])):
        planes[ago] = colors[table] == color
        planes[8 + ago] = colors[table] == 3 - color
    planes[16 if color == BLACK else 17] = 1
    return planes.reshape(18, side, side)


@pytest.mark.parametrize("side", [2, 3, 5, pytest.param(19, marks=pytest.mark.compiled)])
def test_planes_equal_snapshots_in_random_games(side):
    rng = np.random.default_rng(side)
    game = Game(side)
    snapshots = [game.board.colors()]
    for _ in range(12 * side if side < 19 else 400):
        color = game.to_play if rng.random() < 0.9 else 3 - game.to_play
        game.play(int(rng.choice(game.legal_moves(color))), color)
        snapshots.append(game.board.colors())
        if rng.random() < 0.4:
            planes = encode(np.repeat(game.boards, 8), np.arange(8))
            for symmetry in range(8):
                expected = planes_from_snapshots(snapshots, game.to_play, side, symmetry)
                assert np.array_equal(planes[symmetry], expected)


def test_a_set_up_position_has_no_past():
    game = Game(9)
    game.play(0)
    game.set_up([(BLACK, parse_vertex("C3", 9)), (BLACK, parse_vertex("G7", 9))], WHITE)
    planes = encode(game.boards)[0]
    assert planes[8].sum() == 2  # Black's stones are the other side's
    assert planes[:8].sum() == 0
    assert planes[9:16].sum() == 0
    assert planes[16].sum() == 0
    assert planes[17].all()


def test_the_turn_alone_decides_whose_stones_come_first():
    game = Game(9)
    game.play(40)
    game.to_play = BLACK
    planes = encode(game.boards)[0]
    assert planes[0].sum() == 1
    assert planes[8].sum() == 0
    assert planes[16].all()


# Leela Zero's table (x, y): 0 (x,y) 1 (x,18-y) 2 (18-x,y) 3 (18-x,18-y)
# 4 (y,x) 5 (y,18-x) 6 (18-y,x) 7 (18-y,18-x)
def test_symmetries_are_numbered_as_leela_zero_does():
    x, y = 3, 1
    expected = [(3, 1), (3, 17), (15, 1), (15, 17), (1, 3), (1, 15), (17, 3), (17, 15)]
    mapped = [divmod(int(symmetry_tables(19)[s][y * 19 + x]), 19) for s in range(8)]
    assert [(column, row) for row, column in mapped] == expected


@pytest.mark.parametrize("side", [2, 9, 19])
def test_inverse_tables_undo_symmetry_tables(side):
    tables, inverse = symmetry_tables(side), inverse_tables(side)
    for symmetry in range(8):
        assert np.array_equal(tables[symmetry][inverse[symmetry]], np.arange(side * side))
        other = inverse_symmetry(symmetry)
        assert np.array_equal(tables[other], inverse[symmetry])


def test_planes_of_a_transformed_game_are_the_transformed_planes():
    rng = np.random.default_rng(3)
    game = Game(7)
    while game.ply < 40:
        game.play(int(rng.choice(game.legal_moves())))
    for symmetry in range(8):
        twin = Game(7)
        for color, move in game.moves:
            # A stone at T[s, i] of the game stands at i of the twin.
            mapped = 49 if move == 49 else int(inverse_tables(7)[symmetry][move])
            twin.play(mapped, color)
        assert np.array_equal(encode(twin.boards), encode(game.boards, symmetry))


def test_bad_arguments_are_refused():
    game = Game(5)
    with pytest.raises(ValueError, match="0 to 7"):
        encode(game.boards, 8)
    with pytest.raises(ValueError, match="one side"):
        encode(game.boards[:0])
    with pytest.raises(ValueError, match="one side"):
        encode(np.concatenate([game.boards, Game(9).boards]))
