"""The table of strength: who plays whom with which words, and what the games add up to."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lzp.go import BLACK, WHITE
from lzp.play import strength
from lzp.play.match_results import PlayedGame, tally
from lzp.play.match_table import summary
from tests.networks import write_random_network


def played(number: int, winner: int) -> PlayedGame:
    return PlayedGame(
        number=number, black=number % 2, white=1 - number % 2, winner=winner, ending="resign",
        points=0.0, detail="", moves=200, seconds=1.0,
    )  # fmt: skip


def test_opponents_are_put_together_and_pairs_stay_pairs():
    found = {
        "gnugo": [played(0, BLACK), played(1, WHITE), played(2, BLACK)],
        "policy": [played(0, WHITE), played(1, BLACK)],
    }
    view = strength.together(found)
    assert view.labels == ["lzp", "GNU Go, level 10", "its policy alone"]
    first, second = tally(view.games, 0, 1), tally(view.games, 0, 2)
    assert (first.wins, first.losses, first.pairs) == (3, 0, (0, 0, 0, 0, 1))
    assert (second.wins, second.losses, second.pairs) == (0, 2, (1, 0, 0, 0, 0))
    assert summary(view)["games"] == 5


def test_both_have_the_same_time_threads_and_weights():
    values = strength._parser().parse_args(["--out", "x", "-w", "net.txt.gz", "--threads", "3"])
    for key, opponent in strength.OPPONENTS.items():
        ours, theirs = strength.commands(values, key)
        assert "-w net.txt.gz" in ours
        assert bool(opponent.time) != ("--max-time 1" in ours)
        if key == "leelaz":
            assert opponent.time
            for word in ("-w net.txt.gz", "-t 3", "-b 10"):
                assert word in ours
                assert word in theirs


def test_a_missing_program_is_left_out(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(strength, "find_program", lambda name: None)
    with pytest.raises(SystemExit, match="nobody to play against"):
        strength.main(["--out", str(tmp_path), "--opponents", "gnugo", "leelaz"])
    assert "gnugo is not installed: left out" in capsys.readouterr().err


@pytest.mark.slow
def test_a_table_is_played_gone_on_with_and_written(tmp_path: Path, monkeypatch, capsys):
    network = write_random_network(tmp_path / "r.txt", side=19)
    quick = replace(strength.OPPONENTS["policy"], ours="-v 1")
    monkeypatch.setitem(strength.OPPONENTS, "policy", quick)
    words = ["--out", str(tmp_path / "games"), "-w", str(network), "--opponents", "policy"]
    strength.main([*words, "--games", "1"])
    capsys.readouterr()
    strength.main([*words, "--games", "2", "--write", str(tmp_path / "table")])
    assert capsys.readouterr().out.count("wins") <= 2  # the first game is not played again
    found = json.loads((tmp_path / "table.json").read_text())
    assert found["games"] == len(found["lines"]["policy"]) == 2
    assert str(tmp_path) not in json.dumps(found["commands"])
    assert "its policy alone" in (tmp_path / "table.svg").read_text()
