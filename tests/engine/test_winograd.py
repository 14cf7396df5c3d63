"""Winograd's convolution: the transforms, the kernels, and whole networks beside ONNX Runtime."""

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
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
from lzp.engine.vector_kernels import (
    BLOCK_COLUMNS,
    LANES,
    make_layer_end,
    make_transform,
)
from lzp.engine.winograd_evaluator import WinogradEvaluator
from lzp.engine.winograd_kernels import (
    INPUT_FACTORS,
    OUTPUT_FACTORS,
    POINTS,
    convolve,
    multiply_rows,
    padded_side,
    point_step,
)
from lzp.engine.winograd_weights import WEIGHT_TRANSFORM, aligned, pack
from lzp.features import encode
from lzp.go import Game
from lzp.jit import kernel
from lzp.weights import read_weights
from tests.networks import random_weights

Array = NDArray[np.float32]
ONE_THREAD = RunOptions(batch_size=8, threads=1)


def product(factors: tuple[NDArray[np.float64], ...]) -> NDArray[np.float64]:
    whole = factors[0]
    for factor in factors[1:]:
        whole = factor @ whole
    return whole


def test_the_transforms_convolve_exactly_in_rational_numbers() -> None:
    rng = np.random.default_rng(0)

    def exact(matrix: NDArray[np.generic]) -> NDArray[np.object_]:
        return np.vectorize(lambda x: Fraction(float(x)).limit_denominator(10_000))(matrix)

    inputs, weights = exact(rng.integers(-9, 9, 7)), exact(rng.integers(-9, 9, 3))
    spread = exact(product(INPUT_FACTORS)) @ inputs
    result = exact(product(OUTPUT_FACTORS)) @ (spread * (exact(WEIGHT_TRANSFORM) @ weights))
    assert list(result) == [sum(inputs[i : i + 3] * weights) for i in range(5)]


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 6, 7, 13])
def test_a_product_of_every_height(rows: int) -> None:
    rng, depth = np.random.default_rng(1), 9
    a, b = (rng.standard_normal(200).astype(np.float32) for _ in range(2))
    c = np.full(300, 8, np.float32)
    multiply_rows(rows, depth, a, 3, depth + 2, b, 5, c, 7, 20)
    left = np.array([a[3 + row * 11 :][:depth] for row in range(rows)])
    expected = np.full(300, 8, np.float32)
    for row, line in enumerate(left @ b[5 : 5 + depth * BLOCK_COLUMNS].reshape(depth, -1)):
        expected[7 + row * 20 :][:BLOCK_COLUMNS] = line
    np.testing.assert_allclose(c, expected, rtol=1e-5, atol=1e-5)


FACTORS = (np.array([[1, -1, 0], [0, 0.5, 2], [0, 0, 1]]), np.array([[3.0, 0, 1], [1, -1, 0]]))
spread_grid = make_transform(FACTORS)
end_grid, end_sum = make_layer_end(FACTORS, adds=False), make_layer_end(FACTORS, adds=True)


@kernel
def transform_grids(x: Array, y: Array, z: Array, sums: Array, bias: Array) -> None:
    spread_grid(x, 1, 50, 10, y, 2, 40, 9)
    end_grid(x, 1, 50, 10, z, 2, 40, 9, bias, 3)
    end_sum(x, 1, 50, 10, sums, 2, 40, 9, bias, 3)


def test_a_transform_and_the_end_of_a_layer() -> None:
    rng, whole = np.random.default_rng(2), product(FACTORS)
    x, bias = (rng.standard_normal(size).astype(np.float32) for size in (200, 20))
    y, z, sums = (np.full(100, number, np.float32) for number in (7, 7, 0.5))
    transform_grids(x, y, z, sums, bias)
    grid = np.array([[x[1 + 50 * i + 10 * j :][:LANES] for j in range(3)] for i in range(3)])
    for i, row in enumerate(np.einsum("ai,bj,ijl->abl", whole, whole, grid)):
        for j, vector in enumerate(row):
            at = slice(2 + 40 * i + 9 * j, 2 + 40 * i + 9 * j + LANES)
            total = vector + bias[3 : 3 + LANES]
            np.testing.assert_allclose(y[at], vector, rtol=1e-5, atol=1e-5)
            np.testing.assert_allclose(z[at], np.maximum(total, 0), rtol=1e-5, atol=1e-5)
            np.testing.assert_allclose(sums[at], np.maximum(total + 0.5, 0), rtol=1e-5, atol=1e-5)


def direct(boards: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the plain convolution of [B, S, S, C] with [out, C, 3, 3], zeros outside."""
    padded = np.pad(boards, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return np.asarray(np.einsum("bxycij,ocij->bxyo", windows, weight))


@pytest.mark.parametrize(("side", "count", "adds"), [(2, 1, False), (5, 3, True), (6, 2, True)])
def test_a_convolution_beside_the_plain_one(side: int, count: int, adds: bool) -> None:
    rng, depth, channels, width = np.random.default_rng(side), 16, 32, padded_side(side)
    boards, result = aligned(count * width**2 * depth), aligned(count * width**2 * channels)
    inside = np.s_[:, 1 : side + 1, 1 : side + 1]
    source = boards.reshape(count, width, width, depth)
    target = result.reshape(count, width, width, channels)
    source[inside] = rng.standard_normal((count, side, side, depth))
    target[inside] = rng.standard_normal((count, side, side, channels))
    weight = rng.standard_normal((channels, depth, 3, 3)) / np.sqrt(9 * depth)
    bias = rng.standard_normal(channels).astype(np.float32)
    expected = direct(source[inside].astype(np.float64), weight) + bias
    expected = np.maximum(expected + target[inside] if adds else expected, 0)
    points = np.einsum("ai,ocij,bj->abco", WEIGHT_TRANSFORM, weight, WEIGHT_TRANSFORM)
    packed = pack(points.reshape(POINTS, depth, channels))
    tiles = aligned(POINTS * point_step(count * 4 * depth))
    products = aligned(POINTS * point_step(count * 4 * BLOCK_COLUMNS))
    convolve(boards, count, side, depth, packed, bias, adds, tiles, products, result)
    np.testing.assert_allclose(target[inside], expected, atol=1e-4)
    target[inside] = 0
    assert not result.any(), "something was left beyond the edges"


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
    monkeypatch.setattr(winograd_weights, "MOST_BYTES", 2 * 49 * 16 * 16 * 4)
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
