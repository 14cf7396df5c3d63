"""Sabaki's own GTP client, from npm, drives a game with analysis."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lzp.engine.gtp import catalog
from tests.engine.gtp_process import PROGRAM, SOON_S
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled

INFO = re.compile(r"info move (pass|[A-HJ]\d) visits \d+ winrate \d{1,5} .* pv( (pass|[A-HJ]\d))+")


def sabaki_folder():
    """Where @sabaki/gtp is installed: in NODE_PATH, or where bin/test puts it; None if not."""
    listed = [Path(folder) for folder in os.environ.get("NODE_PATH", "").split(":") if folder]
    for folder in [*listed, Path(sys.prefix) / "node" / "node_modules"]:
        if (folder / "@sabaki" / "gtp").is_dir():
            return folder.parent
    return None


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    if sabaki_folder() is None:
        pytest.skip("no @sabaki/gtp: see CONTRIBUTING.md")
    network = write_random_network(tmp_path_factory.mktemp("network") / "r9.txt", side=9)
    script = Path(__file__).with_name("sabaki_session.mjs")
    flags = ["-w", str(network), "-q", "--noponder", "--backend", "onnxruntime", "-b", "70"]
    done = subprocess.run(
        ["node", str(script), *PROGRAM, *flags],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
        env=os.environ | {"SABAKI_GTP_FROM": str(sabaki_folder())},
    )
    return json.loads(done.stdout)


def test_no_command_of_sabakis_is_refused(result):
    assert [answer for answer in result["heard"] if answer["error"]] == []
    heard = {answer["line"]: answer["content"] for answer in result["heard"]}
    assert heard["name"] == catalog.NAME
    assert {"lz-analyze", "undo"} <= set(heard["list_commands"].split("\n"))


def test_sabaki_gets_analysis_and_it_ends_when_asked(result):
    first, second = result["analyses"]
    for found in (first, second):
        assert found["lines"][0] == "="
        assert found["lines"][-1] == ""
        assert len(found["lines"]) > 2
        assert all(INFO.match(line) for line in found["lines"][1:-1])
    assert min(first["waited"], second["waited"]) < 1000 * SOON_S


def test_steps_in_a_game_reach_the_engine_as_sabaki_means_them(result):
    lines = [answer["line"] for answer in result["heard"]]
    assert lines.count("undo") == 2  # one from G3 and C7 to D2: the beginning is shared
    last_stone = result["lines"][-2].removeprefix("play ")
    assert result["played"] == ["B G7", "W C3", f"B {last_stone}", result["played"][-1]]
    board = next(answer["content"] for answer in result["heard"] if answer["line"] == "showboard")
    assert "4 moves played" in board
    assert board.count("X") + board.count("O") >= 4


def test_sabaki_is_left_at_once(result):
    assert result["ended"]["process"]
    assert result["ended"]["waited"] < 1000 * SOON_S
