"""lzp-match and lzp-bench as people call them."""

import json
import os
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from lzp.play import bench_cli, match_cli
from lzp.play.bench import median_rate, random_positions, rate
from lzp.sgf import SgfInfo, write_game
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled

GAMES = f"{os.environ.get('PATH', '')}:/usr/games"
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
        (["-a", "x"], "the other engine is missing: -b"),
        (["--games", "0"], "games must be 1 or more, not 0"),
        (["--games", "many"], "argument --games: invalid int value: 'many'"),
        (["--size", "99"], "size must be 2 to 25, not 99"),
        (["--time", "fast"], "expected a time such as absolute MAIN; canadian"),
        (["--opening-moves", "9", "--openings", "random"], "opening moves must be 0 to 4, not 9"),
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
    lines = (tmp_path / "match.jsonl").read_text().splitlines()[1:]
    assert {json.loads(line)["ending"] for line in lines} <= {"score", "resign", "length"}
    capsys.readouterr()


def figures(capsys, *words):
    assert run(bench_cli.main, *words, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_moves_are_measured(capsys):
    found = figures(capsys, "moves", "--size", 9, "--rounds", 1, "--seconds", "0.05")
    assert found["moves_per_s"] > 100_000


def test_the_search_is_measured_against_its_evaluator(capsys, network):
    words = ["search", "-w", network, "--visits", 64, "--batch", 4, "--rounds", 2]
    rows = figures(capsys, *words)["rows"]
    assert [row["positions"] for row in rows] == ["opening", "middle game", "endgame"]
    for row in rows:
        assert row["playouts_per_s"] > 10
        assert row["evaluations_per_s"] > 10
        assert row["ratio_low"] <= row["ratio"] <= row["ratio_high"]
        assert 1 < row["fill"] <= 4
    assert run(bench_cli.main, *words, "--positions", "opening") == 0
    assert "playouts/s" in capsys.readouterr().out


def test_the_start_is_measured(capsys):
    found = figures(capsys, "start", "--command", ENGINE, "--rounds", 1)
    assert 0 < found["name_s"] <= found["first_move_s"]


def test_stops_are_measured(capsys, tmp_path):
    network = write_random_network(tmp_path / "r9.txt", side=9)
    program = f"{shlex.quote(sys.executable)} -m lzp.engine.gtp.cli"
    command = f"{program} -w {network} --backend onnxruntime"
    found = figures(capsys, "stop", "--command", command, "--rounds", 1)
    for name in ("analysis_stop", "pondering_stop", "interrupted_move", "end_of_input"):
        assert 0 < found[f"{name}_ms"] < 2000


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fly"], "invalid choice: 'fly'"),
        (["moves", "--size", "x"], "expected a whole number of 1 or more, not 'x'"),
        (["moves", "--size", "40"], "side must be 2 to 25"),
        (["samples", "--store", "/nowhere/store"], "/nowhere/store"),
        (["search", "-w", "/nowhere/net.txt"], "/nowhere/net.txt"),
        (["convert", "/nowhere/games"], "/nowhere/games"),
        (["scores", "/nowhere/games"], "/nowhere/games"),
        (["scores", __file__], "no game that ended in two passes"),
        (["convert", __file__, "--vs", "/nowhere/leelaz"], "no game records found|/nowhere/leelaz"),
        (["store", "--store", "/nowhere/store"], "/nowhere/store"),
        (["start", "--command", "/nowhere/engine"], "cannot start /nowhere/engine"),
        (["start", "--command", ENGINE + " --fail error"], "no idea|refused|unknown"),
        (["stop", "--command", "/nowhere/engine"], "cannot start /nowhere/engine"),
        (["stop", "--command", "true"], "no answer to|ended before"),
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


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """A folder of 40 records of random games."""
    folder = tmp_path_factory.mktemp("records")
    for number, game in enumerate(random_positions(19, 40, plies=80)):
        (folder / f"{number:02}.sgf").write_text(write_game(game, SgfInfo(result="B+R")))
    return folder


@pytest.fixture(scope="module")
def store(records, tmp_path_factory):
    pytest.importorskip("pyarrow")
    from lzp.data import convert

    path = tmp_path_factory.mktemp("store") / "games.lzps"
    convert([records], path, workers=1)
    return path


def test_samples_are_measured(capsys, store):
    words = ["samples", "--store", store, "--batch", 16, "--rounds", 1]
    found = figures(capsys, *words, "--seconds", "0.05")
    assert found["positions"] >= 16
    assert found["samples_per_s"] > 1000


def test_a_conversion_is_measured(capsys, records, store):
    from lzp.data import GameStore

    found = figures(capsys, "convert", records, "--workers", 1, "--rounds", 2)
    assert found["games"] == 40
    assert found["positions"] == GameStore.open(store).positions
    assert found["positions_per_s_low"] <= found["positions_per_s"]
    few = figures(capsys, "convert", records, "--workers", 1, "--rounds", 1, "--games", 10)
    assert few["games"] == 10
    size = sum(path.stat().st_size for path in store.iterdir())
    assert found["disk_bytes_per_position"] == pytest.approx(size / found["positions"], rel=0.02)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("leelaz", path=GAMES) is None, reason="leelaz is not installed")
def test_a_conversion_is_measured_against_leelaz(capsys, records):
    words = ["convert", records, "--workers", 1, "--rounds", 1, "--vs", "leelaz"]
    found = figures(capsys, *words)
    assert found["ratio"] == pytest.approx(
        found["positions_per_s"] / found["leelaz_positions_per_s"]
    )


def test_a_store_is_measured(capsys, store):
    words = ["store", "--store", store, "--batch", 16, "--rounds", 1, "--seconds", "0.02"]
    found = figures(capsys, *words)
    size = sum(path.stat().st_size for path in store.iterdir())
    assert found["disk_bytes_per_position"] == pytest.approx(size / found["positions"])
    assert found["open_cold_s"] > 0
    assert 0 <= found["private_bytes_per_position"] <= found["resident_bytes_per_position"]
    assert found["with_ownership_samples_per_s"] < found["uniform_samples_per_s"]
