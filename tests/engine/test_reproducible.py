"""The same seed and calls make the same tree, node for node, in every process."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lzp.engine.evaluator import Evaluator
from lzp.engine.gtp.engine import GtpEngine
from lzp.engine.gtp.loader import LoadingResponder
from lzp.engine.gtp.options import EngineOptions
from lzp.engine.gtp.reader import LineQueue
from lzp.engine.model import load_evaluator
from lzp.engine.search import Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.go import Game
from tests.engine.signature_network import SignatureNetwork
from tests.engine.signature_positions import POSITIONS
from tests.engine.tree_checks import snapshot
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled

PRESETS: dict[str, Callable[..., SearchParams]] = {
    "plain": SearchParams,
    "strong": SearchParams.strong,
    "leela": SearchParams.leela,
}
Trees = list[dict[tuple[int, ...], Any]]


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_random_network(tmp_path_factory.mktemp("network") / "r9.txt", side=9)


def trees_of_a_game(evaluator: Evaluator, params: SearchParams) -> Trees:
    """Return the trees of four moves, each kept for the next one."""
    game = POSITIONS["fight"]()
    search = Search(evaluator, params)
    trees = []
    for _ in range(4):
        search.set_position(game)
        report = search.run(SearchLimits(visits=120))
        trees.append(snapshot(search))
        game.play(report.moves[0].move)
    return trees


@pytest.mark.parametrize("batch_size", [1, 8])
@pytest.mark.parametrize("preset", PRESETS)
def test_same_seed_makes_the_same_trees(network: Path, preset: str, batch_size: int) -> None:
    params = PRESETS[preset](batch_size=batch_size, noise=True, seed=11)
    # Evaluators of their own: nothing is left over from the first game.
    games = [
        trees_of_a_game(load_evaluator(network, batch_size=batch_size, threads=1), params)
        for _ in range(2)
    ]
    assert games[0] == games[1]
    assert all(len(tree) > 60 for tree in games[0])


def test_another_seed_makes_other_trees(network: Path) -> None:
    evaluator = load_evaluator(network, batch_size=8, threads=1)
    trees = [trees_of_a_game(evaluator, SearchParams(noise=True, seed=seed)) for seed in (1, 2)]
    assert trees[0] != trees[1]


def test_a_cleared_search_forgets_all_but_its_stream(network: Path) -> None:
    # What chance has used up stays used up; without chance nothing may remain.
    search = Search(SignatureNetwork(9), SearchParams(symmetry=0, seed=3))
    trees = []
    for _ in range(2):
        search.clear()
        search.set_position(Game(9))
        search.run(SearchLimits(visits=200))
        trees.append(snapshot(search))
    assert trees[0] == trees[1]


@pytest.mark.slow
def test_other_processes_find_the_same() -> None:
    # Hashes of strings differ between them, and so would the order of a set.
    script = "from tests.engine import signature as s; print(s.signature(('fight', 'noise')))"
    told = [
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert int(told[0]) > 0


def test_the_engine_plays_the_same_game_for_a_seed(network: Path) -> None:
    def played(seed: int) -> str:
        lines, sink = LineQueue(), io.StringIO()
        lines.put(["genmove b", "genmove w"] * 3)
        lines.close()
        options = EngineOptions(
            visits=30, seed=seed, quiet=True, weights=network, noise=True, random_moves=6
        )
        GtpEngine(lines, sink, LoadingResponder(options, lines)).run()
        return sink.getvalue()

    assert played(5) == played(5)
    assert "?" not in played(5)
    assert played(5) != played(6)
