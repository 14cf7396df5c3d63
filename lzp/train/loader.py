"""Batches from the sampler as tensors, made ahead of the training step by a thread.

The sampler's kernel releases the interpreter lock, so one thread beside the training
keeps up with a GPU; worker processes would only copy what it writes. A loader counts the
samples handed out, and Lightning stores that number in each checkpoint, so that a resumed
run goes on with exactly the positions that come next.
"""

import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
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
        game: int32 [B], number of the game, through all stores (lzp.data.StoreMixture).
        ply: int32 [B], moves played before the position.
        policy: float32 [B, S * S + 1], the policy of a search; [B, 0] if there was none.
        policy_known: bool [B], whether the move, or the search's policy, is one to learn: not
            in games of `ReadPlan.results_only`.
    """

    planes: Tensor
    policy_target: Tensor
    value_target: Tensor
    ownership: Tensor
    reply_target: Tensor
    reply_known: Tensor
    game: Tensor
    ply: Tensor
    policy: Tensor
    policy_known: Tensor

    def policy_goal(self) -> Tensor:
        """Return what the policy is to learn: a search's where there was one, else the move."""
        return self.policy if self.policy.shape[1] else self.policy_target

    def best_move(self) -> Tensor:
        """Return the move that a right answer names, int64 [B]: the goal's greatest."""
        return self.policy.argmax(1) if self.policy.shape[1] else self.policy_target


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadPlan:
    """How a loader reads.

    Attributes:
        rank: number of this process among `world`.
        world: number of processes that share the samples.
        ahead: batches made ahead of the consumer; 0 makes each when it is asked for.
        repeat: each pass goes through epoch 0 once: the same positions every time, as
            validation needs.
        pin_memory: put batches into memory from which a GPU copies faster.
        results_only: games, by their numbers in batches, that teach who won and whose the
            points are, and whose moves are no example.
    """

    rank: int = 0
    world: int = 1
    ahead: int = 4
    repeat: bool = False
    pin_memory: bool = False
    results_only: tuple[range, ...] = ()


class BatchLoader:
    """Iterable over batches that Lightning can stop, save and go on with.

    In step s, process r of W takes the samples that batch s * W + r of the sampler's stream
    has: all W together see what one process with W times the batch would. Training never
    comes to an end of the stream, so that all its batches are full; each pass goes on where
    the last one stopped, and short "epochs" (Lightning's `limit_train_batches`) walk
    through all of the data.

    Args:
        sampler: where batches come from.
        plan: how to read.

    Attributes:
        waited_s: seconds that whoever reads has had to wait for batches so far.
    """

    def __init__(self, sampler: PositionSampler, plan: ReadPlan) -> None:
        self.waited_s = 0.0
        self._sampler = sampler
        self._plan = plan
        self._step_size = sampler.params.batch_size * plan.world
        self._samples = 0

    def __len__(self) -> int:
        """Return the number of steps in which all processes see an epoch's samples."""
        return -(-self._sampler.positions // self._step_size)

    def __iter__(self) -> Iterator[TrainBatch]:
        """Yield an epoch's number of batches; the count of samples moves with each."""
        if self._plan.repeat:
            self._samples = 0
        firsts = range(self._samples, self._samples + len(self) * self._step_size, self._step_size)
        batches = read_ahead(map(self._read, firsts), self._plan.ahead)
        for first, batch in zip(firsts, self._clocked(batches), strict=True):
            self._samples = first + self._step_size  # before the batch is used and maybe saved
            yield batch

    def _clocked(self, batches: Iterator[TrainBatch]) -> Iterator[TrainBatch]:
        """Yield batches, and add up how long each had to be waited for."""
        while True:
            started_s = time.perf_counter()
            batch = next(batches, None)
            self.waited_s += time.perf_counter() - started_s
            if batch is None:
                return
            yield batch

    def state_dict(self) -> dict[str, int]:
        """Return how many samples all processes together were handed out.

        The number says nothing about batches and processes: a run may go on with others.
        """
        return {"samples": self._samples}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go to where `state_dict` was called, also by versions that counted batches."""
        if "samples" in state:
            self._samples = int(state["samples"])
        else:
            epoch, batch = int(state["epoch"]), int(state["batch"])
            self._samples = epoch * self._sampler.positions + batch * self._step_size

    def _read(self, first: int) -> TrainBatch:
        """Return this process's part of the samples of a step.

        Where an epoch is gone through once, the last step shares out what is left, one
        sample to each process at least: no process may wait for one that has no batch.
        """
        size = self._step_size
        if self._plan.repeat:
            size = min(size, self._sampler.positions - first)
        start = size * self._plan.rank // self._plan.world
        end = size * (self._plan.rank + 1) // self._plan.world
        return self._to_tensors(self._sampler.samples(first + start, max(end - start, 1)))

    def _to_tensors(self, batch: Batch) -> TrainBatch:
        known = self._find_examples(batch)
        arrays = batch._asdict() | {"policy_known": known, "reply_known": batch.reply_known & known}
        tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        if self._plan.pin_memory:
            tensors = {name: tensor.pin_memory() for name, tensor in tensors.items()}
        return TrainBatch(**tensors)

    def _find_examples(self, batch: Batch) -> NDArray[np.bool_]:
        """Return whose moves are an example, bool [B]."""
        known = np.ones(len(batch.game), np.bool_)
        for games in self._plan.results_only:
            known &= (batch.game < games.start) | (batch.game >= games.stop)
        return known


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
