"""Networks run by Winograd's convolution beside ONNX Runtime."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lzp.engine import winograd_weights
from lzp.engine.backends import BACKENDS
from lzp.engine.export import write_model
from lzp.engine.export_check import run_weights
from lzp.engine.model import ModelError, load_evaluator, open_evaluators, open_network
from lzp.engine.onnx_nested import NestedWeights
from lzp.engine.run_options import RunOptions
from lzp.engine.winograd_evaluator import WinogradEvaluator
from lzp.features import encode
from lzp.go import Game
from lzp.weights import read_weights
from lzp.winograd.vector_kernels import BLOCK_COLUMNS
from tests.networks import random_weights

ONE_THREAD = RunOptions(batch_size=8, threads=1)


def planes_of_games(side: int, count: int) -> NDArray[np.uint8]:
    """Return planes of positions of random games, 7 plies apart."""
    rng, game, boards = np.random.default_rng(side), Game(side), []
    for _ in range(count):
        boards.append(game.boards.copy())
        for _ in range(7):
            game.play(int(rng.choice(game.legal_moves()[:-1])))
    return encode(np.concatenate(boards))


@pytest.mark.compiled
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("side", "filters", "blocks"), [(9, 8, 2), (13, 24, 1), (19, 32, 2), (19, 64, 3), (25, 16, 1)]
)
def test_networks_say_what_onnx_runtime_says(
    tmp_path: Path, side: int, filters: int, blocks: int, version: int
) -> None:
    weights = random_weights(side, blocks, filters, seed=side, version=version)
    write_model(tmp_path / "net.txt", weights)
    planes = planes_of_games(side, 11)
    reference = load_evaluator(tmp_path / "net.txt", batch_size=8, threads=1)
    policy, winrate = reference.evaluate(planes)
    assert policy.std(axis=0).max() > 0.001, "a network that always says the same tests nothing"
    ours = WinogradEvaluator(weights, "net", ONE_THREAD).evaluate(planes)
    np.testing.assert_allclose(ours[0], policy, atol=1e-5)
    np.testing.assert_allclose(ours[1], winrate, atol=1e-5)


@pytest.mark.compiled
def test_the_shipped_network_says_what_onnx_runtime_says_of_a_game() -> None:
    file, planes = open_network(None), planes_of_games(19, 40)
    (ours,) = open_evaluators(file, BACKENDS["winograd"], ONE_THREAD)
    policy, winrate = load_evaluator(None, batch_size=8, threads=1).evaluate(planes)
    answer = ours.evaluate(planes)
    np.testing.assert_allclose(answer[0], policy, atol=2e-5)
    np.testing.assert_allclose(answer[1], winrate, atol=1e-5)
    assert (answer[0].argmax(axis=1) == policy.argmax(axis=1)).all()


@pytest.mark.compiled
@pytest.mark.parametrize("side", range(2, 26))
def test_every_side_of_a_board(side: int) -> None:
    weights = random_weights(side, blocks=1, filters=5, seed=side)
    planes = np.random.default_rng(side).integers(0, 2, (3, 18, side, side), dtype=np.uint8)
    policy, value = run_weights(weights, planes)
    evaluator = WinogradEvaluator(weights, "net", ONE_THREAD)
    for count in (1, 2, 3):  # an odd number of tiles fills no whole cache lines
        ours = evaluator.evaluate(planes[:count])
        np.testing.assert_allclose(ours[0], policy[:count], atol=1e-5)
        np.testing.assert_allclose(ours[1], (1 + value[:count]) / 2, atol=1e-5)


@pytest.mark.compiled
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 2, 5, 9])
def test_batches_and_threads_divide_a_request_and_change_nothing(threads: int, count: int) -> None:
    weights, planes = random_weights(9, filters=16), planes_of_games(9, count)
    policy, winrate = WinogradEvaluator(weights, "net", ONE_THREAD).evaluate(planes)
    options = RunOptions(batch_size=4, threads=threads)
    ours = WinogradEvaluator(weights, "net", options).evaluate(planes)
    np.testing.assert_allclose(ours[0], policy, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(ours[1], winrate, rtol=1e-5, atol=1e-7)


@pytest.mark.compiled
def test_two_lanes_at_once_answer_as_one_alone() -> None:
    first = WinogradEvaluator(random_weights(13, 2, 32), "net", ONE_THREAD)
    lanes = [first, first.twin()]
    batches = [planes_of_games(13, 7)[number:] for number in range(4)]
    alone = [first.evaluate(planes) for planes in batches]

    def repeat(lane: int) -> None:
        for _ in range(10):
            for planes, (policy, winrate) in zip(batches, alone, strict=True):
                answer = lanes[lane].evaluate(planes)
                np.testing.assert_array_equal(answer[0], policy)
                np.testing.assert_array_equal(answer[1], winrate)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(repeat, range(2)))


def test_other_networks_are_refused(tmp_path: Path) -> None:
    nested = NestedWeights(tensors={}, blocks=2, filters=16, side=5, epsilon=1e-5)
    with pytest.raises(ValueError, match="only Leela Zero's networks run on winograd"):
        WinogradEvaluator(nested, "net", ONE_THREAD)
    write_model(tmp_path / "net.onnx", random_weights(5))
    file = open_network(tmp_path / "net.onnx")
    with pytest.raises(ModelError, match="only Leela Zero's networks run on winograd"):
        open_evaluators(file, BACKENDS["winograd"], ONE_THREAD)


def test_a_network_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(winograd_weights, "MOST_BYTES", 2 * 49 * BLOCK_COLUMNS**2 * 4)
    WinogradEvaluator(random_weights(5, blocks=1), "net", ONE_THREAD)
    with pytest.raises(ValueError, match="2 blocks of 8 filters are too large for Winograd's"):
        WinogradEvaluator(random_weights(5, blocks=2), "net", ONE_THREAD)


def test_a_damaged_file_is_refused_by_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "net.txt"
    write_model(path, random_weights(5))
    path.write_text(path.read_text()[:-2000])
    with pytest.raises(ModelError, match=r"net\.txt: "):
        open_network(path)
    with pytest.raises(ValueError, match="no such file"):
        read_weights(tmp_path / "none.txt")


def test_planes_of_another_board_are_refused() -> None:
    evaluator = WinogradEvaluator(random_weights(9), "net", ONE_THREAD)
    with pytest.raises(
        ValueError, match=r"uint8 \[1, 18, 19, 19\], expected uint8 \[B, 18, 9, 9\]"
    ):
        evaluator.evaluate(np.zeros((1, 18, 19, 19), np.uint8))
    with pytest.raises(ValueError, match="float32"):
        evaluator.evaluate(np.zeros((1, 18, 9, 9), np.float32))
