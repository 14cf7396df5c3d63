"""What the real leelaz says of positions, for tests that compare with it."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lzp.go import BLACK, Game
from lzp.go.vertex import format_vertex

LEELAZ = shutil.which("leelaz") or shutil.which("/usr/games/leelaz")
needs_leelaz = pytest.mark.skipif(
    LEELAZ is None, reason="leelaz is not installed (Debian: leela-zero)"
)

#: Policy in thousandths, rounded down, float64 [S²+1], occupied points 0; and the winrate.
Heatmap = tuple[NDArray[np.float64], float]


def heatmaps(weights: Path, games: list[Game]) -> list[list[Heatmap]]:
    """Return for each game leelaz's heatmap of its last position under all 8 symmetries."""
    commands = []
    for game in games:
        commands.append("clear_board")
        for color, move in game.moves:
            name = "b" if color == BLACK else "w"
            commands.append(f"play {name} {format_vertex(move, game.side)}")
        commands += [f"heatmap {symmetry}" for symmetry in range(8)]
    assert LEELAZ is not None
    flags = ["--cpu-only", "-g", "--noponder", "-t", "1", "-s", "1", "-w", str(weights)]
    done = subprocess.run(
        [LEELAZ, *flags],
        input="\n".join([*commands, "quit"]) + "\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert not re.search(r"^\?", done.stdout, re.MULTILINE), done.stdout
    found = [_parse(match) for match in re.finditer(HEATMAP, done.stderr)]
    assert len(found) == 8 * len(games), done.stderr[-2000:]
    return [found[start : start + 8] for start in range(0, len(found), 8)]


HEATMAP = re.compile(r"((?:^(?: *\d+ +){19}\n){19})pass: (\d+)\nwinrate: ([\d.]+)", re.MULTILINE)


def _parse(match: re.Match[str]) -> Heatmap:
    rows = np.array(match[1].split(), dtype=np.float64).reshape(19, 19)
    # Printed from the top, row 19, down; our moves count from row 1 up.
    policy = np.append(rows[::-1].ravel(), float(match[2]))
    return policy, float(match[3])
