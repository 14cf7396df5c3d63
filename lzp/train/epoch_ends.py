"""Checkpoints that were saved when an epoch ended, in the form in which Lightning goes on well.

When training is counted in steps, Lightning 2.6 goes on from one with a batch too many in the
epoch that is over, or counts that epoch twice. Weights and positions stay right, as both
follow from steps; what is logged by epoch does not.
"""

from collections.abc import Iterator
from typing import Any

_FIT = "fit_loop"
_EPOCHS = "epoch_progress"
_BATCHES = "epoch_loop.batch_progress"


def mend_epoch_end(loops: dict[str, Any], val_every: int | None) -> None:
    """Rewrite progress that was saved in `on_train_epoch_end`, in place; leave any other.

    An epoch that is over becomes one that has been left, before the next has begun. One that
    ended with the run, in its middle, becomes one that goes on.

    Args:
        loops: `loops` of a checkpoint.
        val_every: steps from one validation to the next; None where they are not counted.
    """
    fit = loops.get(_FIT, {})
    epochs, batches = fit.get(_EPOCHS), fit.get(_BATCHES)
    if not epochs or not batches or not _was_saved_at_epoch_end(epochs["total"]):
        return
    if batches["is_last_batch"]:
        for count in (epochs["total"], epochs["current"]):
            count["completed"] = count["processed"]
        batches["is_last_batch"] = False
        for progress in _batch_progresses(fit):
            progress["current"] = dict.fromkeys(progress["current"], 0)
        validated = fit["epoch_loop.val_loop.batch_progress"]
        validated["total"] = dict.fromkeys(validated["total"], 0)  # counted by epoch, too
    else:
        for count in (epochs["total"], epochs["current"]):
            count["processed"] -= 1
    if val_every is not None and batches["total"]["ready"] % val_every == 0:
        # Lightning takes it for one saved in the validation, before this count, and counts.
        fit["epoch_loop.state_dict"]["_batches_that_stepped"] -= 1


def _was_saved_at_epoch_end(epochs: dict[str, int]) -> bool:
    """Return whether all of the last epoch but its end is counted."""
    started = epochs["started"]
    return epochs["ready"] == epochs["processed"] == started == epochs["completed"] + 1


def _batch_progresses(fit: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what counts within an epoch."""
    yield fit[_BATCHES]
    yield fit["epoch_loop.scheduler_progress"]
    steps = fit["epoch_loop.automatic_optimization.optim_progress"]["optimizer"]
    yield from (steps["step"], steps["zero_grad"])
