"""How far two evaluators are apart, over as many positions as one likes to give them."""

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lzp.engine.evaluator import Answer, Evaluator


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """What two evaluators made of the same positions.

    Attributes:
        positions: how many positions were compared.
        winrate: the largest difference of a winrate.
        winrate_mean: the mean difference of winrates.
        policy: the largest difference of a probability.
        top1: the share of positions with the same likeliest move.
    """

    positions: int
    winrate: float
    winrate_mean: float
    policy: float
    top1: float

    def __str__(self) -> str:
        return (
            f"winrate within {self.winrate:.5f} (mean {self.winrate_mean:.5f}), "
            f"policy within {self.policy:.5f}, "
            f"same first move in {self.top1:.2%} of {self.positions:,} positions"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """The largest differences that still count as the same network; see `Agreement`."""

    winrate: float
    policy: float
    top1: float

    def admit(self, found: Agreement) -> bool:
        """Tell whether all differences are within the limits; not where one is no number."""
        return (
            found.winrate <= self.winrate
            and found.policy <= self.policy
            and found.top1 >= self.top1
        )


class Tally:
    """Adds up differences between answers, batch by batch; may be shared by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._positions = 0
        self._same = 0
        self._winrate = self._winrate_sum = self._policy = 0.0

    def add(self, first: Answer, second: Answer) -> None:
        """Count two answers to the same positions."""
        policy = np.abs(first[0].astype(np.float64) - second[0])
        winrate = np.abs(first[1].astype(np.float64) - second[1])
        same = first[0].argmax(axis=1) == second[0].argmax(axis=1)
        with self._lock:
            self._positions += len(winrate)
            self._same += int(same.sum())
            self._winrate_sum += float(winrate.sum())
            # Written so that what is no number stays: it is no agreement.
            self._winrate = float(np.maximum(self._winrate, winrate.max()))
            self._policy = float(np.maximum(self._policy, policy.max()))

    def agreement(self) -> Agreement | None:
        """Return the differences so far; None before there was a position."""
        with self._lock:
            if not self._positions:
                return None
            return Agreement(
                positions=self._positions,
                winrate=self._winrate,
                winrate_mean=self._winrate_sum / self._positions,
                policy=self._policy,
                top1=self._same / self._positions,
            )


class CrossCheck:
    """An `Evaluator` that answers with one and compares a second with it in play.

    Attributes:
        tally: what was found so far.
    """

    def __init__(self, first: Evaluator, second: Evaluator, tally: Tally | None = None) -> None:
        """Check one evaluator by another of the same network.

        Args:
            first: whose answers are given.
            second: asked the same.
            tally: where differences are counted; several checks may share one.

        Raises:
            ValueError: they are for different boards.
        """
        if first.side != second.side:
            raise ValueError(f"boards of {first.side} and {second.side} lines")
        self.side = first.side
        self.name = first.name
        self.tally = tally or Tally()
        self._first = first
        self._second = second

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        """See `Evaluator.evaluate`; takes as long as both together."""
        answer = self._first.evaluate(planes)
        self.tally.add(answer, self._second.evaluate(planes))
        return answer
