"""`--benchmark`: the line that leelaz writes."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.networks import write_random_network

pytestmark = pytest.mark.compiled
OURS = [sys.executable, "-m", "lzp.engine.gtp.cli"]
LEELAZ = shutil.which("leelaz", path="/usr/games:/usr/bin:/usr/local/bin")
LINE = re.compile(r"(\d+) visits, (\d+) nodes, (\d+) playouts, (\d+) n/s")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_random_network(tmp_path_factory.mktemp("net") / "r19.txt")


def run(command: list[str], network: Path) -> subprocess.CompletedProcess[str]:
    words = ["--benchmark", "-w", str(network), "-v", "60"]
    return subprocess.run(
        [*command, *words], capture_output=True, text=True, timeout=300, check=True
    )


def figures(text: str) -> tuple[int, int, int]:
    """Visits, nodes and playouts of the last such line."""
    visits, nodes, playouts, rate = map(int, LINE.findall(text)[-1])
    assert rate > 0
    return visits, nodes, playouts


def test_a_search_is_measured_and_nothing_is_said_on_stdout(network: Path) -> None:
    done = run(OURS, network)
    assert done.stdout == ""
    visits, nodes, playouts = figures(done.stderr)
    assert (visits, playouts) == (60, 59)
    assert nodes >= visits


@pytest.mark.skipif(LEELAZ is None, reason="no leelaz here")
def test_leelaz_writes_the_same_line(network: Path) -> None:
    assert LEELAZ is not None
    theirs = figures(run([LEELAZ, "--cpu-only", "-t", "1"], network).stderr)
    ours = figures(run(OURS, network).stderr)
    # It looks at its limit after a playout or two more. Its nodes are edges, ours positions.
    assert theirs[0] - ours[0] in (0, 1, 2)
    assert theirs[2] - ours[2] in (0, 1, 2)


def test_a_board_without_the_moves_is_refused(tmp_path: Path) -> None:
    network = write_random_network(tmp_path / "r9.txt", side=9)
    done = subprocess.run(
        [*OURS, "--benchmark", "-w", str(network)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "not a vertex of a 9x9 board" in done.stderr.splitlines()[-1]
