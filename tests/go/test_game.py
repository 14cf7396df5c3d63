"""Positions as diagrams, and what a game remembers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lzp.go import BLACK, WHITE, Game, IllegalMoveError
from lzp.go.constants import KO, LEGAL, OCCUPIED, OFF_BOARD, SUICIDE, SUPERKO
from lzp.go.diagram import parse_diagram
from lzp.go.vertex import format_vertex, parse_color, parse_vertex


def game_from(diagram, to_play=BLACK, komi=0.0):
    side, stones = parse_diagram(diagram)
    game = Game(side, komi)
    game.set_up(stones, to_play)
    return game


def play_all(game, text):
    for word in text.split():
        color, vertex = word.split(":") if ":" in word else ("", word)
        move = parse_vertex(vertex, game.side)
        game.play(move, parse_color(color) if color else None)


# name, diagram, to play, vertex, code
LEGALITY = [
    ("an empty point", "...\n...\n...", BLACK, "B2", LEGAL),
    ("an occupied point", "...\n.X.\n...", WHITE, "B2", OCCUPIED),
    ("suicide of one stone", ".X.\nX..\n...", WHITE, "A3", SUICIDE),
    ("one's own eye", ".X.\nX..\n...", BLACK, "A3", LEGAL),
    ("suicide of a chain", ".OX.\nOOX.\nXXX.\n....", WHITE, "A4", SUICIDE),
    ("a last liberty that captures", ".OX.\nOOX.\nXXX.\n....", BLACK, "A4", LEGAL),
    ("joining a chain that has another liberty", ".X..\nXXO.\n.XO.\n....", BLACK, "A4", LEGAL),
]


@pytest.mark.parametrize(("name", "diagram", "color", "vertex", "code"), LEGALITY)
def test_legality(name, diagram, color, vertex, code):
    game = game_from(diagram, color)
    assert game.check(parse_vertex(vertex, game.side)) == code, f"{name}\n{game}"


# name, diagram, moves, diagram after
AFTER = [
    ("a stone in the corner is taken", "O..\nX..\n...", "B3", ".X.\nX..\n..."),
    ("a chain is taken", "OOX\nX..\n...", "B2", "..X\nXX.\n..."),
    ("three chains are taken at once", "O.O\nXOX\n.X.", "B3", ".X.\nX.X\n.X."),
    (
        "snapback: the capturer is captured",
        "XX.O.\nOXXO.\nOOOO.\n.....\n.....",
        "w:C5",
        "..OO.\nO..O.\nOOOO.\n.....\n.....",
    ),
]


@pytest.mark.parametrize(("name", "diagram", "moves", "after"), AFTER)
def test_captures(name, diagram, moves, after):
    game = game_from(diagram)
    play_all(game, moves)
    expected = game_from(after)
    assert str(game.board) == str(expected.board), name
    assert game.board.hash == expected.board.hash


KO_SHAPE = ".XO.\nX.XO\n.XO.\n...."


def test_a_ko_is_not_retaken_at_once_but_after_a_move_elsewhere():
    game = game_from(KO_SHAPE, WHITE)
    play_all(game, "B3")  # takes C3
    c3 = parse_vertex("C3", 4)
    assert game.check(c3, BLACK) == KO
    assert game.board.ko_move == c3
    with pytest.raises(IllegalMoveError, match="black C3: the ko cannot be retaken"):
        game.play(c3)
    play_all(game, "D1 A1")
    game.play(c3)
    assert game.board[parse_vertex("B3", 4)] == 0


def test_a_pass_frees_a_simple_ko_but_superko_still_forbids_the_repetition():
    game = game_from(KO_SHAPE, WHITE)
    play_all(game, "B3 pass pass")
    assert game.check(parse_vertex("C3", 4), BLACK) == SUPERKO
    with pytest.raises(IllegalMoveError, match="would repeat"):
        game.play(parse_vertex("C3", 4), BLACK)
    game.play(parse_vertex("C3", 4), BLACK, superko=False)
    assert game.moves[-1] == (BLACK, parse_vertex("C3", 4))


def test_the_capturer_may_connect_its_own_ko():
    game = game_from(KO_SHAPE, WHITE)
    play_all(game, "B3")
    assert game.check(parse_vertex("C3", 4), WHITE) == LEGAL


def test_sending_two_returning_one_is_superko_and_no_simple_ko():
    game = game_from(".O.O.\nXXOO.\nX....\n.....\n.....", WHITE)
    play_all(game, "A5 C5")  # White gives two stones; Black takes them with one
    b5 = parse_vertex("B5", 5)
    assert game.board[b5] == 0
    assert game.board.ko_move is None
    assert game.check(b5, WHITE) == SUPERKO
    assert b5 not in game.legal_moves(WHITE)
    play_all(game, "E1 D1")
    assert game.check(b5, WHITE) == LEGAL  # the board is no longer the same


def test_komi_handicap_and_area_give_the_score():
    game = game_from(".X.O.\n.X.O.\n.X.O.\n.X.O.\n.X.O.")
    assert game.area_score() == 0
    game.komi = 6.5
    game.handicap = 2
    assert game.area_score() == -8.5
    empty = Game(7, 7.5)
    assert empty.area_score() == -7.5
    empty.play(0)
    assert empty.area_score() == 49 - 7.5


def test_two_passes_end_the_game_and_a_move_between_them_does_not():
    game = Game(5)
    play_all(game, "pass A1 pass")
    assert (game.is_over, game.passes) == (False, 1)
    play_all(game, "pass")
    assert (game.is_over, game.passes) == (True, 2)
    game.undo()
    assert (game.is_over, game.passes) == (False, 1)


def test_a_set_up_position_starts_its_own_history():
    game = Game(9)
    play_all(game, "A1 B1")
    game.set_up([(BLACK, 40), (BLACK, 20)], WHITE, handicap=2)
    assert game.ply == 0
    assert game.to_play == WHITE
    assert len(game.position_hashes()) == 1
    with pytest.raises(ValueError, match="no move to take back"):
        game.undo()


@pytest.mark.parametrize(
    ("stones", "message"),
    [
        ([(BLACK, 0), (WHITE, 0)], "at A1: occupied"),
        ([(BLACK, 0), (WHITE, 1), (WHITE, 3)], "at A1: occupied or without liberties"),
        ([(BLACK, 9)], "off the board: 9"),
        ([(BLACK, -1)], "off the board: -1"),
    ],
)
def test_a_bad_set_up_is_refused_and_the_game_stays(stones, message):
    game = Game(3)
    game.play(4)
    with pytest.raises(ValueError, match=message):
        game.set_up(stones, BLACK)
    assert game.moves == [(BLACK, 4)]
    assert game.board[4] == BLACK


@pytest.mark.parametrize("move", [-1, 10, 10**6])
def test_a_move_off_the_board_is_refused(move):
    game = Game(3)
    assert game.check(move) == OFF_BOARD
    with pytest.raises(IllegalMoveError, match="off the board"):
        game.play(move)


@pytest.mark.parametrize("side", [1, 26, 0, -3])
def test_a_side_outside_2_to_25_is_refused(side):
    with pytest.raises(ValueError, match="2 to 25"):
        Game(side)


def test_prisoners_are_counted_by_the_color_taken():
    game = game_from("OOX\nX..\n...")
    play_all(game, "B2")
    assert game.board.prisoners(WHITE) == 2
    assert game.board.prisoners(BLACK) == 0


def test_a_copy_is_independent():
    game = Game(5)
    play_all(game, "C3 D3")
    twin = game.copy()
    twin.play(0)
    assert game.ply == 2
    assert game.board[0] == 0
    assert twin.moves[:2] == game.moves


def test_a_long_game_outgrows_every_first_capacity():
    game = Game(2)
    for _ in range(300):
        game.play(4)
    assert game.ply == 300
    assert len(game.position_hashes()) == 301


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 25), st.data())
def test_vertices_round_trip(side, data):
    move = data.draw(st.integers(0, side * side))
    text = format_vertex(move, side)
    assert parse_vertex(text, side) == move
    assert parse_vertex(text.lower(), side) == move


@pytest.mark.parametrize("text", ["", "I5", "A0", "A20", "Z1", "A", "5", "A-1", "A1x", "AA1", "A٣"])
def test_bad_vertices_are_refused(text):
    with pytest.raises(ValueError, match="not a vertex"):
        parse_vertex(text, 19)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 6), st.lists(st.integers(0, 40), max_size=60), st.integers(0, 9))
def test_play_and_undo_leave_no_trace(side, choices, undone):
    game = Game(side)
    for choice in choices:
        legal = game.legal_moves()
        game.play(int(legal[choice % len(legal)]))
    kept = game.boards[0].tobytes()
    hashes = game.position_hashes().copy()
    played = 0
    for choice in range(undone):
        legal = game.legal_moves()
        game.play(int(legal[choice % len(legal)]))
        played += 1
    for _ in range(played):
        game.undo()
    assert game.boards[0].tobytes() == kept
    assert np.array_equal(game.position_hashes(), hashes)


def test_the_diagram_shows_coordinates_and_stones():
    lines = str(game_from("..O\n.X.\n...").board).splitlines()
    assert lines[0].split() == ["A", "B", "C"]
    assert lines[1].split() == ["3", ".", ".", "O", "3"]
    assert lines[2].split() == ["2", ".", "X", ".", "2"]
