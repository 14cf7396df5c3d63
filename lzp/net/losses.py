"""The losses of supervised training, as pure functions of a network's output.

Leela Zero's training adds 1e-4·½·Σw² of the convolution and dense weights; here that is
the optimizer's weight decay.
"""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor
from torch.nn import functional as F

from lzp.net.network import NetOutput


@dataclass(frozen=True, kw_only=True, slots=True)
class LossWeights:
    """How much each term counts in the total; Leela Zero counts both as 1.

    Raises:
        ValueError: a weight is negative or not finite.
    """

    policy: float = 1.0
    value: float = 1.0

    def __post_init__(self) -> None:
        for name, weight in (("policy", self.policy), ("value", self.value)):
            if not 0.0 <= weight < float("inf"):
                raise ValueError(f"{name}: {weight!r}, expected a weight of 0 or more")


class LossTerms(NamedTuple):
    """Means over a batch, each a scalar tensor.

    Attributes:
        total: the weighted sum that is minimized.
        policy: cross entropy in nats, unweighted.
        value: mean squared error over values in [-1, 1], unweighted (Leela Zero prints a
            quarter of it).
    """

    total: Tensor
    policy: Tensor
    value: Tensor


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


def leela_losses(
    output: NetOutput, policy_target: Tensor, value_target: Tensor, weights: LossWeights
) -> LossTerms:
    """Return both terms and their weighted sum; the targets are as in the two losses."""
    policy = policy_loss(output.policy_logits, policy_target)
    value = value_loss(output.value, value_target)
    return LossTerms(weights.policy * policy + weights.value * value, policy, value)
