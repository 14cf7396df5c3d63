"""Convolutions of batches and their gradients, beside plain ones in float64."""

import numpy as np
import pytest
from numpy.typing import NDArray

from lzp.winograd import collect_gradient, pack, transform_weights, unpack
from lzp.winograd.batches import TOGETHER, convolve_boards, weight_gradient

Double = NDArray[np.float64]


def windows(boards: Double) -> Double:
    """Return what lies under each point's 3x3 weights, [B, S, S, C, 3, 3], zeros outside."""
    padded = np.pad(boards, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2)))


SHAPES = [
    pytest.param(3, 5, 18, 16, id="five of 18 planes"),
    pytest.param(6, 2, 16, 32, id="two tiles a side"),
    pytest.param(5, TOGETHER + 1, 8, 16, id="one more than go together"),
    pytest.param(19, 1, 32, 16, id="a whole board"),
    pytest.param(2, 1, 40, 48, id="small and deep"),
]


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize(("side", "count", "depth", "channels"), SHAPES)
def test_a_batch_and_its_gradient(
    side: int, count: int, depth: int, channels: int, threads: int
) -> None:
    rng = np.random.default_rng(side)
    boards = rng.standard_normal((count, side, side, depth))
    slopes = rng.standard_normal((count, side, side, channels))
    weight = rng.standard_normal((channels, depth, 3, 3)) / np.sqrt(9 * depth)
    under = windows(boards)
    result = np.einsum("bxycij,ocij->bxyo", under, weight)
    gradient = np.einsum("bxycij,bxyo->ocij", under, slopes)

    ours = convolve_boards(boards.astype(np.float32), weight.astype(np.float32), threads)
    theirs = weight_gradient(boards.astype(np.float32), slopes.astype(np.float32), threads)

    np.testing.assert_allclose(ours, result, atol=1e-4)
    np.testing.assert_allclose(theirs, gradient, atol=1e-4 * np.abs(gradient).max())


def test_rooms_are_used_again_with_their_zeros() -> None:
    rng = np.random.default_rng(1)
    weight = rng.standard_normal((16, 8, 3, 3)).astype(np.float32)
    first, second = (rng.standard_normal((3, 7, 7, 8)).astype(np.float32) for _ in range(2))
    alone = convolve_boards(second, weight)
    convolve_boards(first, weight)
    weight_gradient(first, convolve_boards(first, weight))

    np.testing.assert_array_equal(convolve_boards(second, weight), alone)


def test_weights_are_packed_and_unpacked() -> None:
    matrices = np.random.default_rng(2).standard_normal((3, 5, 40)).astype(np.float32)
    np.testing.assert_array_equal(unpack(pack(matrices), (3, 5, 40)), matrices)


def test_the_gradient_is_collected_by_the_transpose_of_the_transform() -> None:
    rng = np.random.default_rng(3)
    weight, points = rng.standard_normal((6, 4, 3, 3)), rng.standard_normal((49, 4, 6))
    # <T(w), g> = <w, T'(g)> for all w and g defines the transpose.
    left = (transform_weights(weight) * points).sum()
    assert left == pytest.approx((weight * collect_gradient(points)).sum())
