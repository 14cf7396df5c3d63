"""Quantiles of Student's t distribution, for confidence bounds of a mean."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

#: Chance that the true mean lies below its lower bound.
TAIL = 1e-5
#: Degrees of freedom beyond which the quantile is taken as constant.
MOST_FREEDOM = 1000


def upper_tail(t: NDArray[np.float64], freedom: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return P(T > t) for whole degrees of freedom, elementwise.

    The finite series of Abramowitz and Stegun (1964), 26.7.3 and 26.7.4, in
    theta = arctan(t / sqrt(freedom)).
    """
    theta = np.arctan2(t, np.sqrt(freedom))
    cosine, sine = np.cos(theta), np.sin(theta)
    odd = freedom % 2 == 1
    term = np.where(odd, cosine, 1.0)
    total = np.where(freedom == 1, 0.0, term)
    for k in range(1, int(freedom.max()) // 2):
        term = term * cosine**2 * np.where(odd, 2 * k / (2 * k + 1), (2 * k - 1) / (2 * k))
        total = total + np.where(2 * k < freedom - odd, term, 0.0)
    inside = np.where(odd, 2 / np.pi * (theta + sine * total), sine * total)
    return (1.0 - inside) / 2


@cache
def student_quantiles() -> NDArray[np.float64]:
    """Return t with P(T > t) = TAIL by degrees of freedom, float64 [MOST_FREEDOM + 1].

    Found by bisection of log t; entry 0 is infinite.
    """
    freedom = np.arange(1, MOST_FREEDOM + 1)
    low, high = np.zeros(MOST_FREEDOM), np.full(MOST_FREEDOM, np.log(1e5))
    for _ in range(42):
        middle = (low + high) / 2
        above = upper_tail(np.exp(middle), freedom) > TAIL
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.concatenate([[np.inf], np.exp((low + high) / 2)])
