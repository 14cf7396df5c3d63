"""What training and validation report, apart from the losses."""

import torch
from torch import Tensor
from torchmetrics import MeanSquaredError, Metric, MetricCollection
from torchmetrics.classification import MulticlassAccuracy


class ValueSignAccuracy(Metric):
    """Share of decided games whose winner the value names; drawn games do not count.

    A value of exactly 0 names nobody and is wrong. Without any decided game: NaN.
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False
    correct: Tensor
    decided: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("correct", default=torch.tensor(0), dist_reduce_fx="sum")
        self.add_state("decided", default=torch.tensor(0), dist_reduce_fx="sum")

    def update(self, value: Tensor, target: Tensor) -> None:
        """Count one batch.

        Args:
            value: float [B], the network's value in [-1, 1].
            target: float [B], result in {-1, 0, 1}, from the same view.
        """
        self.correct += (value * target > 0).sum()
        self.decided += (target != 0).sum()

    def compute(self) -> Tensor:
        """Return the share, in [0, 1]."""
        return self.correct / self.decided


def policy_metrics(side: int, prefix: str) -> MetricCollection:
    """Return top-1 and top-5: how often the played move is first, or among the first five."""
    moves = side * side + 1
    return MetricCollection(
        {
            "policy_top1": MulticlassAccuracy(moves, top_k=1, average="micro"),
            "policy_top5": MulticlassAccuracy(moves, top_k=5, average="micro"),
        },
        prefix=prefix,
    )


def value_metrics(prefix: str) -> MetricCollection:
    """Return the value's mean square error (1 is what always answering 0 gets) and accuracy."""
    return MetricCollection(
        {"value_mse": MeanSquaredError(), "value_accuracy": ValueSignAccuracy()}, prefix=prefix
    )
