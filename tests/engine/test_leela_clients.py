"""Leela Zero's own programs with this engine as their leelaz."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lzp.sgf import read_game
from tests.networks import write_random_network

pytestmark = [pytest.mark.compiled, pytest.mark.slow]

VALIDATION = Path("/usr/lib/leelaz/bin/validation")
#: Resigning early makes games short; nothing else of what validation sends is changed.
OPTIONS = "-g -v 3 --noponder -t 1 -q -d -r 60 -w"
GAMES = 2


@pytest.fixture
def engine(tmp_path):
    """A program of one word, as validation wants it."""
    path = tmp_path / "lzp-gtp"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m lzp.engine.gtp.cli "$@"\n')
    path.chmod(0o755)
    return path


@pytest.mark.skipif(not VALIDATION.exists(), reason="no validation (Debian: leela-zero)")
def test_validation_plays_a_match_between_two_networks(engine, tmp_path):
    for seed in (0, 1):
        write_random_network(tmp_path / f"net{seed}.txt", seed=seed)
    networks = [str(tmp_path / f"net{seed}.txt") for seed in (0, 1)]
    command = [str(VALIDATION), "-n", networks[0], "-n", networks[1], "-g", "1", "-k", "games"]
    command += ["-o", OPTIONS, "-o", OPTIONS, "--", str(engine), "--", str(engine)]
    output = tmp_path / "output"
    with (
        output.open("wb") as sink,
        subprocess.Popen(
            command,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        ) as process,
    ):
        try:
            wait_for_games(output, process)
        finally:
            process.send_signal(signal.SIGKILL)
    assert "*ERROR*" not in output.read_text()
    records = sorted((tmp_path / "games").glob("*.sgf"))
    assert len(records) >= GAMES
    for record in map(read_game, records[:GAMES]):
        assert len(record.moves) > 90
        assert record.result.ending in ("resign", "score")


def wait_for_games(output, process):
    """Return once so many games have a result; they take seconds, and more when it is busy."""
    started = time.monotonic()
    while len(re.findall(r"^Winner: ", output.read_text(), re.MULTILINE)) <= GAMES:
        assert process.poll() is None, output.read_text()[-2000:]
        assert time.monotonic() - started < 300, output.read_text()[-2000:]
        time.sleep(0.5)
