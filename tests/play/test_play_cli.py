"""lzp-match and lzp-bench as people call them."""

import json
import shlex
import sys
from pathlib import Path

import pytest

from lzp.play import bench_cli, match_cli
from lzp.play.bench import median_rate, random_positions, rate
from lzp.sgf import SgfInfo, write_game
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled

ENGINE = f"{shlex.quote(sys.executable)} {Path(__file__).with_name('random_engine.py')}"


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return write_random_network(tmp_path_factory.mktemp("net") / "r9.txt", side=9)


def run(main, *words):
    """Return the exit code of a command, 0 if it returns."""
    try:
        main([str(word) for word in words])
    except SystemExit as stop:
        return stop.code
    return 0


def test_a_match_prints_a_line_a_game_and_a_table(tmp_path, capsys):
    words = ["-a", ENGINE, "-b", ENGINE + " --seed 3 --name [other]", "--games", 2, "--size", 5,
             "--referee", "none", "--sgf", tmp_path / "games"]  # fmt: skip
    assert run(match_cli.main, *words) == 0
    text = capsys.readouterr().out
    assert "game 1/2  random (B) - [other] (W): " in text
    assert "game 2/2  [other] (B) - random (W): " in text
    assert "score of random" in text
    assert "Elo difference" in text
    assert run(match_cli.main, *words) == 0
    assert "2 games were already played" in capsys.readouterr().out
    assert len(list((tmp_path / "games").glob("*.sgf"))) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-a", "x"], "the following arguments are required: -b"),
        (["--games", "0"], "games must be 1 or more, not 0"),
        (["--games", "many"], "argument --games: invalid int value: 'many'"),
        (["--size", "99"], "size must be 2 to 25, not 99"),
        (["--time", "fast"], "expected MAIN or MAIN,PERIOD,STONES"),
        (["--opening-moves", "9"], "opening moves must be 0 to 4, not 9"),
        (["-a", "/nowhere/engine"], "cannot start /nowhere/engine: No such file"),
        (["-b", ENGINE + " --fail crash --nonsense"], "ended (code 2)"),
        (["--sgf", "/proc/games"], "cannot use /proc/games"),
    ],
)
def test_a_match_that_cannot_be_is_one_line_and_code_2(words, message, capsys):
    both = [] if words == ["-a", "x"] else ["-a", ENGINE, "-b", ENGINE]
    assert run(match_cli.main, *both, *words) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1


def test_the_engine_plays_a_match_against_another(network, tmp_path, capsys):
    own = f"{shlex.quote(sys.executable)} -m lzp.engine.gtp.cli -q -w {network} -v 8 --noponder"
    words = ["-a", own, "-b", ENGINE, "--games", 2, "--size", 9, "--sgf", tmp_path]
    assert run(match_cli.main, *words) == 0
    games = json.loads((tmp_path / "match.json").read_text())["games"]
    assert {game["ending"] for game in games} <= {"score", "resign", "length"}
    capsys.readouterr()


def figures(capsys, *words):
    assert run(bench_cli.main, *words, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_moves_are_measured(capsys):
    found = figures(capsys, "moves", "--size", 9, "--rounds", 1, "--seconds", "0.05")
    assert found["moves_per_s"] > 100_000


def test_the_search_is_measured_against_its_evaluator(capsys, network):
    words = ["search", "-w", network, "--visits", 64, "--batch", 4, "--rounds", 2]
    found = figures(capsys, *words)
    assert found["playouts_per_s"] > 10
    assert found["evaluations_per_s"] > 10
    assert found["ratio_low"] <= found["ratio"] <= found["ratio_high"]
    assert run(bench_cli.main, *words) == 0
    assert "playouts/s" in capsys.readouterr().out


def test_the_start_is_measured(capsys):
    found = figures(capsys, "start", "--command", ENGINE, "--rounds", 1)
    assert 0 < found["name_s"] <= found["first_move_s"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fly"], "invalid choice: 'fly'"),
        (["moves", "--size", "x"], "expected a whole number of 1 or more, not 'x'"),
        (["moves", "--size", "40"], "side must be 2 to 25"),
        (["samples", "--store", "/nowhere/store"], "/nowhere/store"),
        (["search", "-w", "/nowhere/net.txt"], "/nowhere/net.txt"),
        (["start", "--command", "/nowhere/engine"], "cannot start /nowhere/engine"),
        (["start", "--command", ENGINE + " --fail error"], "no idea|refused|unknown"),
    ],
)
def test_a_benchmark_that_cannot_be_is_one_line_and_code_2(words, message, capsys):
    assert run(bench_cli.main, *words) == 2
    captured = capsys.readouterr()
    assert any(part in captured.err for part in message.split("|"))
    assert captured.err.count("\n") == 1


def test_rates_count_what_work_returns():
    calls = []

    def work():
        calls.append(1)
        return 1000

    assert rate(work, 0.02) == pytest.approx(len(calls) * 1000 / 0.02, rel=0.5)
    assert median_rate(lambda: 0, 3, 0.001) == 0


def test_samples_are_measured(capsys, tmp_path):
    pytest.importorskip("pyarrow")
    from lzp.data import convert

    for number, game in enumerate(random_positions(19, 40, plies=80)):
        (tmp_path / f"{number}.sgf").write_text(write_game(game, SgfInfo(result="B+R")))
    convert([tmp_path], tmp_path / "games.lzps", workers=1)
    words = ["samples", "--store", tmp_path / "games.lzps", "--batch", 16, "--rounds", 1]
    found = figures(capsys, *words, "--seconds", "0.05")
    assert found["positions"] >= 16
    assert found["samples_per_s"] > 1000
    assert run(bench_cli.main, "samples", "--store", tmp_path / "games.lzps", "--batch", 0) == 2
    assert "batch" in capsys.readouterr().err
