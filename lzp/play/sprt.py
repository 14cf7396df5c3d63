"""The sequential probability ratio test: play until one of two strengths is refuted.

Wald (1945) tests after every observation, and stops when the likelihood ratio of the two
hypotheses leaves an interval. Here an observation is a pair of games with the same opening,
and neither hypothesis says how the five kinds of pairs are distributed, only what their
mean is: each is represented by the most likely distribution with that mean, and the ratio is
the generalized one (GSPRT; M. Van den Bergh, "The Generalized Sequential Probability Ratio
Test for Chess Engines", 2017). That the games of a pair depend on each other is in it.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lzp.play.scoring import PAIR_SHARES, Tally, expected_score

#: Stands for a kind that was never seen, so that every mean can be reached.
_UNSEEN = 1e-3
#: Halvings of an interval at most 20 wide, for about 13 digits.
_HALVINGS = 48

#: What a test has shown: which hypothesis is accepted, or that it must go on.
Verdict = Literal["H0", "H1", "open"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sprt:
    """A test of "the player is elo0 stronger" (H0) against "elo1 stronger" (H1).

    Attributes:
        elo0: rating difference of H0.
        elo1: rating difference of H1, above that of H0.
        alpha: how often H1 may be accepted at a true difference of elo0 or less.
        beta: how often H0 may be accepted at a true difference of elo1 or more.
    """

    elo0: float = 0.0
    elo1: float = 35.0
    alpha: float = 0.05
    beta: float = 0.05

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ValueError: a test that cannot be; the text says why.
        """
        if not (math.isfinite(self.elo0) and math.isfinite(self.elo1) and self.elo0 < self.elo1):
            raise ValueError(f"SPRT needs ELO0 below ELO1, not {self.elo0:g} and {self.elo1:g}")
        if max(abs(self.elo0), abs(self.elo1)) > 1000:
            raise ValueError("SPRT: an Elo difference is 1000 at most")
        if not (0 < self.alpha < 0.5 and 0 < self.beta < 0.5):
            raise ValueError("SPRT: alpha and beta must lie between 0 and 0.5")

    @classmethod
    def parse(cls, text: str) -> "Sprt":
        """Read "ELO0,ELO1" or "ELO0,ELO1,ALPHA,BETA".

        Raises:
            ValueError: the text is not that, or no test.
        """
        words = text.split(",")
        try:
            numbers = [float(word) for word in words]
        except ValueError:
            numbers = []
        if len(numbers) not in (2, 4):
            raise ValueError(f"expected ELO0,ELO1 or ELO0,ELO1,ALPHA,BETA, not {text!r}")
        return cls(**dict(zip(("elo0", "elo1", "alpha", "beta"), numbers, strict=False)))

    @property
    def bounds(self) -> tuple[float, float]:
        """Log-likelihood ratios at which H0 and H1 are accepted (Wald 1945)."""
        return math.log(self.beta / (1 - self.alpha)), math.log((1 - self.beta) / self.alpha)

    def ratio(self, tally: Tally) -> float:
        """Return the log-likelihood ratio of H1 to H0 from a tally's pairs of games."""
        counts = np.array(tally.pairs, np.float64)
        return float(log_likelihood_ratio(counts, PAIR_SHARES, self.elo0, self.elo1))

    def verdict(self, tally: Tally) -> Verdict:
        """Return which hypothesis a tally's pairs of games accept, if any."""
        low, high = self.bounds
        ratio = self.ratio(tally)
        return "H1" if ratio >= high else "H0" if ratio <= low else "open"


def log_likelihood_ratio(
    counts: NDArray[np.float64], shares: tuple[float, ...], elo0: float, elo1: float
) -> NDArray[np.float64]:
    """Return the generalized log-likelihood ratio of elo1 to elo0.

    Args:
        counts: float64 [..., K], how often each kind of observation was made.
        shares: K shares of the points, rising from 0 to 1: the five of a pair of games
            (pentanomial), or loss, draw and win (trinomial).
        elo0: rating difference of H0.
        elo1: rating difference of H1.

    Returns:
        float64 [...]; 0 without observations.
    """
    values = np.array(shares)
    total = counts.sum(axis=-1, keepdims=True)
    filled = np.where(counts > 0, counts, _UNSEEN)
    weights = filled / filled.sum(axis=-1, keepdims=True)
    # The most likely distribution with mean s is w / (1 + t (a - s)) for the right t.
    logs = [
        np.log1p(_tilt(weights, values - score) * (values - score))
        for score in (expected_score(elo0), expected_score(elo1))
    ]
    ratio: NDArray[np.float64] = (total * weights * (logs[0] - logs[1])).sum(axis=-1)
    return ratio


def _tilt(weights: NDArray[np.float64], offsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return t, float64 [..., 1], with sum of w * d / (1 + t * d) = 0, found by halving.

    The sum falls with t; all 1 + t * d stay positive within the interval of the start.
    """
    shape = (*weights.shape[:-1], 1)
    low = np.full(shape, -1 / offsets.max())
    high = np.full(shape, -1 / offsets.min())
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        rising = (weights * offsets / (1 + middle * offsets)).sum(axis=-1, keepdims=True) > 0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    return (low + high) / 2
