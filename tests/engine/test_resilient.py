"""Faults of an evaluator: each is injected, and the search and the engine go on."""

import io
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lzp.engine import resilient
from lzp.engine.evaluator import Evaluator, empty_planes
from lzp.engine.gtp import startup
from lzp.engine.gtp.engine import GtpEngine
from lzp.engine.gtp.loader import LoadingResponder
from lzp.engine.gtp.options import EngineOptions
from lzp.engine.gtp.reader import LineQueue
from lzp.engine.lanes import Lanes
from lzp.engine.model import open_network
from lzp.engine.network_file import NetworkFile
from lzp.engine.resilient import NoAnswerError, ResilientEvaluator, Spare, guard
from lzp.engine.search import EvaluationError, Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.go import Game
from lzp.go.vertex import parse_vertex
from tests.engine.faulty import FaultyEvaluator
from tests.engine.scripted import HashEvaluator
from tests.engine.tree_checks import check_invariants, snapshot
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled

FAULTS = ("raise", "memory", "shape", "nan", "some nan", "negative", "winrate")


class Guarded:
    """A faulty evaluator, guarded; everything that was told; how often the spare opened."""

    def __init__(self, fault: str, spare_fault: str = "", **when: int):
        self.told: list[str] = []
        self.opened = 0
        self._spare_fault = spare_fault
        self.faulty = FaultyEvaluator(HashEvaluator(9), fault, **when)
        self.evaluator = ResilientEvaluator(self.faulty, Spare(self._open), self.told.append)

    def _open(self) -> Evaluator:
        self.opened += 1
        if self._spare_fault == "open":
            raise RuntimeError("no CPU")
        spare = HashEvaluator(9)
        return FaultyEvaluator(spare, self._spare_fault) if self._spare_fault else spare


def searched(evaluator: Any, visits: int = 150) -> Search:
    search = Search(evaluator, SearchParams(batch_size=8, seed=3))
    search.set_position(Game(9))
    search.run(SearchLimits(visits=visits))
    return search


# Every fault, in the search


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("calls", [1, 10**9])
@pytest.mark.parametrize("first", [1, 5])
def test_the_tree_is_as_without_the_fault(fault: str, first: int, calls: int) -> None:
    guarded = Guarded(fault, first=first, calls=calls)
    search = searched(guarded.evaluator)
    assert search.tree.root_visits == 150
    check_invariants(search)
    assert snapshot(search) == snapshot(searched(HashEvaluator(9)))
    assert guarded.told or (fault == "memory" and (first, calls) == (1, 1))  # fits: one position
    assert all("\n" not in line for line in guarded.told)


def test_memory_that_runs_out_halves_batches_for_good() -> None:
    guarded = Guarded("memory", most=3)
    for _ in range(3):
        guarded.evaluator.evaluate(empty_planes(9, 8))
    assert guarded.told == [
        "faulty: out of memory; at most 4 at once from now on",
        "faulty: out of memory; at most 2 at once from now on",
    ]
    assert guarded.faulty.batches == [8, 4, *[2] * 12]
    assert guarded.opened == 0


def test_a_lost_device_is_given_up_for_the_cpu() -> None:
    guarded = Guarded("raise", first=10)
    searched(guarded.evaluator)
    assert guarded.evaluator.is_given_up
    assert guarded.opened == 1
    assert len(guarded.told) == 5  # 4, 2, 1 at once; in its place; from now on
    assert guarded.told[-1] == (
        "faulty: CUDA failure 719: unspecified launch failure; the CPU answers from now on"
    )
    calls = len(guarded.faulty.batches)
    guarded.evaluator.evaluate(empty_planes(9, 4))
    assert len(guarded.faulty.batches) == calls


def test_one_fault_is_forgiven() -> None:
    guarded = Guarded("nan", first=4, calls=1)
    searched(guarded.evaluator)
    assert not guarded.evaluator.is_given_up
    assert len(guarded.told) == 1
    assert guarded.faulty.batches[-1] > 1


def test_three_faults_apart_are_forgiven() -> None:
    guarded = Guarded("nan", first=2, calls=2)
    for _ in range(20):
        guarded.evaluator.evaluate(empty_planes(9, 4))
    assert len(guarded.faulty.batches) == 20
    assert len(guarded.told) == 1


def test_only_unsound_rows_are_asked_for_again() -> None:
    guarded = Guarded("some nan")
    planes = empty_planes(9, 6)
    planes[:, 0, 2, 3] = 1
    policy, winrate = guarded.evaluator.evaluate(planes)
    expected = HashEvaluator(9).evaluate(planes)
    assert (policy == expected[0]).all()
    assert (winrate == expected[1]).all()


@pytest.mark.parametrize("spare_fault", ["open", "raise", "nan", "shape"])
def test_without_any_answer_the_batch_is_given_back(spare_fault: str) -> None:
    guarded = Guarded("raise", spare_fault, first=5)
    search = Search(guarded.evaluator, SearchParams(batch_size=8, seed=3))
    search.set_position(Game(9))
    with pytest.raises(EvaluationError, match="faulty: the CPU cannot answer either: "):
        search.run(SearchLimits(visits=150))
    assert 1 < search.tree.root_visits < 150
    check_invariants(search)


def test_an_evaluator_that_recovers_is_asked_again() -> None:
    guarded = Guarded("raise", "open", calls=2)
    planes = empty_planes(9, 1)
    for _ in range(2):
        with pytest.raises(NoAnswerError):
            guarded.evaluator.evaluate(planes)
    assert len(guarded.evaluator.evaluate(planes)[1]) == 1


def test_lanes_share_one_spare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    real = resilient.open_on_cpu

    def open_on_cpu(file: NetworkFile) -> Evaluator:
        opened.append(file)
        return real(file)

    monkeypatch.setattr(resilient, "open_on_cpu", open_on_cpu)
    file = open_network(write_random_network(tmp_path / "r9.txt", side=9))
    told: list[str] = []
    broken = [FaultyEvaluator(HashEvaluator(9), "raise") for _ in range(3)]
    lanes = Lanes(guard(broken, file, told.append))
    planes = empty_planes(9, 2)
    waiting = [lanes.submit(planes) for _ in range(12)]
    answers = [future.result(timeout=60) for future in waiting]
    lanes.close()
    assert len(opened) == 1
    assert all(np.array_equal(answer[0], answers[0][0]) for answer in answers)


# Memory that really runs out

OUT_OF_MEMORY = """
import sys
from pathlib import Path
from lzp.engine import onnxruntime_evaluator as its
from lzp.engine import onnxruntime_session as sessions
from lzp.engine.evaluator import empty_planes
from lzp.engine.model import open_network
from lzp.engine.played_graph import played_graph
from lzp.engine.resilient import guard

ort = sessions.onnxruntime_module()
arena = ort.OrtArenaCfg({"max_mem": 16 << 20, "initial_chunk_size_bytes": 1 << 20})
memory = ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0,
                           ort.OrtMemType.DEFAULT)
ort.create_and_register_allocator(memory, arena)
options = ort.SessionOptions()
options.intra_op_num_threads = 1
options.log_severity_level = 4
options.add_session_config_entry("session.use_env_allocators", "1")
file = open_network(Path(sys.argv[1]))
model = played_graph(file, "float32").SerializeToString()
session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
told = []
(evaluator,) = guard([its.OnnxEvaluator(session, file, 512)], file, told.append)
policy, winrate = evaluator.evaluate(empty_planes(19, 256))
assert policy.shape == (256, 362) and not evaluator.is_given_up
print(len(told), told[-1])
"""


def test_onnx_runtime_out_of_memory_halves_the_batch(tmp_path: Path) -> None:
    network = write_random_network(tmp_path / "r.txt", blocks=2, filters=32)
    done = subprocess.run(
        [sys.executable, "-c", OUT_OF_MEMORY, str(network)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    count, told = done.stdout.split(" ", 1)
    assert int(count) >= 1
    assert "ONNXRuntimeError" in told
    assert told.strip().endswith("at once from now on")


# Every fault, in the engine


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_random_network(tmp_path_factory.mktemp("network") / "r9.txt", side=9)


def played(network: Path, commands: list[str], **flags: Any) -> list[str]:
    """Return the engine's replies to lines."""
    lines, sink = LineQueue(), io.StringIO()
    lines.put(commands)
    lines.close()
    options = EngineOptions(**{"seed": 1, "quiet": True, "weights": network, **flags})
    GtpEngine(lines, sink, LoadingResponder(options, lines)).run()
    *replies, rest = sink.getvalue().split("\n\n")
    assert rest == ""
    return replies


def check_game(replies: list[str]) -> None:
    """Replay moves of both colors in turn: each is legal."""
    game = Game(9)
    for reply in replies:
        assert reply.startswith("= "), reply
        vertex = reply.removeprefix("= ")
        if vertex != "resign":
            game.play(parse_vertex(vertex, 9))


def break_networks(monkeypatch: pytest.MonkeyPatch, fault: str, **when: int) -> None:
    """Let every network that the engine opens fail, and its spare work."""

    def broken(evaluators: Any, file: Any) -> Any:
        return guard([FaultyEvaluator(one, fault, **when) for one in evaluators], file)

    monkeypatch.setattr(startup, "guard", broken)


@pytest.mark.parametrize("fault", FAULTS)
def test_moves_come_in_spite_of_faults(
    fault: str, network: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    without = played(network, ["genmove b", "genmove w"] * 3, visits=40)
    assert "faulty" not in capfd.readouterr().err
    break_networks(monkeypatch, fault, first=2)
    replies = played(network, ["genmove b", "genmove w"] * 3, visits=40)
    check_game(replies)
    assert replies == without
    told = capfd.readouterr().err
    assert "lzp: faulty: " in told
    assert told.count("\n") < 8


@pytest.mark.parametrize("first", [1, 2, 4])
def test_moves_come_although_nothing_can_answer(
    first: int, network: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def no_spare(file: Any) -> Any:
        raise RuntimeError("no CPU")

    monkeypatch.setattr(resilient, "open_on_cpu", no_spare)
    break_networks(monkeypatch, "raise", first=first)
    started = time.monotonic()
    replies = played(network, ["time_settings 20 0 0", *["genmove b", "genmove w"] * 15])
    assert time.monotonic() - started < 40
    check_game(replies[1:])
    assert len({reply for reply in replies[1:] if reply != "= pass"}) > 20
    told = capfd.readouterr().err
    assert told.count("moving without the network") == 30
    assert "faulty: the CPU cannot answer either: no CPU" in told


def test_blind_moves_keep_to_what_is_allowed(
    network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_spare(file: Any) -> Any:
        raise RuntimeError("no CPU")

    monkeypatch.setattr(resilient, "open_on_cpu", no_spare)
    break_networks(monkeypatch, "raise")
    for _ in range(3):
        (reply,) = played(network, ["lz-genmove_analyze b 10 allow b C3,D4 1"], visits=20)
        assert reply.splitlines()[-1] in ("play C3", "play D4")


def test_a_blind_player_passes_when_only_eyes_are_left(
    network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_spare(file: Any) -> Any:
        raise RuntimeError("no CPU")

    monkeypatch.setattr(resilient, "open_on_cpu", no_spare)
    break_networks(monkeypatch, "raise")
    stones = [f"play b {column}{row}" for column in "ABCDEFGHJ" for row in range(1, 10)]
    eyes = {"play b B2", "play b H8"}
    replies = played(network, [*(s for s in stones if s not in eyes), "genmove b"], visits=20)
    assert replies[-1] == "= pass"
    replies = played(network, [*(s for s in stones if s not in eyes), "genmove w"], visits=20)
    assert replies[-1] == "= pass"
