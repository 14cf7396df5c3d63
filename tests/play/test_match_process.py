"""lzp-match as a process: several games at once, killed, gone on with, against GNU Go."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from lzp.go import BLACK, WHITE
from lzp.play.match import Match, MatchOptions
from lzp.play.match_engines import EngineSpec
from lzp.play.match_folder import GAMES_FILE
from lzp.play.match_results import points_table, tally
from lzp.play.match_rules import GameRules, MatchError
from lzp.play.openings import RandomOpenings
from lzp.play.referee import default_referee
from lzp.play.sprt import Sprt
from lzp.sgf import read_game
from tests.networks import write_random_network

ENGINE = f"{shlex.quote(sys.executable)} {Path(__file__).with_name('random_engine.py')}"
RULES = GameRules(side=5, komi=0.5, max_moves=120)
GAMES = f"{os.environ.get('PATH', '')}:/usr/games"


def command(*words):
    return [sys.executable, "-m", "lzp.play.match_cli", *map(str, words)]


def games_in(folder):
    path = folder / GAMES_FILE
    lines = path.read_text().splitlines(keepends=True)[1:] if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def is_alive(process):
    """Whether a process runs; one that ended but was not waited for does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False


def children(process):
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == process:
            found.append(int(path.parent.name))
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").exists(), reason="looks at processes in /proc")
def test_a_match_that_is_killed_at_any_moment_goes_on_and_loses_no_game(tmp_path):
    folder = tmp_path / "games"
    words = ["-a", ENGINE, "-b", f"{ENGINE} --seed 3 --name other", "--size", 5, "--games", 12,
             "--parallel", 3, "--referee", "none", "--max-moves", 40, "--sgf", folder]  # fmt: skip
    kept: list[dict] = []
    for kill_at in (1, 4, 5):
        process = subprocess.Popen(command(*words), stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while len(games_in(folder)) < kill_at and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        engines = children(process.pid)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        now = games_in(folder)
        assert now[: len(kept)] == kept  # nothing that was there is gone or changed
        kept = now
        while any(is_alive(engine) for engine in engines):  # they leave with their input
            assert time.monotonic() < deadline
            time.sleep(0.05)
    done = subprocess.run(command(*words), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert f"{len(kept)} games were already played" in done.stdout
    games = games_in(folder)
    assert games[: len(kept)] == kept
    assert sorted(game["number"] for game in games) == list(range(12))
    for game in games:
        record = read_game(folder / f"game-{game['number'] + 1:04d}.sgf")
        assert len(record.moves) == game["moves"]
    assert json.loads((folder / "result.json").read_text())["games"] == 12
    left = {path.name for path in folder.iterdir() if not path.name.startswith("game-")}
    assert left == {GAMES_FILE, "result.json", "result.svg"}


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").exists(), reason="looks at processes in /proc")
def test_an_interrupted_match_shows_its_table_and_leaves_no_engine(tmp_path):
    words = ["-a", ENGINE, "-b", ENGINE + " --fail hang --at 4", "--size", 5, "--games", 6,
             "--parallel", 2, "--referee", "none", "--sgf", tmp_path]  # fmt: skip
    process = subprocess.Popen(
        command(*words), stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while len(children(process.pid)) < 4:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.5)  # both games hang now
    engines = children(process.pid)
    process.send_signal(signal.SIGINT)
    out = process.communicate(timeout=60)[0]
    assert process.returncode == 130
    assert "Elo difference" in out
    assert not any(is_alive(engine) for engine in engines)
    assert games_in(tmp_path) == []


def played(**changes):
    values: dict[str, Any] = {
        "rules": RULES,
        "games": 4,
        "openings": RandomOpenings(5, 0, 0),
    } | changes
    with Match(MatchOptions(**values)) as match:
        return match.labels, list(match.play())


def engines(*options):
    return tuple(
        EngineSpec(f"{ENGINE} --seed {number} {option}", f"e{number}")
        for number, option in enumerate(options)
    )


def test_a_round_robin_with_several_games_at_once_counts_every_game(tmp_path):
    resigns = engines("", "--fail resign --at 3", "--fail illegal --at 3")
    labels, games = played(engines=resigns, games=2, parallel=3, folder=tmp_path)
    assert labels == ["e0", "e1", "e2"]
    assert sorted(game.number for game in games) == list(range(6))
    points = points_table(games, 3)
    assert points[0, 1] == points[0, 2] == 2
    assert points[1, 0] == points[2, 0] == 0
    assert points[1, 2] + points[2, 1] == 2
    for game in games:
        record = read_game(tmp_path / f"game-{game.number + 1:04d}.sgf")
        assert (record.black, record.white) == (f"e{game.black}", f"e{game.white}")


def test_a_sequential_test_ends_the_match_and_is_not_begun_again(tmp_path):
    options = {
        "engines": engines("", "--fail resign --at 1"),
        "games": 1000,
        "parallel": 2,
        "sprt": Sprt(elo0=0, elo1=300),
        "folder": tmp_path,
    }
    games = played(**options)[1]
    assert 8 <= len(games) < 60
    assert tally(games).losses == 0
    assert played(**options)[1] == []


def test_an_engine_that_does_not_start_again_ends_the_match_by_name(tmp_path):
    once = tmp_path / "once.sh"
    text = f"#!/bin/sh\n[ -e {tmp_path}/began ] && exit 9\n: > {tmp_path}/began\n"
    once.write_text(f"{text}exec {ENGINE} --fail crash --at 2\n")
    once.chmod(0o755)
    specs = (EngineSpec(ENGINE, "good"), EngineSpec(str(once), "once"))
    games = played(engines=specs)[1]
    # A program that starts and ends at once has lost its games; one that is gone is an error.
    assert {game.ending for game in games} == {"crash"}
    once.unlink()
    with pytest.raises(MatchError, match=r"cannot start .*once\.sh: No such file"):
        played(engines=specs)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("gnugo", path=GAMES) is None, reason="GNU Go is not installed")
@pytest.mark.parametrize("opponent", ["random", "lzp-gtp"])
def test_gnugo_plays_a_match_with_clocks_and_wins_it(tmp_path, opponent):
    gnugo = shutil.which("gnugo", path=GAMES)
    network = write_random_network(tmp_path / "r7.txt", side=7)  # knows nothing
    ours = f"{shlex.quote(sys.executable)} -m lzp.engine.gtp.cli -w {network} -v 10 --noponder"
    engine = ENGINE if opponent == "random" else f"{ours} --backend onnxruntime"
    words = ["-e", f"gnugo={gnugo} --mode gtp --level 1", "-e", f"other={engine}",
             "--size", 7, "--games", 2, "--parallel", 2, "--time", "fischer 20,0.5",
             "--sgf", tmp_path / "games", "--picture", tmp_path / "table.svg"]  # fmt: skip
    done = subprocess.run(command(*words), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    games = games_in(tmp_path / "games")
    assert [game["winner"] for game in games] == [
        BLACK if game["black"] == 0 else WHITE for game in games
    ]
    assert {game["ending"] for game in games} <= {"score", "resign"}
    assert default_referee() is not None
    assert any("by referee" in game["detail"] for game in games)
    assert "gnugo" in (tmp_path / "table.svg").read_text()
