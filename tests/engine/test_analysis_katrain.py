"""KaTrain's own classes drive lzp-analysis, which they know by its path alone.

Needs a Python that has KaTrain: this one, the one that LZP_KATRAIN_PYTHON names, or that
of .venv-katrain, which bin/test makes in CI.
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lzp.go.vertex import parse_vertex
from tests.house.rules import ROOT

MOVES = "dp pd pp cd ec cg cc bc cb dd ed df nc qf pb lc qc ic qd qi nq qe pe od nd oe".split()


def katrain_python() -> str | None:
    """Return a Python that has KaTrain."""
    if "LZP_KATRAIN_PYTHON" in os.environ:
        return os.environ["LZP_KATRAIN_PYTHON"]
    if importlib.util.find_spec("katrain") is not None:
        return sys.executable
    beside = ROOT / ".venv-katrain" / "bin" / "python"
    return str(beside) if beside.exists() else None


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what KaTrain kept of a game that it had analyzed."""
    python = katrain_python()
    if python is None:
        pytest.skip("no Python with KaTrain")
    folder = tmp_path_factory.mktemp("katrain")
    engine = folder / "lzp-analysis"
    command = f'exec "{sys.executable}" -m lzp.engine.analysis.cli "$@"'
    engine.write_text(f'#!/bin/sh\nexport PYTHONPATH="{ROOT}"\n{command}\n')
    engine.chmod(0o755)
    record = folder / "game.sgf"
    moves = "".join(f";{'BW'[n % 2]}[{move}]" for n, move in enumerate(MOVES))
    record.write_text(f"(;GM[1]FF[4]SZ[19]KM[6.5]RU[Japanese]{moves})")
    session = Path(__file__).with_name("katrain_session.py")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [python, str(session), str(engine), str(record)],
        env={**environment, "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


@pytest.mark.slow
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


@pytest.mark.slow
def test_katrain_ponders_and_stops(found: dict[str, Any]) -> None:
    assert found["ponder"]["grew"]
    assert found["ponder"]["ended"]


@pytest.mark.slow
def test_katrain_finds_alternatives_and_looks_at_a_region(found: dict[str, Any]) -> None:
    assert found["idle"]
    assert found["more"] > 0


@pytest.mark.slow
def test_katrain_has_nothing_to_complain_of(found: dict[str, Any]) -> None:
    assert found["errors"] == []
