"""Batches from the sampler as tensors, made ahead of the training step by a thread.

The sampler's kernel releases the interpreter lock, so one thread beside the training
keeps up with a GPU; worker processes would only copy what it writes. A loader knows its
position (epoch and batch) and Lightning stores it in each checkpoint, so that a resumed
run sees exactly the positions that it has not seen.
"""

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lzp.data import Batch, PositionSampler


class TrainBatch(NamedTuple):
    """One batch of B positions; everything from the view of the side to move.

    Attributes:
        planes: uint8 [B, 18, S, S], Leela Zero's input planes.
        policy_target: int64 [B], index of the move that was played, pass = S * S.
        value_target: float32 [B], result of the game in {-1, 0, 1}.
        ownership: int8 [B, S * S], whose each point is in the end; [B, 0] if not asked for.
        reply_target: int64 [B], the move that answered the target.
        reply_known: bool [B], whether there was one.
        game: int32 [B], the store's number of the game.
        ply: int32 [B], moves played before the position.
    """

    planes: Tensor
    policy_target: Tensor
    value_target: Tensor
    ownership: Tensor
    reply_target: Tensor
    reply_known: Tensor
    game: Tensor
    ply: Tensor


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadPlan:
    """How a loader reads.

    Attributes:
        rank: number of this process among `world`.
        world: number of processes that share each epoch.
        ahead: batches made ahead of the consumer; 0 makes each when it is asked for.
        repeat: begin each pass at the start of epoch 0: the same positions every time, as
            validation needs.
        pin_memory: put batches into memory from which a GPU copies faster.
    """

    rank: int = 0
    world: int = 1
    ahead: int = 4
    repeat: bool = False
    pin_memory: bool = False


class BatchLoader:
    """Iterable over batches that Lightning can stop, save and go on with.

    Each pass goes on where the last one stopped, so that short "epochs" (Lightning's
    `limit_train_batches`) walk through all of the data.

    Args:
        sampler: where batches come from; not shared with another loader.
        plan: how to read.
    """

    def __init__(self, sampler: PositionSampler, plan: ReadPlan) -> None:
        self._sampler = sampler
        self._plan = plan
        self._epoch = 0
        self._batch = 0

    def __len__(self) -> int:
        """Return the number of batches in one epoch on this rank."""
        total, world = len(self._sampler), self._plan.world
        if self._sampler.params.drop_last:
            total -= total % world
        return len(range(self._plan.rank, total, world))

    def __iter__(self) -> Iterator[TrainBatch]:
        """Yield the rest of the current epoch; the position moves with each batch."""
        plan = self._plan
        if plan.repeat:
            self._epoch, self._batch = 0, 0
        epoch, first = self._epoch, self._batch
        source = self._sampler.batches(epoch, first, plan.rank, plan.world)
        made = map(self._to_tensors, source)
        for index, batch in enumerate(read_ahead(made, plan.ahead), start=first + 1):
            # Known before it is handed out: Lightning never asks for the end of an epoch.
            done = index >= len(self)
            self._epoch, self._batch = (epoch + 1, 0) if done else (epoch, index)
            yield batch

    def state_dict(self) -> dict[str, int]:
        """Return the position: the epoch, and the batches of it already handed out."""
        return {"epoch": self._epoch, "batch": self._batch}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go to a position that `state_dict` gave."""
        self._epoch, self._batch = int(state["epoch"]), int(state["batch"])

    def _to_tensors(self, batch: Batch) -> TrainBatch:
        tensors = [torch.from_numpy(getattr(batch, name)) for name in TrainBatch._fields]
        if self._plan.pin_memory:
            tensors = [tensor.pin_memory() for tensor in tensors]
        return TrainBatch(*tensors)


class _Failure(NamedTuple):
    error: BaseException


_END: Any = object()


def read_ahead(source: Iterator[TrainBatch], ahead: int) -> Iterator[TrainBatch]:
    """Yield what `source` yields, up to `ahead` items made in advance by a thread.

    An error in the thread is raised here. Closing the generator ends the thread.
    """
    if ahead <= 0:
        yield from source
        return
    items: queue.Queue[Any] = queue.Queue(maxsize=ahead)
    stop = threading.Event()
    thread = threading.Thread(target=_fill, args=(source, items, stop), daemon=True)
    thread.start()
    try:
        while (item := items.get()) is not _END:
            if isinstance(item, _Failure):
                raise item.error
            yield item
    finally:
        stop.set()
        while not items.empty():  # make room: the thread may be waiting for it
            items.get_nowait()
        thread.join()


def _fill(source: Iterator[TrainBatch], items: queue.Queue[Any], stop: threading.Event) -> None:
    try:
        for item in source:
            if stop.is_set():
                return
            items.put(item)
        items.put(_END)
    except BaseException as error:
        items.put(_Failure(error))
