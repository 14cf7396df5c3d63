"""The sense in games that are played on: atari, self-atari, shapes that kill, owners."""

import numpy as np
import pytest

from lzp.go import BLACK, EMPTY, WHITE, Game, new_boards
from lzp.go.board_kernels import only_liberty, point_of
from lzp.go.careful_kernels import (
    choose_careful,
    kills_inside,
    play_out_carefully,
    size_in_atari,
)
from lzp.go.constants import LEGAL
from lzp.go.diagram import parse_diagram
from lzp.go.settling_kernels import mark_owners
from lzp.go.vertex import parse_vertex
from tests.naive import NaiveGo

SIDE = 5


def game_from(diagram, to_play=BLACK):
    side, stones = parse_diagram(diagram)
    game = Game(side, 0.0)
    game.set_up(stones, to_play)
    return game


def point_at(vertex, side):
    return point_of(new_boards(1, side)[0], parse_vertex(vertex, side))


def random_game(seed, plies=40):
    rng, game, other = np.random.default_rng(seed), Game(SIDE), NaiveGo(SIDE)
    for _ in range(plies):
        move = int(rng.choice(game.legal_moves()))
        color = game.to_play
        game.play(move, color)
        other.play(move, color)
        yield game, other


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_atari_and_self_atari_equal_those_of_a_naive_board(seed):
    ataris = blunders = 0
    for game, other in random_game(seed):
        record = game.boards[0]
        for move in other.stones:
            border = other.chain(other.stones, move)[1]
            packed = int(record["liberties"][record["chain"][point_of(record, move)]])
            expected = point_of(record, border.pop()) if len(border) == 1 else 0
            assert only_liberty(packed) == expected
            ataris += expected > 0
        for move in range(SIDE**2):
            if game.check(move) != LEGAL:
                continue
            stones, taken = other.result(move, game.to_play)
            members, border = other.chain(stones, move)
            expected = len(members) if not taken and len(border) == 1 else 0
            assert size_in_atari(record, point_of(record, move), game.to_play) == expected
            blunders += expected > 0
    assert ataris > 10
    assert blunders > 10


# name, diagram, the move that completes the shape, whether taking it leaves one eye
SHAPES = [
    ("three in a row", "XX...\n.....\n.....\n.....\n.....", "C5", True),
    ("four in a row", "XXX..\n.....\n.....\n.....\n.....", "D5", False),
    ("a square", "XX...\nX....\n.....\n.....\n.....", "B4", True),
    ("a pyramid", "XXX..\n.....\n.....\n.....\n.....", "B4", True),
    ("a bent four", "XXX..\n.....\n.....\n.....\n.....", "C4", False),
    ("a bulky five", "XX...\nXX...\n.....\n.....\n.....", "A3", True),
    ("a cross", ".X...\nX.X..\n.X...\n.....\n.....", "B4", True),
    ("a long five", "XXXX.\n.....\n.....\n.....\n.....", "E5", False),
    ("a rabbity six", ".X...\nXXX..\n.X...\n.....\n.....", "A5", True),
    ("two rows of three", "XXX..\nXX...\n.....\n.....\n.....", "C4", True),
    ("seven", "XXX..\nXXX..\n.....\n.....\n.....", "A3", False),
]


@pytest.mark.parametrize(("name", "diagram", "vertex", "kills"), SHAPES)
def test_shapes_that_kill_from_inside(name, diagram, vertex, kills):
    game = game_from(diagram)
    move = parse_vertex(vertex, SIDE)
    twin = game.copy()
    twin.play(move)
    size = len(twin.board.chain(move))
    assert kills_inside(game.boards[0], point_of(game.boards[0], move), BLACK, size) == kills, name


def answers(game, count=20):
    """The moves that are chosen in so many tries."""
    random = np.array([7], np.uint64)
    found = {choose_careful(game.boards[0], game.to_play, random) for _ in range(count)}
    return found - {0}


def test_a_move_into_atari_is_taken_and_an_attacked_stone_runs():
    game = game_from(".X...\nX.X..\n.....\n.....\n.....", WHITE)
    game.play(parse_vertex("B4", 5))
    assert answers(game) == {point_at("B3", 5)}
    other = game_from("O....\n.....\n.....\n.....\n.....", BLACK)
    other.play(parse_vertex("B5", 5))
    assert answers(other) == {point_at("A4", 5)}
    other.play(parse_vertex("A4", 5))
    assert len(answers(other)) > 1  # nothing is in atari


def test_the_vital_point_is_played_after_three_stones_were_taken():
    # White takes three in the corner with D5; Black plays into the middle of them.
    game = game_from("XXX.O\nOOOOO\n.....\n.....\n.....", WHITE)
    game.play(parse_vertex("D5", 5))
    assert game.board[parse_vertex("B5", 5)] == EMPTY
    assert answers(game) == {point_at("B5", 5)}


def test_a_seki_is_left_alone():
    diagram = ".XX.OO.\nXXXXOOO\nOOOOXXX\n.OOOXX.\nOOOOXXX\n.OOOXX.\nOOOOXXX"
    for color in (BLACK, WHITE):
        assert answers(game_from(diagram, color)) == set()


@pytest.mark.parametrize("side", [4, 5, pytest.param(19, marks=pytest.mark.compiled)])
def test_games_that_are_played_on_end_by_passing(side):
    boards = new_boards(1, side)
    play_out_carefully(boards[0], 3 * side * side, np.array([5], np.uint64))
    assert boards[0]["passes"] == 2
    assert boards[0]["ply"] < 3 * side * side


def test_owners_of_stones_equal_the_naive_area():
    for game, other in random_game(4):
        owner = np.empty(SIDE**2, np.uint8)
        mark_owners(game.board.colors(), SIDE, owner)
        lead = int((owner == BLACK).sum()) - int((owner == WHITE).sum())
        assert lead == other.area_difference()
