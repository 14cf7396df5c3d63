"""Files of many games: a broken one costs only itself."""

from lzp.go import BLACK
from lzp.sgf import GameRecord, SgfError, read_games, split_games
from tests.data.makers import random_records

GOOD = "(;GM[1]SZ[19];B[dp];W[pd])"


def outcomes(text: str) -> list[GameRecord | SgfError]:
    return [outcome for piece in split_games(text.encode()) for outcome in read_games(piece)]


def kinds(text: str) -> str:
    return "".join("g" if isinstance(game, GameRecord) else "x" for game in outcomes(text))


def test_concatenated_games() -> None:
    assert kinds("\n".join(random_records(20))) == "g" * 20


def test_games_cut_off_anywhere_leave_their_neighbors() -> None:
    for cut in range(12, len(GOOD) - 1):
        assert kinds(GOOD + GOOD[:cut] + GOOD + "\n" + GOOD) == "gxgg", GOOD[:cut]


def test_unclosed_comments_leave_the_next_game() -> None:
    assert kinds("(;GM[1]C[never closed" + GOOD + GOOD) == "xgg"


def test_surplus_brackets_and_mail_between_games() -> None:
    assert kinds(f"From: a@b\n\n{GOOD})\n-- \nbye {GOOD}\n") == "gg"


def test_a_game_quoted_in_a_comment_is_no_game() -> None:
    quoted = GOOD.replace("]", r"\]")
    assert kinds(f"(;GM[1]SZ[19]C[look: {quoted}];B[dp])") == "g"


def test_games_without_root_properties() -> None:
    games = outcomes("(;B[aa];W[bb])(;B[cc])")
    assert [len(game.moves) for game in games if isinstance(game, GameRecord)] == [2, 1]


def test_variations_do_not_become_games() -> None:
    games = outcomes("(;GM[1]SZ[19];B[dp](;W[pd];B[aa])(;W[dd]))")
    assert len(games) == 1
    assert isinstance(games[0], GameRecord)
    assert [color for color, _ in games[0].moves] == [BLACK, 2, BLACK]


def test_nothing_in_it() -> None:
    assert list(split_games(b"")) == []
    assert list(split_games(b"no game at all ( ; ")) == [b"no game at all ( ; "]
    assert list(split_games(b"just text")) == []
