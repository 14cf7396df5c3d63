"""Games played on by shapes: which shapes there are, what is chosen, and how games end."""

from itertools import product

import numpy as np
import pytest

from lzp.go import BLACK, WHITE, Game
from lzp.go.board_kernels import point_of
from lzp.go.board_state import BOARD
from lzp.go.careful_kernels import is_sensible
from lzp.go.constants import EMPTY
from lzp.go.pattern_kernels import (
    _SHAPES,
    choose_amid_empty,
    choose_as_people_do,
    choose_shape,
    play_out_as_people_do,
)
from lzp.go.scoring_kernels import area_difference
from lzp.go.vertex import format_vertex, parse_vertex

SIDE = 9
NEAR = [(dx, dy) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dx or dy]
#: What a letter of a shape stands for, where X is one's own stone: own, other, empty, edge.
LETTERS = {"X": "X", "O": "O", ".": ".", "#": "#", "x": "O.#", "o": "X.#", "?": "XO.#"}


def random_game(seed: int, moves: int) -> Game:
    random, game = np.random.default_rng(seed), Game(SIDE, 0.5)
    for _ in range(moves):
        game.play(int(random.choice(game.legal_moves()[:-1])))
    return game


def letters_around(game: Game, move: int, own: int) -> list[list[str]]:
    def letter(x: int, y: int) -> str:
        if not (0 <= x < SIDE and 0 <= y < SIDE):
            return "#"
        color = game.board[y * SIDE + x]
        return "." if color == EMPTY else "X" if color == own else "O"

    x, y = move % SIDE, move // SIDE
    return [[letter(x + dx, y + dy) for dx in (-1, 0, 1)] for dy in (1, 0, -1)]


def is_shape(game: Game, move: int) -> bool:
    """Try every shape in every image, for both colors, letter by letter."""
    for own, shape, turns, flip in product((BLACK, WHITE), _SHAPES, range(4), (1, -1)):
        there = np.rot90(letters_around(game, move, own), turns)[:, ::flip]
        if all(there[i][j] in LETTERS[shape[i][j]] for i, j in product(range(3), range(3))):
            return True
    return False


def stream(seed: int) -> np.ndarray:
    return np.array([seed * 7919 + 1], np.uint64)


@pytest.mark.parametrize("seed", range(12))
def test_shapes_beside_the_last_move_are_chosen(seed: int) -> None:
    game = random_game(seed, 10 + 3 * seed)
    color, last, random = game.to_play, game.moves[-1][1], stream(seed)
    wanted = {
        move
        for dx, dy in NEAR
        if 0 <= last % SIDE + dx < SIDE and 0 <= last // SIDE + dy < SIDE
        for move in [last + dx + dy * SIDE]
        if game.board[move] == EMPTY and is_shape(game, move)
    }
    board = game.boards[0]
    wanted = {m for m in wanted if is_sensible(board, point_of(board, m), color)}
    points = {choose_shape(board, color, random) for _ in range(200)}
    assert points == ({point_of(board, move) for move in wanted} or {0})


@pytest.mark.parametrize(("last", "shape"), [("E4", "D4"), ("E4", "F4")])
def test_a_hane_is_a_shape(last: str, shape: str) -> None:
    game = Game(SIDE, 0.5)
    for color, vertex in ((BLACK, "E5"), (WHITE, last)):
        game.play(parse_vertex(vertex, SIDE), color)
    board, random = game.boards[0], stream(3)
    points = {choose_shape(board, BLACK, random) for _ in range(100)}
    assert point_of(board, parse_vertex(shape, SIDE)) in points


def test_nothing_is_a_shape_after_a_pass_or_on_an_empty_board() -> None:
    game = Game(SIDE, 0.5)
    assert choose_shape(game.boards[0], BLACK, stream(1)) == 0
    game.play(game.pass_move)
    assert choose_shape(game.boards[0], WHITE, stream(1)) == 0


def test_a_point_amid_empty_ones_has_no_neighbor() -> None:
    game = Game(SIDE, 0.5)
    for vertex in ("C3", "G7", "C7", "G3"):
        game.play(parse_vertex(vertex, SIDE))
    board, random = game.boards[0], stream(2)
    found = {choose_amid_empty(board, random) for _ in range(500)} - {0}
    free = {
        move
        for move in range(SIDE * SIDE)
        if "".join(map("".join, letters_around(game, move, BLACK))) == "........."
    }
    assert "E5" in {format_vertex(move, SIDE) for move in free}
    assert found == {point_of(board, move) for move in free}


@pytest.mark.parametrize("seed", range(4))
def test_games_end_where_nothing_sensible_is_left(seed: int) -> None:
    boards, random = np.zeros(1, BOARD), stream(seed)
    boards[0] = random_game(seed, 20).boards[0]
    play_out_as_people_do(boards[0], 3 * SIDE * SIDE, random)
    assert boards[0]["passes"] == 2
    for color in (BLACK, WHITE):
        assert choose_as_people_do(boards[0], color, random) == 0
    assert abs(area_difference(boards)) <= SIDE * SIDE


def test_the_limit_ends_a_game() -> None:
    boards = np.zeros(1, BOARD)
    boards[0] = Game(SIDE, 0.5).boards[0]
    play_out_as_people_do(boards[0], 5, stream(1))
    assert boards[0]["ply"] == 5
