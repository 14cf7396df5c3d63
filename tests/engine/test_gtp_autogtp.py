"""A game as Leela Zero's autogtp has it played: its flags, its commands, its files."""

import gzip
import re
import subprocess
import sys

import pytest
from sgfmill import sgf

from tests.networks import write_random_network

pytestmark = pytest.mark.compiled
FLAGS = [
    "-g",
    "-q",
    "-n",
    "-d",
    "-m",
    "30",
    "-r",
    "0",
    "-t",
    "1",
    "-v",
    "8",
    "--noponder",
    "-s",
    "1",
]


def test_a_game_of_autogtp_is_played_and_written(tmp_path):
    network = write_random_network(tmp_path / "r19.txt")
    moves = [f"genmove {color}" for color in "bw" * 6]
    lines = ["version", "protocol_version", "time_settings 0 1 0", *moves, "final_score"]
    lines += [f"printsgf {tmp_path}/game.sgf", f"dump_training b {tmp_path}/game.txt", "quit"]
    done = subprocess.run(
        [sys.executable, "-m", "lzp.engine.gtp.cli", *FLAGS, "-w", str(network)],
        input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    replies = done.stdout.split("\n\n")[: len(lines)]
    assert all(reply.startswith("=") for reply in replies), done.stdout
    assert re.match(r"= 0\.\d+", replies[0])
    assert replies[1] == "= 2"
    played = [reply[2:] for reply in replies[3:15]]
    record = sgf.Sgf_game.from_bytes((tmp_path / "game.sgf").read_bytes())
    stones = [node.get_move() for node in record.get_main_sequence()[1:]]
    assert len(stones) == len(played)
    assert [color for color, _ in stones] == list("bw" * 6)
    with gzip.open(tmp_path / "game.txt.0.gz", "rt") as file:
        assert len(file.read().splitlines()) == 19 * len(played)
