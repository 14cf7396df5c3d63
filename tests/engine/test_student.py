"""Student's quantiles against the values that Leela Zero uses, and against an integral."""

import math

import numpy as np
import pytest

from lzp.engine.student import MOST_FREEDOM, TAIL, student_quantiles, upper_tail


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [(1, 31831), (2, 223.6), (3, 47.93), (10, 7.527), (41, 4.820), (100, 4.478), (1000, 4.285)],
)
def test_quantiles_equal_leela_zeros(freedom: int, quantile: float) -> None:
    assert student_quantiles()[freedom] == pytest.approx(quantile, rel=2e-4)


def density(t: np.ndarray, freedom: int) -> np.ndarray:
    scale = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)
    height = math.exp(scale) / math.sqrt(freedom * math.pi)
    return height * (1 + t**2 / freedom) ** (-(freedom + 1) / 2)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7, 30, 31, 1000])
def test_tail_is_the_integral_of_the_density(freedom: int) -> None:
    t = np.linspace(0.0, 2.5, 20_001)
    inside = np.trapezoid(density(t, freedom), t)
    tail = upper_tail(np.array([2.5]), np.array([freedom]))[0]
    assert tail == pytest.approx(0.5 - inside, abs=1e-8)


def test_quantiles_leave_the_tail_and_fall() -> None:
    quantiles = student_quantiles()[1:]
    freedom = np.arange(1, MOST_FREEDOM + 1)
    assert upper_tail(quantiles, freedom) == pytest.approx(np.full(MOST_FREEDOM, TAIL), rel=1e-4)
    assert np.all(np.diff(quantiles) < 0)
