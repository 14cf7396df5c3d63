"""Ratings of several players from the games between them, by maximum likelihood.

The model is Bradley and Terry's (1952), which is Elo's: player i gets the share
1 / (1 + 10^((r_j - r_i) / 400)) of the points against j. Only differences mean something,
so the mean rating is 0.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lzp.play.scoring import ELO_SCALE, Z95

_ELO_PER_NAT = ELO_SCALE / math.log(10)
_STEPS = 100
_LONGEST_STEP = 2.0
_CLOSE = 1e-10


@dataclass(frozen=True, slots=True)
class Ratings:
    """Ratings of N players.

    Attributes:
        elo: float64 [N], with mean 0.
        errors: float64 [N], half of each 95 % interval, against the mean of all; infinite
            for a player without games.
        has_prior: whether a draw was added to each pairing, because there was no finite
            most likely rating: someone has only wins or only losses against all the rest.
    """

    elo: NDArray[np.float64]
    errors: NDArray[np.float64]
    has_prior: bool


def rate(points: NDArray[np.float64]) -> Ratings:
    """Return the most likely ratings.

    Args:
        points: float64 [N, N], what player i got against player j; a draw is 1/2 for both.

    Raises:
        ValueError: not a square matrix of numbers of at least 0.
    """
    points = np.asarray(points, np.float64)
    if points.ndim != 2 or points.shape[0] != points.shape[1] or not np.all(points >= 0):
        raise ValueError("points must be a square matrix of numbers of at least 0")
    points = points * (1 - np.eye(len(points)))
    has_prior = not _has_finite_ratings(points)
    if has_prior:
        points = points + 0.5 * ((points + points.T) > 0)
    strengths, information = _fit(points)
    variances = np.diag(np.linalg.pinv(information, hermitian=True))
    errors = Z95 * np.sqrt(np.maximum(variances, 0)) * _ELO_PER_NAT
    errors[points.sum(axis=0) + points.sum(axis=1) == 0] = np.inf
    return Ratings(strengths * _ELO_PER_NAT, errors, has_prior)


def _fit(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the most likely strengths in nats, float64 [N], and their information, [N, N].

    Newton's method; the log-likelihood has one peak, and short steps keep the first ones sane.
    """
    games = points + points.T
    strengths = np.zeros(len(points))
    for _ in range(_STEPS):
        expected, information = _expectation(strengths, games)
        gradient = points.sum(axis=1) - expected
        step = np.linalg.pinv(information, hermitian=True) @ gradient
        longest = np.abs(step).max(initial=0.0)
        strengths += step * min(1.0, _LONGEST_STEP / max(longest, _CLOSE))
        if longest < _CLOSE:
            break
    strengths -= strengths.mean() if len(strengths) else 0.0
    return strengths, _expectation(strengths, games)[1]


def _expectation(
    strengths: NDArray[np.float64], games: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each player's expected points, [N], and the Fisher information, [N, N]."""
    share = 1 / (1 + np.exp(strengths[None, :] - strengths[:, None]))
    weight = games * share * (1 - share)
    information = np.diag(weight.sum(axis=1)) - weight
    return (games * share).sum(axis=1), information


def _has_finite_ratings(points: NDArray[np.float64]) -> bool:
    """Return whether every player has points against every other, if by a chain of others.

    That is Ford's (1957) condition for finite most likely ratings.
    """
    reach = (points > 0) | np.eye(len(points), dtype=np.bool_)
    for _ in range(len(points)):
        reach = reach | (reach.astype(np.float64) @ reach > 0)
    return bool(reach.all())
