"""The losses of supervised training, as pure functions of a network's output.

Leela Zero's training adds 1e-4·½·Σw² of the convolution and dense weights; here that is
the optimizer's weight decay.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from lzp.net.interface import NetOutput


@dataclass(frozen=True, kw_only=True, slots=True)
class LossWeights:
    """How much each term counts in the total; Leela Zero counts policy and value as 1.

    Attributes:
        policy: weight of the cross entropy of the move.
        value: weight of the mean square error of the result.
        ownership: weight of the cross entropy of each point's owner at the end of the game.
            It teaches the one plane that the value is computed from to be a map of
            territory, from which the result is a sum (the idea is Wu 2019, "Accelerating
            Self-Play Learning in Go", section 4.1). Nothing is added to the network.

    Raises:
        ValueError: a weight is negative or not finite.
    """

    policy: float = 1.0
    value: float = 1.0
    ownership: float = 0.0

    def __post_init__(self) -> None:
        weights = (self.policy, self.value, self.ownership)
        for name, weight in zip(("policy", "value", "ownership"), weights, strict=True):
            if not 0.0 <= weight < float("inf"):
                raise ValueError(f"{name}: {weight!r}, expected a weight of 0 or more")


class LossTerms(NamedTuple):
    """Means over a batch, each a scalar tensor.

    Attributes:
        total: the weighted sum that is minimized.
        policy: cross entropy in nats, unweighted.
        value: mean squared error over values in [-1, 1], unweighted (Leela Zero prints a
            quarter of it).
        ownership: cross entropy in nats a point, unweighted; 0 where it is not trained.
    """

    total: Tensor
    policy: Tensor
    value: Tensor
    ownership: Tensor


def policy_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Return the mean cross entropy in nats.

    Args:
        logits: float [B, S²+1].
        target: int64 [B] of move indices, or float [B, S²+1] of probabilities.
    """
    return F.cross_entropy(logits, target)


def value_loss(value: Tensor, target: Tensor) -> Tensor:
    """Return the mean of (value - z)²; both float [B] in [-1, 1] for the side to move."""
    return F.mse_loss(value, target)


def ownership_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Return the mean cross entropy of the points' owners, in nats.

    Args:
        logits: float [B, S²], for the side to move.
        target: int8 [B, S²]: +1 the side to move's, -1 the other's, 0 nobody's, which
            counts as even odds.
    """
    return F.binary_cross_entropy_with_logits(logits, (1.0 + target) / 2.0)


class Targets(NamedTuple):
    """What a network is trained to answer, for the side to move.

    Attributes:
        policy: see `policy_loss`.
        value: float [B] in [-1, 1].
        ownership: see `ownership_loss`; [B, 0] where it is not known.
    """

    policy: Tensor
    value: Tensor
    ownership: Tensor


def leela_losses(output: NetOutput, targets: Targets, weights: LossWeights) -> LossTerms:
    """Return the terms and their weighted sum.

    Raises:
        ValueError: ownership has a weight but no target.
    """
    policy = policy_loss(output.policy_logits, targets.policy)
    value = value_loss(output.value, targets.value)
    total = weights.policy * policy + weights.value * value
    if weights.ownership == 0:
        return LossTerms(total, policy, value, torch.zeros_like(total))
    if targets.ownership.shape[1] == 0:
        raise ValueError("the ownership loss has a weight, but the data have no ownership")
    ownership = ownership_loss(output.ownership_logits, targets.ownership)
    return LossTerms(total + weights.ownership * ownership, policy, value, ownership)
