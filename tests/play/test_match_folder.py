import json
from dataclasses import replace

import pytest

from lzp.go import BLACK, EMPTY, WHITE
from lzp.play.match_folder import GAMES_FILE, MatchFolder
from lzp.play.match_results import PlayedGame, faults_of, points_table, tally
from lzp.play.match_rules import MatchError
from lzp.play.match_schedule import schedule

IDENTITY = {"engines": ["a", "b"], "side": 9}


def game(number=0, black=0, white=1, winner=BLACK, ending="resign"):
    return PlayedGame(
        number=number, black=black, white=white, winner=winner, ending=ending,
        points=0.0, detail="", moves=9, seconds=1.0,
    )  # fmt: skip


def read(folder, identity=IDENTITY):
    with MatchFolder(folder, identity) as opened:
        return opened.games


def test_games_come_back_in_order(tmp_path):
    games = [game(0), game(2), replace(game(1), detail="Müller, «quoted»", points=3.5)]
    with MatchFolder(tmp_path / "deep" / "match", IDENTITY) as folder:
        for played in games:
            folder.add(played, "(;)")
    assert read(tmp_path / "deep" / "match") == games


@pytest.mark.parametrize("lost", [1, 5, 60])
def test_a_line_that_was_cut_is_taken_off(tmp_path, lost):
    with MatchFolder(tmp_path, IDENTITY) as folder:
        folder.add(game(0), "(;)")
        folder.add(game(1), "(;)")
    path = tmp_path / GAMES_FILE
    path.write_bytes(path.read_bytes()[:-lost])
    with MatchFolder(tmp_path, IDENTITY) as folder:
        assert folder.games == [game(0)]
        folder.add(game(5), "(;)")
    assert read(tmp_path) == [game(0), game(5)]


def test_a_game_without_its_record_does_not_count(tmp_path):
    with MatchFolder(tmp_path, IDENTITY) as folder:
        folder.add(game(0), "(;)")
    (tmp_path / "game-0001.sgf").unlink()
    assert read(tmp_path) == []


def test_a_game_that_was_played_again_counts_once(tmp_path):
    with MatchFolder(tmp_path, IDENTITY) as folder:
        folder.add(game(0), "(;)")
        folder.add(game(0, winner=WHITE), "(;)")
    assert read(tmp_path) == [game(0, winner=WHITE)]


@pytest.mark.parametrize("text", ["{\n", "[]\n", "null\n", "x", "\n"])
def test_results_that_are_none_are_named(tmp_path, text):
    (tmp_path / GAMES_FILE).write_text(text)
    with pytest.raises(MatchError, match=r"match\.jsonl: not a match's results"):
        read(tmp_path)


@pytest.mark.parametrize(
    "change",
    [{"number": -1}, {"black": 1}, {"winner": 7}, {"ending": "luck"}, {"moves": "9"},
     {"extra": 1}, {"seconds": True}],
)  # fmt: skip
def test_a_line_that_is_no_result_is_named(tmp_path, change):
    with MatchFolder(tmp_path, IDENTITY) as folder:
        folder.add(game(0), "(;)")
    path = tmp_path / GAMES_FILE
    head, line = path.read_text().splitlines()
    path.write_text(f"{head}\n{json.dumps(json.loads(line) | change)}\n")
    with pytest.raises(MatchError, match=r"match\.jsonl: line 2 is not a game's result"):
        read(tmp_path)


def test_another_match_is_refused(tmp_path):
    read(tmp_path)
    with pytest.raises(MatchError, match="holds another match; choose another folder"):
        read(tmp_path, {"engines": ["a", "c"], "side": 9})


def test_a_match_of_an_older_version_is_refused(tmp_path):
    (tmp_path / "match.json").write_text("{}")
    with pytest.raises(MatchError, match="older version"):
        read(tmp_path)


def test_two_processes_do_not_share_a_folder(tmp_path):
    with (
        MatchFolder(tmp_path, IDENTITY),
        pytest.raises(MatchError, match="in use by another match"),
    ):
        MatchFolder(tmp_path, IDENTITY)
    read(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MatchError, match=r"cannot use .*file"):
        read(tmp_path / "file")


def test_pairs_are_games_with_one_opening():
    games = [
        game(0, 0, 1, BLACK), game(1, 1, 0, WHITE),  # both won: 2 points
        game(2, 0, 1, WHITE), game(3, 1, 0, WHITE),  # 1
        game(4, 0, 1, EMPTY, "score"), game(5, 1, 0, BLACK),  # a draw and a loss: 1/2
        game(6, 0, 1, BLACK), game(7, 1, 0, EMPTY, "length"),  # no pair
        game(8, 0, 1, BLACK),  # alone
        game(11, 1, 0, BLACK),
    ]  # fmt: skip
    counts = tally(games)
    assert counts.pairs == (0, 1, 1, 0, 1)
    assert (counts.wins, counts.losses, counts.draws) == (5, 3, 1)
    assert tally(games, 1, 0) == counts.reversed()


def test_points_and_faults_are_counted_by_player():
    games = [game(0, 0, 1), game(1, 1, 0), game(4, 1, 2, WHITE, "time"), game(5, 2, 1, EMPTY)]
    assert points_table(games, 3).tolist() == [[0, 1, 0], [1, 0, 0], [0, 1, 0]]
    assert faults_of(games, 1) == {"illegal": 0, "crash": 0, "time": 1}


def test_everybody_meets_everybody_with_both_colors_and_the_same_openings():
    seatings = schedule(4, 6)
    assert [seat.number for seat in seatings] == list(range(36))
    for first in range(4):
        for second in range(4):
            met = [seat.opening for seat in seatings if (seat.black, seat.white) == (first, second)]
            assert met == ([0, 1, 2] if first != second else [])
    for even, odd in zip(seatings[::2], seatings[1::2], strict=True):
        assert (even.black, even.white, even.opening) == (odd.white, odd.black, odd.opening)


def test_a_longer_schedule_begins_with_the_shorter_one():
    short, long = schedule(3, 3), schedule(3, 8)
    assert {seat.number: seat for seat in short}.items() <= {s.number: s for s in long}.items()
    assert len(short) == 9


def test_in_a_gauntlet_only_the_first_meets_the_others():
    assert {(seat.black, seat.white) for seat in schedule(4, 2, gauntlet=True)} == {
        (0, 1), (1, 0), (0, 2), (2, 0), (0, 3), (3, 0),
    }  # fmt: skip
