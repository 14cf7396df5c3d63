"""Learning rate schedules: each is a factor on the optimizer's own rate, by step alone.

A schedule knows the number of the step and nothing else, so a resumed run goes on with the
rate it would have had; `timed` alone looks at a clock, and two runs of it are never quite
alike. All begin with a linear warm-up, since the running averages of Adam and of batch norm
are worth little in the first steps.
"""

import math
import re
import time
from collections.abc import Callable, Sequence

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

Factor = Callable[[int], float]


def linear(
    optimizer: Optimizer, *, warmup_steps: int, total_steps: int, hold_steps: int = 0
) -> LambdaLR:
    """Return a schedule that falls on a straight line to zero at `total_steps`.

    Args:
        optimizer: whose rates are scaled.
        warmup_steps: steps of linear warm-up.
        total_steps: when the rate is zero.
        hold_steps: between the warm-up and the fall; a checkpoint of these steps can be
            trained on with a later end, as if that had been planned.

    Raises:
        ValueError: a number of steps is negative, or nothing is left for the fall.
    """
    if hold_steps < 0:
        raise ValueError(f"hold_steps must be 0 or more, not {hold_steps}")
    fall = _steps_of_fall(warmup_steps, total_steps, hold_steps)

    def factor(step: int) -> float:
        return min(1.0, max(0.0, 1.0 - (step - hold_steps) / fall))

    return _warmed_up(optimizer, warmup_steps, factor)


def cosine(
    optimizer: Optimizer, *, warmup_steps: int, total_steps: int, final: float = 0.0
) -> LambdaLR:
    """Return a schedule that falls along half a cosine from 1 to `final` at `total_steps`.

    Raises:
        ValueError: the warm-up is negative or not shorter than the whole, or `final` is
            not in [0, 1].
    """
    if not 0.0 <= final <= 1.0:
        raise ValueError(f"final must be between 0 and 1, not {final}")
    span = _steps_of_fall(warmup_steps, total_steps)

    def factor(step: int) -> float:
        return final + (1.0 - final) * (1.0 + math.cos(math.pi * min(1.0, step / span))) / 2

    return _warmed_up(optimizer, warmup_steps, factor)


def step(
    optimizer: Optimizer, *, warmup_steps: int, milestones: Sequence[int], factor: float = 0.1
) -> LambdaLR:
    """Return a schedule that is multiplied by `factor` at each milestone.

    Args:
        optimizer: whose rates are scaled.
        warmup_steps: steps of linear warm-up.
        milestones: steps since the start of the run, warm-up included, rising.
        factor: what each milestone multiplies the rate by, in (0, 1].

    Raises:
        ValueError: the milestones do not rise or `factor` is not in (0, 1].
    """
    if list(milestones) != sorted(set(milestones)):
        raise ValueError(f"milestones must rise, not {list(milestones)}")
    if not 0.0 < factor <= 1.0:
        raise ValueError(f"factor must be above 0 and at most 1, not {factor}")
    _check_warmup(warmup_steps)

    def decayed(step_after_warmup: int) -> float:
        passed = sum(step_after_warmup + warmup_steps >= stone for stone in milestones)
        return float(factor**passed)

    return _warmed_up(optimizer, warmup_steps, decayed)


def constant(optimizer: Optimizer, *, warmup_steps: int = 0) -> LambdaLR:
    """Return a schedule that stays at 1 after the warm-up.

    Raises:
        ValueError: the warm-up is negative.
    """
    _check_warmup(warmup_steps)
    return _warmed_up(optimizer, warmup_steps, lambda step: 1.0)


def timed(optimizer: Optimizer, *, warmup_steps: int, max_time: str) -> LambdaLR:
    """Return a schedule that falls on a straight line to zero when its time is over.

    For a machine that is there for so long and whose speed nobody knows. The clock runs
    from here on, and with validation; a resumed run has the time that was left.

    Args:
        optimizer: whose rates are scaled.
        warmup_steps: steps of linear warm-up; the time runs meanwhile.
        max_time: days:hours:minutes:seconds, as `trainer.max_time` has it.

    Raises:
        ValueError: the warm-up is negative, or the time none or no time.
    """
    _check_warmup(warmup_steps)
    return LambdaLR(optimizer, _Timed(_seconds(max_time), warmup_steps))


class _Timed:
    """The factor of `timed`. What lies in its __dict__ is saved in checkpoints.

    Attributes:
        spent_s: seconds since the start of the run, those when it was stopped left out.
    """

    __slots__ = ("__dict__", "_looked_s", "_total_s", "_warmup_steps")

    def __init__(self, total_s: float, warmup_steps: int) -> None:
        self._total_s = total_s
        self._warmup_steps = warmup_steps
        self._looked_s = time.monotonic()
        self.spent_s = 0.0

    def __call__(self, step: int) -> float:
        """Return the factor of a step that begins now."""
        now_s = time.monotonic()
        self.spent_s += now_s - self._looked_s
        self._looked_s = now_s
        warm = min(1.0, (step + 1) / (self._warmup_steps + 1))
        return warm * max(0.0, 1.0 - self.spent_s / self._total_s)


def _seconds(text: str) -> float:
    """Return days:hours:minutes:seconds in seconds.

    Raises:
        ValueError: it is something else, or 0.
    """
    if not re.fullmatch(r"\d+(:\d+){3}", str(text)):
        raise ValueError(f"max_time must be days:hours:minutes:seconds, not {text!r}")
    days, hours, minutes, seconds = (int(part) for part in str(text).split(":"))
    total_s = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if total_s == 0:
        raise ValueError("max_time must be more than 0")
    return float(total_s)


def plateau(
    optimizer: Optimizer, *, factor: float = 0.1, patience: int = 5, min_lr: float = 0.0
) -> ReduceLROnPlateau:
    """Return a schedule that looks at the validation loss: the one that is no function of the step.

    Args:
        optimizer: whose rates are scaled.
        factor: what the rate is multiplied by when the loss has stopped falling, in (0, 1).
        patience: validations without a lower loss before that happens.
        min_lr: the rate is never cut below.

    Raises:
        ValueError: a number is out of its range.
    """
    if not 0.0 < factor < 1.0:
        raise ValueError(f"factor must be above 0 and below 1, not {factor}")
    if patience < 0 or min_lr < 0:
        raise ValueError(f"patience and min_lr must not be negative: {patience}, {min_lr}")
    return ReduceLROnPlateau(optimizer, factor=factor, patience=patience, min_lr=min_lr)


def _warmed_up(optimizer: Optimizer, warmup_steps: int, factor: Factor) -> LambdaLR:
    """Return the schedule of `factor`, counted from the end of a linear warm-up."""

    def warmed_up(step: int) -> float:
        if step < warmup_steps:
            return (step + 1) / (warmup_steps + 1) * factor(0)
        return factor(step - warmup_steps)

    return LambdaLR(optimizer, warmed_up)


def _steps_of_fall(warmup_steps: int, total_steps: int, hold_steps: int = 0) -> int:
    _check_warmup(warmup_steps)
    fall = total_steps - warmup_steps - hold_steps
    if fall <= 0:
        held = f" and hold_steps ({hold_steps}) together" if hold_steps else ""
        raise ValueError(
            f"total_steps ({total_steps}) must be more than warmup_steps ({warmup_steps}){held}"
        )
    return fall


def _check_warmup(warmup_steps: int) -> None:
    if warmup_steps < 0:
        raise ValueError(f"warmup_steps must not be negative, not {warmup_steps}")
