import numpy as np
import pytest

from lzp.features.symmetry import symmetry_tables
from lzp.go import Game
from lzp.go.vertex import parse_vertex
from lzp.play.match_rules import MatchError
from lzp.play.openings import (
    open_openings,
    random_opening,
    read_openings,
    shipped_openings,
    symmetric_key,
)
from lzp.sgf import write_game


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


def test_the_shipped_openings_are_many_short_and_all_different():
    openings = read_openings(shipped_openings(), 19)
    assert len(openings) >= 300
    assert {len(moves) for moves in openings} == set(range(4, 11))
    assert len({symmetric_key(moves, 19) for moves in openings}) == len(openings)


def test_the_shipped_openings_are_even_by_what_was_written_beside_them():
    text = shipped_openings().read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    winrates = [float(line.split()[-1].rstrip("%")) for line in lines]
    assert max(abs(winrate - 50) for winrate in winrates) <= 2
    assert abs(np.mean(winrates) - 50) < 0.5


def vertices(text, side=19):
    return [parse_vertex(word, side) for word in text.split()]


def test_a_text_file_has_an_opening_on_each_line(tmp_path):
    path = tmp_path / "book.txt"
    path.write_text("# mine\n\nD4 q16\nC3 C4 D3  # a comment\nD4 pass\n")
    found = read_openings(path, 19)
    assert found == [vertices("D4 Q16"), vertices("C3 C4 D3"), vertices("D4 pass")]


def test_an_sgf_file_has_an_opening_in_each_game(tmp_path):
    texts = []
    for words in ("D4 Q16 D16", "C3 D4"):
        game = Game(19)
        for move in vertices(words):
            game.play(move)
        texts.append(write_game(game))
    path = tmp_path / "book.sgf"
    path.write_text("\n".join(texts))
    assert read_openings(path, 19) == [vertices("D4 Q16 D16"), vertices("C3 D4")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("D4 D4", "line 1: illegal move white D4: the point is occupied"),
        ("D4\nZ9", "line 2: not a vertex"),
        ("D4 pass pass", "two passes end the game"),
        ("# nothing\n", "no openings in it"),
        ("", "no openings in it"),
        ("(;SZ[9];B[aa])", "game 1: a board of 9x9, not 19x19"),
        ("(;SZ[19];B[aa];B[bb])", "do not take turns"),
        ("(;SZ[19]AB[aa];W[bb])", "stones are set up"),
        ("(;SZ[19];B[aa];W[aa])", "occupied"),
        ("(;SZ[19];B[zz])", "game 1: move 1"),
    ],
)
def test_a_file_that_holds_no_openings_is_named(tmp_path, text, message):
    path = tmp_path / "book"
    path.write_text(text)
    with pytest.raises(MatchError, match=rf"book: .*{message}") as caught:
        read_openings(path, 19)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(MatchError, match="/nowhere/book: No such file"):
        open_openings("/nowhere/book", 19, 0)


def test_listed_openings_come_in_an_order_drawn_by_the_seed_and_then_again():
    first, second = open_openings(None, 19, 1), open_openings(None, 19, 2)
    assert first.count == second.count
    count = first.count or 0
    order = [tuple(first.moves(number)) for number in range(count)]
    assert sorted(order) == sorted(tuple(second.moves(number)) for number in range(count))
    assert first.moves(0) != second.moves(0)
    assert first.moves(count + 3) == first.moves(3)
    assert first.identity != second.identity
    assert first.identity == open_openings(None, 19, 1).identity


def test_other_boards_get_random_openings_and_none_are_none():
    assert open_openings(None, 13, 1).moves(5) == random_opening(13, 4, 1, 5)
    assert open_openings("random", 19, 1, 2).moves(5) == random_opening(19, 2, 1, 5)
    assert open_openings("none", 19, 1).moves(5) == []


def test_mirror_images_are_the_same_opening_and_other_colors_are_not():
    moves = vertices("C4 Q17 D16 R3 E5")
    keys = {
        symmetric_key([int(table[move]) for move in moves], 19) for table in symmetry_tables(19)
    }
    assert keys == {symmetric_key(vertices("D16 R3 C4 Q17 E5"), 19)}
    assert symmetric_key(vertices("Q17 D4"), 19) != symmetric_key(vertices("D4 Q17"), 19)
    assert symmetric_key(vertices("C4 Q17 pass"), 19) != symmetric_key(vertices("C4 Q17"), 19)
