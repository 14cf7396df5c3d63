import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from lzp.go import BLACK, EMPTY, WHITE, Game
from lzp.play.gtp_client import CommandError
from lzp.play.match import Match, MatchOptions
from lzp.play.match_clock import TimeControl
from lzp.play.match_engines import EngineSpec
from lzp.play.match_results import PlayedGame, tally
from lzp.play.match_rules import GameRules, MatchError
from lzp.play.openings import RandomOpenings
from lzp.play.referee import Referee, default_referee, parse_score
from lzp.sgf import read_game

ENGINE = f"{shlex.quote(sys.executable)} {Path(__file__).with_name('random_engine.py')}"
RULES = GameRules(side=5, komi=0.5, max_moves=120)


def options(a="", b="", **changes):
    commands = (f"{ENGINE} --seed 1 {a}", f"{ENGINE} --seed 2 --name other {b}")
    engines = tuple(EngineSpec(command) for command in commands)
    values: dict[str, Any] = {"engines": engines, "games": 2, "rules": RULES}
    return MatchOptions(**values | changes)


def played(match_options):
    with Match(match_options) as match:
        return list(match.play())


def test_random_engines_play_to_a_counted_end_with_colors_alternating(tmp_path):
    games = played(options(games=4, folder=tmp_path))
    assert [game.color_of(0) for game in games] == [BLACK, WHITE, BLACK, WHITE]
    assert {game.ending for game in games} <= {"score", "repetition", "length"}
    assert "score" in {game.ending for game in games}
    for game in games:
        record = read_game(tmp_path / f"game-{game.number + 1:04d}.sgf")
        assert len(record.moves) == game.moves
        assert record.black == ("random" if game.black == 0 else "other")
        if game.ending == "score":
            assert record.result.winner == game.winner
            assert record.result.margin == game.points


@pytest.mark.parametrize(
    ("fault", "ending"),
    [("illegal", "illegal"), ("junk", "illegal"), ("crash", "crash"), ("error", "crash"),
     ("resign", "resign")],
)  # fmt: skip
def test_an_engine_that_fails_loses_and_the_match_goes_on(fault, ending):
    games = played(options(a=f"--fail {fault} --at 3"))
    assert [game.ending for game in games] == [ending, ending]
    assert [game.result_of(0) for game in games] == [0.0, 0.0]


def test_a_hanging_engine_loses_on_time():
    rules = GameRules(side=5, max_moves=50, move_timeout_s=0.5)
    (game,) = played(options(b="--fail hang --at 2", games=1, rules=rules))
    assert (game.ending, game.winner) == ("time", game.color_of(0))


def test_an_engine_that_outlives_its_clock_loses_on_time():
    rules = GameRules(side=5, max_moves=50, time_control=TimeControl(0, 1, 1))
    (game,) = played(options(b="--fail slow --at 2", games=1, rules=rules))
    assert (game.ending, game.winner) == ("time", game.color_of(0))


def test_a_game_that_does_not_end_has_no_result():
    (game,) = played(options(games=1, rules=GameRules(side=5, max_moves=4)))
    assert (game.ending, game.winner, game.result_of(0)) == ("length", EMPTY, None)
    assert tally([game]).games == 0


def test_a_match_goes_on_where_it_stopped(tmp_path):
    first = played(options(games=2, folder=tmp_path))
    (tmp_path / "game-0001.sgf").unlink()
    again = played(options(games=3, folder=tmp_path))
    assert [game.number for game in again] == [0, 2]
    kept = played(options(games=3, folder=tmp_path))
    assert kept == []
    with Match(options(games=3, folder=tmp_path)) as match:
        assert sorted(game.number for game in match.games) == [0, 1, 2]
        assert first[1] in match.games


def test_a_folder_of_another_match_is_refused(tmp_path):
    played(options(games=1, folder=tmp_path, rules=GameRules(side=5, max_moves=4)))
    with pytest.raises(MatchError, match="holds another match"):
        Match(options(games=1, folder=tmp_path, openings=RandomOpenings(5, 4, seed=5)))


def test_an_engine_that_does_not_start_is_named():
    with (
        pytest.raises(MatchError, match="cannot start /nowhere"),
        Match(MatchOptions(engines=(EngineSpec("/nowhere"), EngineSpec(ENGINE)), games=1)),
    ):
        pass


@pytest.mark.parametrize(
    "change", [{"side": 1}, {"komi": 1e9}, {"max_moves": 0}, {"move_timeout_s": 0}]
)
def test_rules_out_of_range_are_refused(change):
    with pytest.raises(ValueError, match=r"must be|larger than"):
        GameRules(**change)


def test_a_draw_counts_half_and_a_void_game_not():
    results = [(EMPTY, "score"), (EMPTY, "repetition"), (BLACK, "resign")]
    games = [
        PlayedGame(
            number=number,
            black=0,
            white=1,
            winner=winner,
            ending=ending,
            points=0.0,
            detail="",
            moves=9,
            seconds=1.0,
        )
        for number, (winner, ending) in enumerate(results)
    ]
    assert tally(games).games == 2
    assert tally(games).score == 0.75


def test_scores_are_read_in_every_spelling():
    assert parse_score("B+3.5") == 3.5
    assert parse_score("w+12") == -12
    assert parse_score("0") == 0
    with pytest.raises(CommandError):
        parse_score("nan")


@pytest.mark.skipif(default_referee() is None, reason="GNU Go is not installed")
def test_the_referee_takes_dead_stones_off():
    game = Game(9, 0.5)
    for row in range(9):  # Black owns columns A to D, 36 points; White the other 45
        for color, x in ((BLACK, 3), (WHITE, 4)):
            game.play(row * 9 + x, color)
    game.play(4 * 9 + 7, BLACK)  # one Black stone alone in White's area
    for color in (BLACK, WHITE):
        game.play(81, color)
    referee = Referee(default_referee())
    points, by = referee.score(game)
    referee.close()
    assert by == "referee"
    assert points == -9.5
    assert game.area_score() == 36 + 1 - 9 - 0.5  # Tromp and Taylor: it spoils White's area


def test_a_referee_that_fails_leaves_the_count_to_the_rules():
    games = played(options(games=1, referee="/nowhere/gnugo"))
    assert games[0].ending != "score" or "Tromp-Taylor" in games[0].detail
