"""torch on a GPU: its network and buffers on the CPU, and on a GPU where there is one."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from lzp.engine import backends
from lzp.engine.agreement import Tally
from lzp.engine.backends import BACKENDS, why_unusable
from lzp.engine.export import write_model
from lzp.engine.export_check import run_weights
from lzp.engine.model import ModelError, open_evaluators, open_network
from lzp.engine.network_file import NetworkFile
from lzp.engine.run_options import RunOptions
from lzp.engine.sample_positions import play_games
from lzp.engine.torch_cuda_evaluator import TorchCudaEvaluator, TorchNetwork, choose_fused
from lzp.features import encode
from lzp.go import Game
from lzp.play.bench_networks import write_network
from lzp.weights import LeelaWeights
from tests.networks import random_weights

pytestmark = pytest.mark.compiled

BACKEND = BACKENDS["torch-cuda"]


def positions(count: int) -> np.ndarray:
    """Return planes of a random game on 9x9, after each ply; uint8 [count, 18, 9, 9]."""
    rng, boards, game = np.random.default_rng(3), [], Game(9)
    for _ in range(count):
        boards.append(game.boards.copy())
        game.play(int(rng.choice(game.legal_moves()[:-1])))
    return encode(np.concatenate(boards))


def on_cpu(
    weights: LeelaWeights, batch_size: int = 8, kind: torch.dtype = torch.float32
) -> TorchCudaEvaluator:
    return TorchCudaEvaluator(TorchNetwork(weights, "cpu", kind), "net", batch_size)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("filters", [8, 12], ids=["whole", "filled-up"])
def test_it_computes_what_the_format_says(version: int, filters: int) -> None:
    weights = random_weights(side=9, blocks=2, filters=filters, seed=4, version=version)
    planes = positions(11)  # more than a batch
    policy, value = run_weights(weights, planes)
    ours = on_cpu(weights).evaluate(planes)
    np.testing.assert_allclose(ours[0], policy, atol=1e-5)
    np.testing.assert_allclose(ours[1], (1 + value) / 2, atol=1e-5)
    assert ours[0].dtype == ours[1].dtype == np.float32


@pytest.mark.parametrize("count", [1, 3, 4, 5, 16])
def test_a_batch_that_is_filled_up_is_answered_as_any(count: int) -> None:
    weights = random_weights(side=9, blocks=1, filters=8)
    evaluator, planes = on_cpu(weights, 16), positions(16)
    planes.setflags(write=False)
    whole = evaluator.evaluate(planes[::-1])  # leaves other positions in the buffers
    kept = whole[0].copy(), whole[1].copy()
    part = evaluator.evaluate(planes[16 - count :])
    for ours, all_of_them, before in zip(part, whole, kept, strict=True):
        np.testing.assert_allclose(ours[::-1], all_of_them[:count], atol=1e-6)
        np.testing.assert_array_equal(all_of_them, before)  # not changed by the next one


def test_in_float16_it_is_close() -> None:
    file = open_network(None)
    assert isinstance(file.network, LeelaWeights)
    exact = on_cpu(file.network)
    half = on_cpu(file.network, kind=torch.float16)
    tally = Tally()
    for planes, answer in play_games(exact, 4):
        tally.add(answer, half.evaluate(planes))
    found = tally.agreement()
    assert found is not None
    assert 0 < found.winrate < 0.01
    assert 0 < found.policy < 0.03


def test_what_float16_cannot_hold_is_refused() -> None:
    weights = random_weights(side=5, blocks=1, filters=4)
    first = replace(weights.input, weight=weights.input.weight * np.float32(1e6))
    with pytest.raises(ValueError, match="a weight is too large once its norm is folded in"):
        on_cpu(replace(weights, input=first), kind=torch.float16)


def test_without_fused_convolutions_it_does_without() -> None:
    """As a CPU has none, nor a GPU for every shape and kind of number."""
    network = TorchNetwork(random_weights(side=5, blocks=1, filters=8), "cpu", torch.float32)
    choose_fused(network, 2)
    assert not network.is_fused
    assert not torch.backends.cudnn.benchmark


def test_networks_of_a_benchmark_run_on_it(tmp_path: Path) -> None:
    file = write_network(tmp_path, 1, 16, 9)
    assert BACKEND.refusal(file) is None
    assert isinstance(file.network, LeelaWeights)
    (exact,) = open_evaluators(file, BACKENDS["onnxruntime"], RunOptions(batch_size=4, threads=1))
    ours, theirs = on_cpu(file.network).evaluate(positions(4)), exact.evaluate(positions(4))
    np.testing.assert_allclose(ours[0], theirs[0], atol=1e-5)
    np.testing.assert_allclose(ours[1], theirs[1], atol=1e-5)


def test_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "has_nvidia_gpu", lambda: False)
    assert BACKEND.why_not() == "no NVIDIA GPU with a working driver"
    monkeypatch.setattr(backends, "has_nvidia_gpu", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert BACKEND.why_not() == "this torch has no CUDA, or none for the driver"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert BACKEND.why_not() is None
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    reason = BACKEND.why_not()
    assert reason is not None
    assert reason.startswith("torch-cuda needs torch, which is not installed")


def test_only_networks_of_leela_zero_run_on_it(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    write_model(path, random_weights(side=5, blocks=1, filters=4))
    expected = "only Leela Zero's networks run on torch-cuda"
    with pytest.raises(ModelError, match=expected):
        open_evaluators(open_network(path), BACKEND, RunOptions(batch_size=1, threads=1))


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_on_a_gpu_it_computes_the_same(precision: str, tmp_path: Path) -> None:
    path = tmp_path / "net.txt"
    write_model(path, random_weights(side=9, blocks=2, filters=32, seed=4))
    file: NetworkFile = open_network(path)
    if reason := why_unusable(BACKEND, file):
        pytest.skip(reason)
    assert isinstance(file.network, LeelaWeights)
    options = RunOptions(batch_size=40, threads=1, lanes=2, precision=precision)
    planes = positions(41)
    policy, value = run_weights(file.network, planes)
    close = 1e-4 if precision == "float32" else 0.02
    for evaluator in open_evaluators(file, BACKEND, options):
        ours = evaluator.evaluate(planes)
        np.testing.assert_allclose(ours[0], policy, atol=close)
        np.testing.assert_allclose(ours[1], (1 + value) / 2, atol=close)
