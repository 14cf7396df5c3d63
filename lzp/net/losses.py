"""The losses of supervised training, as pure functions of a network's output.

Leela Zero's training adds 1e-4·½·Σw² of the convolution and dense weights; here that is
the optimizer's weight decay.
"""

from dataclasses import dataclass
from typing import NamedTuple

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
        reply: weight of the cross entropy of the move that answers the target, foretold by
            a head of its own that only training has (the same paper, section 4.2).
        smoothing: share of the policy target that is spread evenly over all moves, in
            [0, 1) (Szegedy et al. 2016, "Rethinking the Inception Architecture").
        distillation: share of the policy target that is a teacher's policy, in [0, 1]
            (Hinton et al. 2015, "Distilling the Knowledge in a Neural Network").
        value_distillation: share of the value target that is a teacher's value. A result is
            +1 or -1 and says little of one position; what a teacher made of thousands of
            games varies far less, so that a value is learned from far fewer samples.

    Raises:
        ValueError: a weight is negative or not finite, or a share is none.
    """

    policy: float = 1.0
    value: float = 1.0
    ownership: float = 0.0
    reply: float = 0.0
    smoothing: float = 0.0
    distillation: float = 0.0
    value_distillation: float = 0.0

    def __post_init__(self) -> None:
        for name in ("policy", "value", "ownership", "reply"):
            weight = getattr(self, name)
            if not 0.0 <= weight < float("inf"):
                raise ValueError(f"{name}: {weight!r}, expected a weight of 0 or more")
        if not 0.0 <= self.smoothing < 1.0:
            raise ValueError(f"smoothing: {self.smoothing!r}, expected at least 0, less than 1")
        for name in ("distillation", "value_distillation"):
            share = getattr(self, name)
            if not 0.0 <= share <= 1.0:
                raise ValueError(f"{name}: {share!r}, expected a share from 0 to 1")

    @property
    def needs_teacher(self) -> bool:
        """Whether a share of a target is a teacher's."""
        return self.distillation > 0 or self.value_distillation > 0


class LossTerms(NamedTuple):
    """Means over a batch, each a scalar tensor.

    Attributes:
        total: the weighted sum that is minimized.
        policy: cross entropy in nats, unweighted.
        value: mean squared error over values in [-1, 1], unweighted (Leela Zero prints a
            quarter of it).
        ownership: cross entropy in nats a point, unweighted; 0 where it is not trained.
        reply: cross entropy in nats, unweighted; 0 where it is not trained.
        distillation: cross entropy of the policy and the teacher's, in nats; 0 without one.
    """

    total: Tensor
    policy: Tensor
    value: Tensor
    ownership: Tensor
    reply: Tensor
    distillation: Tensor


def policy_loss(
    logits: Tensor, target: Tensor, smoothing: float = 0.0, known: Tensor | None = None
) -> Tensor:
    """Return the mean cross entropy in nats.

    Args:
        logits: float [B, S²+1].
        target: int64 [B] of move indices, or float [B, S²+1] of probabilities.
        smoothing: share of the target that is spread evenly over all moves.
        known: bool [B], the rows that are meant; None: all of them. Without any, it is 0.
    """
    if known is None:
        return F.cross_entropy(logits, target, label_smoothing=smoothing)
    each = F.cross_entropy(logits, target, label_smoothing=smoothing, reduction="none")
    return _mean_of(each, known)


def _mean_of(each: Tensor, known: Tensor) -> Tensor:
    """Return the mean over the rows that are known; without any, 0."""
    return (each * known).sum() / known.sum().clamp(min=1)


def reply_loss(logits: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """Return the mean cross entropy in nats over the rows whose reply is known.

    Args:
        logits: float [B, S²+1].
        target: int64 [B] of move indices.
        known: bool [B]; without any, the loss is 0.
    """
    return policy_loss(logits, target, known=known)


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
        reply: see `reply_loss`; None where it is not asked for, as is reply_known.
        reply_known: see `reply_loss`.
        teacher: float [B, S²+1], a teacher's probabilities; None without one.
        teacher_value: float [B] in [-1, 1], its values; None without one.
        policy_known: bool [B], whose `policy` is one to learn; None: all. A teacher's always is.
    """

    policy: Tensor
    value: Tensor
    ownership: Tensor
    reply: Tensor | None = None
    reply_known: Tensor | None = None
    teacher: Tensor | None = None
    teacher_value: Tensor | None = None
    policy_known: Tensor | None = None


def leela_losses(
    output: NetOutput,
    targets: Targets,
    weights: LossWeights,
    reply_logits: Tensor | None = None,
) -> LossTerms:
    """Return the terms and their weighted sum.

    Args:
        output: of the network.
        targets: what is to be answered.
        weights: how much each term counts.
        reply_logits: float [B, S²+1] of the auxiliary head; None without one.

    Raises:
        ValueError: ownership has a weight but no target, or the reply no head or target.
    """
    policy = policy_loss(output.policy_logits, targets.policy, known=targets.policy_known)
    value = value_loss(output.value, targets.value)
    ownership = _ownership_term(output, targets, weights)
    reply = _reply_term(reply_logits, targets, weights)
    trained, taught = _policy_terms(output.policy_logits, policy, targets, weights)
    trained_value = value
    if weights.value_distillation > 0 and targets.teacher_value is not None:
        taught_value = value_loss(output.value, targets.teacher_value)
        share = weights.value_distillation
        trained_value = (1 - share) * value + share * taught_value
    total = weights.policy * trained + weights.value * trained_value
    total = total + weights.ownership * ownership + weights.reply * reply
    return LossTerms(total, policy, value, ownership, reply, taught)


def _ownership_term(output: NetOutput, targets: Targets, weights: LossWeights) -> Tensor:
    if weights.ownership == 0:
        return output.value.new_zeros(())
    if targets.ownership.shape[1] == 0:
        raise ValueError("the ownership loss has a weight, but the data have no ownership")
    return ownership_loss(output.ownership_logits, targets.ownership)


def _reply_term(logits: Tensor | None, targets: Targets, weights: LossWeights) -> Tensor:
    if weights.reply == 0:
        return targets.value.new_zeros(())
    if logits is None or targets.reply is None or targets.reply_known is None:
        raise ValueError("the reply loss has a weight, but there is no head or target for it")
    return reply_loss(logits, targets.reply, targets.reply_known)


def _policy_terms(
    logits: Tensor, policy: Tensor, targets: Targets, weights: LossWeights
) -> tuple[Tensor, Tensor]:
    """Return the policy's loss as it is trained, and the teacher's part of it, unweighted."""
    if weights.smoothing > 0:
        policy = policy_loss(logits, targets.policy, weights.smoothing, targets.policy_known)
    if weights.distillation == 0 or targets.teacher is None:
        return policy, policy.new_zeros(())
    taught = policy_loss(logits, targets.teacher)
    return (1 - weights.distillation) * policy + weights.distillation * taught, taught
