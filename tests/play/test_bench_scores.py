"""Finished games are found among others, scored, and compared with what others say."""

import shutil
from pathlib import Path

import pytest

from lzp.play.bench_scores import bench_scores

pytestmark = pytest.mark.compiled

GNUGO = shutil.which("gnugo") or shutil.which("/usr/games/gnugo")


def record(result: str, *, komi: float = 0.5, stray: str = "be", ending: str = ";B[];W[]") -> str:
    """Two walls across a board of 9x9, and a white stone behind Black's: Black leads by 9."""
    moves = []
    for row in "abcdefghi":
        moves += [("B", f"e{row}"), ("W", f"f{row}"), ("B", f"d{row}"), ("W", f"g{row}")]
    moves[-1] = ("W", stray)
    text = "".join(f";{color}[{point}]" for color, point in moves)
    return f"(;GM[1]FF[4]SZ[9]KM[{komi}]RU[Chinese]RE[{result}]{text}{ending})"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    games = [
        record("B+8.5"),
        record("W+R"),  # nobody counted
        record("B+8.5", ending=";B[]"),
        "(;GM[1]SZ[9]RE[B+3.5];B[aa];W[bb];B[];W[])",  # hardly played
        record("0", komi=9, stray="bd"),  # GNU Go scores no position twice, other komi or not
        record("B+6.5"),  # they miscounted
        record("W+1.5"),  # and badly
    ]
    for number, text in enumerate(games):
        (tmp_path / f"{number}.sgf").write_text(text)
    return tmp_path


def test_finished_games_are_scored_as_their_players_did(folder: Path) -> None:
    figures = bench_scores([folder], games=10, every=1)
    assert figures["games"] == 4
    assert figures["winner_as_record"] == 0.75
    assert figures["score_as_record"] == 0.5
    assert figures["ms_a_game"] > 0


def test_games_are_taken_evenly_and_no_more_than_wanted(folder: Path) -> None:
    figures = bench_scores([folder], games=10, every=2)  # the draw and the bad count
    assert (figures["games"], figures["score_as_record"]) == (2, 0.5)
    assert bench_scores([folder], games=1, every=1)["score_as_record"] == 1


def test_no_finished_game_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.sgf").write_text(record("B+T"))
    with pytest.raises(ValueError, match="no game that ended in two passes"):
        bench_scores([tmp_path], games=1, every=1)


@pytest.mark.skipif(GNUGO is None, reason="gnugo is not installed")
def test_gnugo_is_asked_for_score_and_dead_stones(folder: Path) -> None:
    figures = bench_scores([folder], 10, 1, GNUGO)
    assert figures["score_as_gnugo"] == 1
    assert figures["dead_as_gnugo"] == 1
    assert figures["gnugo_score_as_record"] == 0.5
