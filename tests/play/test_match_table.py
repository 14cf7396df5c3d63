import json
import xml.etree.ElementTree as ElementTree

import pytest
from rich.console import Console

from lzp.go import BLACK, EMPTY, WHITE
from lzp.play.match_results import PlayedGame
from lzp.play.match_schedule import schedule
from lzp.play.match_table import (
    MatchView,
    duration,
    game_line,
    progress_line,
    result_table,
    summary,
)
from lzp.play.sprt import Sprt
from lzp.play.table_svg import draw_table

SVG = "{http://www.w3.org/2000/svg}"


def games_won_by(players, number, winner_of):
    """Games of a schedule, each won by the player that a function names; None is a void one."""
    games = []
    for seat in schedule(players, number):
        winner = winner_of(seat.black, seat.white)
        color = {seat.black: BLACK, seat.white: WHITE}.get(winner, EMPTY)
        games.append(
            PlayedGame(
                number=seat.number,
                black=seat.black,
                white=seat.white,
                winner=color,
                ending="resign" if color else "length",
                points=0.0,
                detail="",
                moves=50,
                seconds=2.0,
            )
        )
    return games


def printed(view):
    console = Console(width=200, color_system=None)
    with console.capture() as capture:
        console.print(result_table(view))
    return capture.get()


ROBIN = MatchView(
    labels=["[weak]", "middle & <more>", "strong"],
    games=games_won_by(3, 4, lambda black, white: max(black, white)),
    total=20,
    elapsed_s=60.0,
)


def test_a_cross_table_has_the_strongest_first_and_everybodys_points():
    rows = [line.split("│")[1:-1] for line in printed(ROBIN).splitlines() if line.count("│") > 5]
    rows = [[cell.strip() for cell in row] for row in rows]
    assert [row[1] for row in rows] == ["strong", "middle & <more>", "[weak]"]
    assert [row[4:6] for row in rows] == [["8/8", "100.0%"], ["4/8", "50.0%"], ["0/8", "0.0%"]]
    assert [row[6:9] for row in rows] == [
        ["", "4/4", "4/4"],
        ["0/4", "", "4/4"],
        ["0/4", "0/4", ""],
    ]
    assert "A draw is added to each pairing" in printed(ROBIN)


def test_the_picture_is_svg_with_every_name_and_result():
    root = ElementTree.fromstring(draw_table(ROBIN))
    assert root.tag == f"{SVG}svg"
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert {"[weak]", "middle & <more>", "strong", "4/4", "0/4"} <= set(texts)
    centers = [float(circle.get("cx", 0)) for circle in root.iter(f"{SVG}circle")]
    assert centers == sorted(centers, reverse=True)
    assert len(centers) == 3
    names = {text: float(e.get("y", 0)) for e in root.iter(f"{SVG}text") if (text := e.text)}
    assert names["strong"] < names["middle & <more>"] < names["[weak]"]


def test_a_pairing_that_is_not_played_has_empty_cells():
    games = [game for game in ROBIN.games if 2 in (game.black, game.white)]
    view = MatchView(labels=ROBIN.labels, games=games, total=len(games))
    assert "4/4" in printed(view)
    assert "0/0" not in printed(view)
    texts = [element.text for element in ElementTree.fromstring(draw_table(view)).iter()]
    assert "4/4" in texts
    assert "0/0" not in texts


@pytest.mark.parametrize("players", [2, 3])
def test_a_match_without_games_can_be_shown(players):
    view = MatchView(labels=["a", "b\x07", "c" * 99][:players], games=[], total=4, sprt=None)
    assert "a" in printed(view)
    ElementTree.fromstring(draw_table(view))
    assert json.loads(json.dumps(summary(view), allow_nan=False))["games"] == 0


def test_the_summary_is_json_without_infinities():
    found = json.loads(json.dumps(summary(ROBIN), allow_nan=False))
    assert [player["name"] for player in found["players"]] == list(ROBIN.labels)
    assert found["has_prior"]
    assert found["pairings"][0] | {"superiority": 0} == {
        "players": ["[weak]", "middle & <more>"], "wins": 0, "losses": 4, "draws": 0, "void": 0,
        "pairs": [2, 0, 0, 0, 0], "score": 0.0, "score_95": pytest.approx([0, 0.4899], abs=1e-4),
        "elo": None, "elo_95": [None, pytest.approx(-7, abs=1)], "superiority": 0,
    }  # fmt: skip


def test_void_games_are_counted_apart():
    view = MatchView(labels=["a", "b"], games=games_won_by(2, 4, lambda *_: None), total=4)
    assert summary(view)["pairings"] == [
        {
            "players": ["a", "b"], "wins": 0, "losses": 0, "draws": 0, "void": 4,
            "pairs": [0] * 5, "score": 0.5, "score_95": [0.0, 1.0], "elo": 0.0,
            "elo_95": [None, None], "superiority": 0.5,
        }
    ]  # fmt: skip
    assert "4 (4 without result)" in printed(view)


def test_a_test_says_what_it_accepts():
    games = games_won_by(2, 200, lambda *_: 0)
    view = MatchView(labels=["a", "b"], games=games, total=4000, sprt=Sprt(), elapsed_s=400.0)
    assert "accepts +35 Elo or more; LLR" in printed(view)
    assert summary(view)["sprt"] == {
        "elo0": 0.0, "elo1": 35.0, "llr": pytest.approx(9.6, abs=0.1),
        "low": pytest.approx(-2.944, abs=1e-3), "high": pytest.approx(2.944, abs=1e-3),
        "verdict": "H1",
    }  # fmt: skip
    assert game_line(view, games[0]).startswith(
        "game 1/4000  a (B) - b (W): a wins (resign), 50 moves, 2 s   a 200/200, LLR +9.57, "
    )


def test_progress_has_rate_and_time_left_of_this_run():
    games = games_won_by(2, 30, lambda black, _: black)
    view = MatchView(labels=["a", "b"], games=games, total=90, earlier=10, elapsed_s=600.0)
    assert progress_line(view) == "30 of 90 games, 120 games/h, 30 min left"
    assert "left" not in progress_line(MatchView(labels=["a", "b"], games=games, total=90))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3.4, "3 s"), (59.6, "60 s"), (90, "2 min"), (3600, "1 h 0 min"), (200_000, "2 d 7 h")],
)
def test_durations_are_short(seconds, text):
    assert duration(seconds) == text
