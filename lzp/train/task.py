"""One training step: from a batch of positions to losses, figures and an update."""

from collections.abc import Callable
from typing import Any, cast

import pytorch_lightning as pl
import torch
from pytorch_lightning.trainer.states import TrainerFn
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from torchmetrics import MetricCollection

from lzp.features import PLANES_VERSION
from lzp.net import GoNet, LossTerms, LossWeights, NetOutput, Targets, leela_losses
from lzp.net.network import PolicyHead
from lzp.train.compiling import check_compiler
from lzp.train.loader import TrainBatch
from lzp.train.metrics import policy_metrics, value_metrics
from lzp.train.muon import HIDDEN
from lzp.train.teacher import Teacher

#: More steps than any run has.
_NEVER = 2**62


class TrainTask(pl.LightningModule):
    """Trains a network on the played move and the result of each position.

    Logged as `train/...`, `val/...` and `test/...`: loss, policy_loss (nats), value_loss
    (mean square error in [-1, 1]), policy_top1, policy_top5 and value_accuracy. Those of
    training come from the steps that are logged (`trainer.log_every_n_steps`) alone: at
    every step they took a quarter of the time of `network=tiny`.

    Args:
        net: the network; its shape goes into the checkpoint as plain data, from which an
            exporter makes the same network again.
        optimizer: makes the optimizer from parameter groups.
        schedule: makes the learning rate schedule, counted in steps, from the optimizer.
        weights: how much each loss counts.
        channels_last: keep tensors in the memory layout [B, S, S, C].
        compile: compile the network with torch.compile, which changes no name in a checkpoint.
        teacher: whose policy or value is part of the targets; needed where the weights have
            a share for it.

    Raises:
        ValueError: a teacher without a weight, or a weight without a teacher.
    """

    def __init__(
        self,
        net: GoNet,
        optimizer: Callable[..., Optimizer],
        schedule: Callable[[Optimizer], LRScheduler],
        weights: LossWeights,
        channels_last: bool = False,
        compile: bool = False,
        teacher: Teacher | None = None,
    ) -> None:
        super().__init__()
        if weights.needs_teacher != (teacher is not None):
            raise ValueError("task.teacher and task.weights.distillation: one needs the other")
        if teacher is not None and teacher.side != net.shape.side:
            raise ValueError(f"task.teacher: plays on side {teacher.side}, not {net.shape.side}")
        self.save_hyperparameters(
            {"network": net.shape.to_dict(), "planes_version": PLANES_VERSION}
        )
        self._layout = torch.channels_last if channels_last else torch.contiguous_format
        self.net = net.to(memory_format=self._layout)  # type: ignore[call-overload]
        self._make_optimizer = optimizer
        self._make_schedule = schedule
        self._weights = weights
        self._teacher = teacher
        # Beside the network, not in it: what is exported never knows of this head.
        self.reply = PolicyHead(net.shape.filters, net.shape.side) if weights.reply > 0 else None
        if compile:
            self._compile()
        stages = ("train", "val", "test")
        side = net.shape.side
        # Lightning moves what is a submodule to the device; ModuleDict has no key "train".
        self._policy = nn.ModuleDict({f"on_{s}": policy_metrics(side, f"{s}/") for s in stages})
        self._value = nn.ModuleDict({f"on_{s}": value_metrics(f"{s}/") for s in stages})

    def forward(self, planes: Tensor) -> NetOutput:
        """Return the outputs for planes of any number type, [B, 18, S, S].

        They are float32 whatever the network computes in, float64 if that is float64.
        """
        return NetOutput(*map(_exact, self.net(self._arranged(planes))))

    def _arranged(self, planes: Tensor) -> Tensor:
        """Return planes in the number type and the memory layout of the network."""
        dtype = next(self.net.parameters()).dtype
        return planes.to(dtype=dtype, memory_format=self._layout)

    def _compile(self) -> None:
        """Compile what every step computes, in place."""
        check_compiler()
        self.net.compile()
        if self.reply is not None:  # the tower is then asked for by name
            self._answer = torch.compile(self._answer)  # type: ignore[method-assign]

    def training_step(self, batch: TrainBatch, batch_idx: int) -> Tensor:
        """Return the loss of a batch."""
        return self._measure(batch, "train")

    def validation_step(self, batch: TrainBatch, batch_idx: int) -> None:
        """Add a batch to the figures `val/...`."""
        self._measure(batch, "val")

    def test_step(self, batch: TrainBatch, batch_idx: int) -> None:
        """Add a batch to the figures `test/...`."""
        self._measure(batch, "test")

    def configure_optimizers(self) -> Any:
        """Return the optimizer and its schedule, stepped with it.

        Weight decay reaches the weights of convolutions and dense layers only, as in Leela
        Zero's trainer: biases and norms gain nothing from being small. The convolutions are
        a group of their own, since Muon treats them in a way of its own.
        """
        parameters = [p for p in self.parameters() if p.requires_grad]
        kinds = {
            HIDDEN: [p for p in parameters if p.ndim == 4],
            "dense": [p for p in parameters if p.ndim in (2, 3)],
            "vector": [p for p in parameters if p.ndim < 2],
        }
        groups: list[dict[str, Any]] = [{"params": ps, "role": r} for r, ps in kinds.items() if ps]
        groups[-1]["weight_decay"] = 0.0
        optimizer = self._make_optimizer(groups)
        schedule = self._make_schedule(optimizer)
        when: dict[str, Any] = {"scheduler": schedule, "interval": "step"}
        if isinstance(schedule, ReduceLROnPlateau):
            # Lightning counts such schedules in epochs, which say nothing here: they are
            # stepped by hand, after each validation.
            when |= {"frequency": _NEVER, "monitor": "val/loss", "strict": False}
        return {"optimizer": optimizer, "lr_scheduler": when}

    def on_validation_end(self) -> None:
        """Show the loss to a schedule that waits for it."""
        if self.trainer.state.fn != TrainerFn.FITTING or self.trainer.sanity_checking:
            return
        schedule = self.lr_schedulers()
        if isinstance(schedule, ReduceLROnPlateau):
            schedule.step(float(self.trainer.callback_metrics["val/loss"]))

    def _measure(self, batch: TrainBatch, stage: str) -> Tensor:
        """Return the loss of a batch, and add the batch to the figures of a stage."""
        planes = batch.planes.to(dtype=torch.float32, memory_format=self._layout)
        output, reply_logits = self._answer(planes)
        terms = leela_losses(output, self._targets(batch, planes), self._weights, reply_logits)
        if stage != "train" or self._is_logged_step():
            self._log_losses(terms, stage, len(batch.planes))
            self._log_figures(output, batch, stage)
        return terms.total

    def _is_logged_step(self) -> bool:
        """Return whether Lightning writes the figures of the step under way to its loggers."""
        # An attribute that its logger connector gives it, unknown to its class.
        interval = int(self.trainer.log_every_n_steps)  # type: ignore[attr-defined]
        return interval > 0 and (self.trainer.global_step + 1) % interval == 0

    def _log_figures(self, output: NetOutput, batch: TrainBatch, stage: str) -> None:
        policy = cast(MetricCollection, self._policy[f"on_{stage}"])
        known = batch.policy_known
        if known.any():
            policy(output.policy_logits.detach()[known], batch.best_move()[known])
        value = cast(MetricCollection, self._value[f"on_{stage}"])
        value(output.value.detach(), batch.value_target)
        for figures in (policy, value):
            self.log_dict(figures, on_step=stage == "train", on_epoch=True)

    def _answer(self, planes: Tensor) -> tuple[NetOutput, Tensor | None]:
        """Return the network's outputs and the auxiliary head's, where there is one."""
        if self.reply is None:
            return self(planes), None
        planes = self._arranged(planes)
        x = self.net.tower(planes)
        output = self.net.heads(x, planes)
        return NetOutput(*map(_exact, output)), _exact(self.reply(x))

    def _targets(self, batch: TrainBatch, planes: Tensor) -> Targets:
        taught = self._teacher.answer(planes) if self._teacher is not None else (None, None)
        return Targets(
            policy=batch.policy_goal(),
            value=batch.value_target,
            ownership=batch.ownership,
            reply=batch.reply_target,
            reply_known=batch.reply_known,
            teacher=taught[0],
            teacher_value=taught[1],
            policy_known=batch.policy_known,
        )

    def _log_losses(self, terms: LossTerms, stage: str, batch_size: int) -> None:
        losses = {
            f"{stage}/loss": terms.total,
            f"{stage}/policy_loss": terms.policy,
            f"{stage}/value_loss": terms.value,
            f"{stage}/ownership_loss": terms.ownership,
            f"{stage}/reply_loss": terms.reply,
            f"{stage}/distillation_loss": terms.distillation,
        }
        training = stage == "train"
        self.log_dict(
            {name: loss.detach() for name, loss in losses.items()},
            on_step=training,
            on_epoch=not training,
            sync_dist=not training,  # each step's losses are one rank's: no waiting for others
            batch_size=batch_size,
        )


def _exact(tensor: Tensor) -> Tensor:
    """Return a tensor in float32, or float64 if it is that: losses want no less."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
