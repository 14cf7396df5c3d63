"""Warming up compiles all that playing needs, each kernel for one set of types."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys, threading
from lzp.engine import (
    cache_kernels, candidate_kernels, report_kernels, search_kernels, tree_kernels
)
from lzp.engine.clock import Clock
from lzp.engine.player import Player, PlayerParams
from lzp.engine.restrictions import MoveRestrictions, Restriction
from lzp.engine.search import Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.engine.warmup import warmup
from lzp.features import encode, plane_kernels
from lzp.go import BLACK, Game, board_kernels, scoring_kernels
from tests.engine.scripted import HashEvaluator

OURS = [cache_kernels, candidate_kernels, report_kernels, search_kernels, tree_kernels]
ALL = [*OURS, plane_kernels, board_kernels, scoring_kernels]


def signatures(modules):
    return {
        f"{module.__name__}.{name}": len(kernel.signatures)
        for module in modules
        for name, kernel in vars(module).items()
        if hasattr(kernel, "signatures") and kernel.__module__ == module.__name__
    }


warmup()
before = signatures(ALL)
for side in (5, 19):
    game = Game(side)
    player = Player(Search(HashEvaluator(side), SearchParams(seed=1)), PlayerParams(visits=80))
    for _ in range(6):
        move = player.choose(game, game.to_play, clock=Clock()).move
        game.play(game.pass_move if move is None else move)
    avoid = MoveRestrictions(avoid=(Restriction(BLACK, 3, 50),))
    player.search.set_position(game)
    player.search.run(SearchLimits(visits=300), restrictions=avoid, min_moves=30)
    player.search.run(SearchLimits(time_s=0.1, prune=True, stop_when_decided=True))
    player.choose(game, game.to_play, cleanup=True)
    player.ponder(game, threading.Event())
    game.undo()
    game.area_score(), game.legal_moves(), encode(game.boards), str(game)
after = signatures(ALL)
late = sorted(name for name in after if after[name] != before[name])
counts = signatures(OURS)
assert not late, f"compiled after the warm-up: {late}"
if sys.argv[1:] == ["cold"]:  # a cached kernel hides those inside it
    wrong = sorted(name for name, count in counts.items() if count != 1)
    assert not wrong, f"not compiled exactly once: {wrong}"
assert max(counts.values()) == 1
assert len(before) > 40
"""


@pytest.mark.compiled
def test_nothing_is_compiled_after_the_warmup() -> None:
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


@pytest.mark.slow
@pytest.mark.compiled
def test_every_kernel_is_compiled_once(tmp_path: Path) -> None:
    environment = {**os.environ, "LZP_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", SCRIPT, "cold"]
    run = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert run.returncode == 0, run.stderr


def test_program_says_that_it_is_ready() -> None:
    command = [sys.executable, "-m", "lzp.engine.warmup"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout == ""
    assert "ready" in run.stderr
