"""Regret: choices in the same positions, judged deeper, kept, and compared in pairs."""

from pathlib import Path

import numpy as np
import pytest

from lzp.go import Game
from lzp.play.regret import Trial, main, stored_positions, table
from tests.data.makers import random_records, store_of
from tests.engine.scripted import UniformEvaluator, won_after
from tests.networks import write_random_network


def trial(games: int = 6) -> Trial:
    """Black, to play, wins with a stone on C3 and with nothing else."""
    return Trial(UniformEvaluator(5, won_after("C3", 5)), [Game(5)] * games, deep=60, parallel=4)


def test_a_search_that_sees_the_winning_move_has_no_regret() -> None:
    found = trial()
    sees, guesses = "leela,evaluations=200", "leela,evaluations=1"
    choices = {guesses: found.choose(guesses), sees: found.choose(sees)}
    found.judge(list(choices.values()))
    assert set(choices[sees]) == {12}
    assert found.winrates(choices[sees]) == pytest.approx(0.8, abs=0.1)
    assert set(choices[guesses]) != {12}
    rows = table(found, choices).splitlines()[2:]
    assert rows[1].split("|")[2].strip() == "0.00 %"
    assert float(rows[0].split("|")[2].strip(" %")) > 5
    assert rows[1].split("|")[3].strip().startswith("+")


def test_a_move_is_judged_once() -> None:
    found = trial(2)
    found.judge([[6, 12]])
    before = dict(found.judged)
    network = found._evaluator
    assert isinstance(network, UniformEvaluator)
    asked = len(network.batches)
    found.judge([[6, 12], [6, 12]])
    assert found.judged == before
    assert len(network.batches) == asked
    assert before[1, 12] > before[0, 6]


def test_the_end_of_a_game_is_judged_by_its_score() -> None:
    game = Game(5, komi=0.5)
    game.play(12)
    game.play(game.pass_move)
    found = Trial(UniformEvaluator(5), [game], deep=10, parallel=1)
    found.judge([[game.pass_move]])
    assert found.judged == {(0, 25): 1.0}


@pytest.mark.compiled
def test_further_settings_go_on_with_what_is_kept(tmp_path: Path, capsys) -> None:
    network = write_random_network(tmp_path / "r.txt", side=5)
    command = ["--out", str(tmp_path / "out"), "-w", str(network), "--positions", "6",
               "--evaluations", "8", "--deep", "8", "-s", "leela"]  # fmt: skip
    main(command)
    assert "| leela | 0.00 % | +0.00 ± 0.00 % | 100% |" in capsys.readouterr().out
    before = (tmp_path / "out" / "regret.json").read_text()
    main([*command, "-s", "cpuct=3"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert np.all([word in before for word in ('"judged"', '"choices"')])
    with pytest.raises(SystemExit, match="holds other positions"):
        main([*command, "--deep", "9"])


def test_a_search_has_thought_about_its_move_before() -> None:
    game = Game(5)
    for move in (6, 8):
        game.play(move)
    found = Trial(UniformEvaluator(5), [Game(5), game], deep=8, parallel=1)
    network = found._evaluator
    assert isinstance(network, UniformEvaluator)
    found.choose("leela,evaluations=10,cache=off")
    assert sum(network.batches) == 10 + 2 * 10
    assert len(game.moves) == 2, "the position itself is left as it is"


def test_positions_of_stored_games_are_of_different_ones(tmp_path: Path) -> None:
    store = store_of(tmp_path, random_records(6, plies=70, pass_rate=0))
    found = stored_positions(store, 6, seed=1)
    assert len({tuple(game.moves[:20]) for game in found}) == 6
    assert all(20 <= len(game.moves) < max(store.lengths) - 20 for game in found)
    again = stored_positions(store, 6, seed=1)
    assert [game.moves for game in again] == [game.moves for game in found]
    assert len(stored_positions(store, 20, seed=1)) == 20
    (tmp_path / "short").mkdir()
    with pytest.raises(ValueError, match="no game of 40 moves"):
        stored_positions(store_of(tmp_path / "short", random_records(2, plies=30)), 1, seed=1)


@pytest.mark.compiled
def test_the_command_takes_positions_of_a_store(tmp_path: Path, capsys) -> None:
    store = store_of(tmp_path, random_records(6, plies=70, pass_rate=0))
    network = write_random_network(tmp_path / "r.txt", side=9)
    command = ["--out", str(tmp_path / "out"), "-w", str(network), "--positions", "4",
               "--evaluations", "8", "--deep", "8", "-s", "leela"]  # fmt: skip
    main([*command, "--store", str(store.path)])
    assert "| leela | 0.00 %" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="holds other positions"):
        main(command)
    with pytest.raises(SystemExit, match="regret: "):
        main([*command, "--store", str(tmp_path / "nothing")])


def test_wrong_settings_are_refused_before_anything_is_searched(tmp_path: Path) -> None:
    words = ["--out", str(tmp_path / "out"), "-s", "leela", "-s", "leela,cpuct=1,cpuct=2"]
    with pytest.raises(SystemExit, match="regret: 'cpuct' is set twice"):
        main(words)
    assert not (tmp_path / "out").exists()
