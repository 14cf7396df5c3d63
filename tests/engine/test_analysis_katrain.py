"""KaTrain's own classes drive lzp-analysis, which they know by its path alone.

Needs KaTrain, in the folder that LZP_KATRAIN names or where bin/test puts it in CI.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lzp.go.vertex import parse_vertex
from tests.house.rules import ROOT

pytestmark = pytest.mark.compiled

MOVES = "dp pd pp cd ec cg cc bc cb dd ed df nc qf pb lc qc ic qd qi nq qe pe od nd oe".split()


def katrain_folder() -> str | None:
    """Return where KaTrain is installed; None if it is not."""
    folder = os.environ.get("LZP_KATRAIN") or os.path.join(sys.prefix, "katrain")
    return folder if os.path.isdir(os.path.join(folder, "katrain")) else None


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what KaTrain kept of a game that it had analyzed."""
    installed = katrain_folder()
    if installed is None:
        pytest.skip("KaTrain is not installed: see CONTRIBUTING.md")
    folder = tmp_path_factory.mktemp("katrain")
    engine = folder / "lzp-analysis"
    command = f'exec "{sys.executable}" -m lzp.engine.analysis.cli "$@"'
    # KaTrain gets a home of its own; the engine keeps ours, where its kernels are compiled.
    home = os.environ.get("HOME", "")
    engine.write_text(f'#!/bin/sh\nexport PYTHONPATH="{ROOT}" HOME="{home}"\n{command}\n')
    engine.chmod(0o755)
    record = folder / "game.sgf"
    moves = "".join(f";{'BW'[n % 2]}[{move}]" for n, move in enumerate(MOVES))
    record.write_text(f"(;GM[1]FF[4]SZ[19]KM[6.5]RU[Japanese]{moves})")
    session = Path(__file__).with_name("katrain_session.py")
    done = subprocess.run(
        [sys.executable, str(session), str(engine), str(record)],
        env={**os.environ, "PYTHONPATH": installed, "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_katrain_gets_a_whole_game_analyzed(found: dict[str, Any]) -> None:
    assert found["all"]
    assert len(found["game"]) == len(MOVES) + 1
    for node in found["game"]:
        assert node["complete"]
        assert node["visits"] >= 12
        assert 0 < node["winrate"] < 1
        assert (node["score"] > 0) == (node["winrate"] > 0.5)
        assert node["policy"] == 362
        assert node["ownership"] == 361
        assert node["candidates"]
        assert all(0 <= parse_vertex(vertex, 19) <= 361 for vertex in node["candidates"])
    assert all(node["points_lost"] is not None for node in found["game"][1:])


def test_katrain_ponders_and_stops(found: dict[str, Any]) -> None:
    assert found["ponder"]["grew"]
    assert found["ponder"]["ended"]


def test_katrain_finds_alternatives_and_looks_at_a_region(found: dict[str, Any]) -> None:
    assert found["idle"]
    assert found["more"] > 0


def test_katrain_has_nothing_to_complain_of(found: dict[str, Any]) -> None:
    assert found["errors"] == []
