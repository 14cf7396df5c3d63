"""Winograd's convolution: the transforms and the kernels beside plain ones."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from lzp.jit import kernel
from lzp.winograd import WEIGHT_TRANSFORM, aligned, pack
from lzp.winograd.tile_kernels import (
    INPUT_FACTORS,
    OUTPUT_FACTORS,
    POINTS,
    convolve,
    multiply_rows,
    padded_side,
    point_step,
)
from lzp.winograd.vector_kernels import (
    BLOCK_COLUMNS,
    LANES,
    make_layer_end,
    make_transform,
)

Array = NDArray[np.float32]


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
    a, b = (rng.standard_normal(400).astype(np.float32) for _ in range(2))
    c, step = np.full(600, 8, np.float32), BLOCK_COLUMNS + 4
    multiply_rows(rows, depth, a, 3, depth + 2, b, 5, c, 7, step)
    left = np.array([a[3 + row * 11 :][:depth] for row in range(rows)])
    expected = np.full(600, 8, np.float32)
    for row, line in enumerate(left @ b[5 : 5 + depth * BLOCK_COLUMNS].reshape(depth, -1)):
        expected[7 + row * step :][:BLOCK_COLUMNS] = line
    np.testing.assert_allclose(c, expected, rtol=1e-5, atol=1e-5)


FACTORS = (np.array([[1, -1, 0], [0, 0.5, 2], [0, 0, 1]]), np.array([[3.0, 0, 1], [1, -1, 0]]))
spread_grid = make_transform(FACTORS)
end_grid, end_sum = make_layer_end(FACTORS, adds=False), make_layer_end(FACTORS, adds=True)


@kernel
def transform_grids(x: Array, y: Array, z: Array, sums: Array, bias: Array) -> None:
    spread_grid(x, 1, 50, 10, y, 2, 80, 20)
    end_grid(x, 1, 50, 10, z, 2, 80, 20, bias, 3)
    end_sum(x, 1, 50, 10, sums, 2, 80, 20, bias, 3)


def test_a_transform_and_the_end_of_a_layer() -> None:
    rng, whole = np.random.default_rng(2), product(FACTORS)
    x, bias = (rng.standard_normal(size).astype(np.float32) for size in (200, 20))
    y, z, sums = (np.full(200, number, np.float32) for number in (7, 7, 0.5))
    transform_grids(x, y, z, sums, bias)
    grid = np.array([[x[1 + 50 * i + 10 * j :][:LANES] for j in range(3)] for i in range(3)])
    for i, row in enumerate(np.einsum("ai,bj,ijl->abl", whole, whole, grid)):
        for j, vector in enumerate(row):
            at = slice(2 + 80 * i + 20 * j, 2 + 80 * i + 20 * j + LANES)
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
