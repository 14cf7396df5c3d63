"""Levels: their table, the flag, and what is kept of their strength."""

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from lzp.engine.choice import Setting, default_batch
from lzp.engine.gtp.options import EngineOptions
from lzp.engine.gtp.startup import _player_params, _search_params
from lzp.engine.levels import FULL, LEVELS, level, levels_table, measured_elo, measured_text
from lzp.engine.loading import Loaded
from lzp.engine.own_reading import NO_READING, OwnReading
from lzp.engine.search_params import SearchParams
from tests.engine.gtp_text import converse
from tests.engine.scripted import HashEvaluator
from tests.networks import write_random_network

PROGRAM = [sys.executable, "-m", "lzp.engine.gtp.cli"]


def test_levels_rise():
    def strength(each):
        return (each.visits or 10**9, -each.temperature)

    assert sorted(LEVELS, key=strength) == list(LEVELS)
    assert LEVELS[-1].visits == 0
    assert LEVELS[-1].temperature == 0


@pytest.mark.parametrize("number", [0, FULL + 1, -1])
def test_there_are_no_other_levels(number):
    with pytest.raises(ValueError, match=f"level must be 1 to {FULL}, not"):
        level(number)


def test_flags_go_over_a_level():
    plain, weak = _player_params(EngineOptions()), _player_params(EngineOptions(level=4))
    assert (plain.visits, plain.temperature) == (None, 0)
    assert (weak.visits, weak.temperature) == (LEVELS[3].visits, LEVELS[3].temperature)
    assert _player_params(EngineOptions(level=4, visits=50)).visits == 50
    assert _player_params(EngineOptions(level=FULL)) == plain


def test_only_full_strength_searches_with_all_techniques():
    setting = Setting(backend="onnxruntime", precision="float32", lanes=1, threads=1)
    loaded = Loaded(evaluators=[HashEvaluator(19)], setting=setting, reading=OwnReading(3, 0.5))

    def searched(**options):
        return _search_params(EngineOptions(seed=1, **options), loaded)

    assert searched() == searched(level=FULL) == searched(visits=50)
    rest: dict[str, Any] = {"batch_size": 8, "visits_per_leaf": 4, "seed": 1, "cache_mib": 102}
    rest["max_nodes"] = searched().max_nodes
    assert searched() == SearchParams.strong(rollouts=3, tactics_weight=0.5, **rest)
    assert searched(rollouts=5) == SearchParams.strong(rollouts=5, tactics_weight=0.5, **rest)
    assert searched(rollouts=0) == SearchParams.strong(rollouts=0, tactics_weight=0.5, **rest)
    assert searched(level=FULL - 1) == SearchParams(**rest)
    loaded = replace(loaded, evaluators=[HashEvaluator(19)] * 2)
    assert searched().batches_in_flight == 4
    assert searched(rollouts=0).batches_in_flight == searched(level=3).batches_in_flight == 3


def test_a_gpu_is_given_larger_batches_at_full_strength():
    setting = Setting(backend="torch-cuda", precision="float16", lanes=2, threads=1)
    loaded = Loaded(evaluators=[HashEvaluator(19)] * 2, setting=setting, reading=NO_READING)

    def batch(**options):
        return _search_params(EngineOptions(**options), loaded).batch_size

    assert batch() == default_batch(on_gpu=True) > default_batch(on_gpu=False)
    assert batch(level=3) == default_batch(on_gpu=False)
    assert batch(batch_size=5) == 5


def test_what_was_measured_comes_back_unless_the_level_has_changed(tmp_path):
    path = tmp_path / "levels.json"
    text = measured_text({1: (0.0, 50.4), 3: (312.6, 40.0)}, network="net")
    path.write_text(text)
    assert measured_elo(path) == {1: (0, 50), 3: (313, 40)}
    other = tmp_path / "other.json"
    other.write_text(text.replace(f'"temperature": {LEVELS[2].temperature}', '"temperature": 9'))
    assert measured_elo(other) == {1: (0, 50)}
    assert measured_elo(tmp_path / "none.json") == {}


def test_the_table_has_every_level():
    lines = levels_table().splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == [str(n + 1) for n in range(FULL)]


@pytest.mark.parametrize(
    ("word", "code", "said"),
    [("help", 0, "level  visits"), ("0", 2, "expected 1 to"), ("easy", 2, "expected 1 to")],
)
def test_the_flag_is_read(word, code, said):
    done = subprocess.run(
        [*PROGRAM, "--level", word], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == code
    assert said in done.stdout + done.stderr


@pytest.mark.compiled
def test_a_weak_level_plays_many_moves(tmp_path):
    network = write_random_network(tmp_path / "r9.txt", side=9)
    lines = ["clear_board", "genmove b"] * 6
    replies = converse(*lines, weights=network, visits=0, level=2, ponder=True)
    moves = set(replies[1::2])
    assert all(reply.startswith("= ") for reply in moves)
    assert len(moves) > 2
