"""Batches of leaves on their way to the network, each with arrays of its own.

A batch that is given up while a thread still reads its planes is not used again before
that thread has finished with it.
"""

import time
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

from lzp.engine.evaluator import Answer
from lzp.engine.place_kernels import places_of
from lzp.engine.tree_state import LEAF, MAX_DEPTH, STEP, BatchArrays
from lzp.features import PLANES
from lzp.go.board_state import BOARD

#: Steps of a path for which a batch has room, on average; longer ones make it shorter.
_STEPS_PER_LEAF = 64


class Batch:
    """Some leaves of a tree and what the network answers to them.

    Attributes:
        arrays: as the kernels take them.
        places: where they lie (place_kernels.py).
        count: how many leaves there are for the network.
        pending: the network's answer to come; None where nobody was asked yet.
    """

    def __init__(self, side: int, capacity: int) -> None:
        """Make room for so many leaves, and for as many that fail to be found."""
        area = side * side
        paths = 2 * capacity
        self.arrays = BatchArrays(
            leaves=np.zeros(paths, LEAF),
            joined=np.zeros(1, np.int64),
            steps=np.zeros(_STEPS_PER_LEAF * paths + MAX_DEPTH, STEP),
            boards=np.zeros(1, BOARD),
            planes=np.zeros((capacity, PLANES, area), np.uint8),
            policy=np.zeros((capacity, area + 1), np.float32),
            winrate=np.zeros(capacity, np.float32),
        )
        self.places = places_of(*self.arrays)
        self.count = 0
        self.pending: Future[Answer] | None = None
        self._sent = time.monotonic()
        self._planes = self.arrays.planes.reshape(capacity, PLANES, side, side)

    @property
    def planes(self) -> NDArray[np.uint8]:
        """The planes of the leaves, [count, 18, side, side], a view."""
        return self._planes[: self.count]

    @property
    def started(self) -> int:
        """Playouts that wait for an answer: the leaves, and those that joined one."""
        joined: int = self.arrays.joined.item(0)
        return self.count + joined

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays take."""
        return sum(array.nbytes for array in self.arrays)

    def send(self, pending: "Future[Answer] | None") -> None:
        """Note who answers, and when it was asked."""
        self.pending = pending
        self._sent = time.monotonic()

    def age_s(self) -> float:
        """Return the seconds since the network was asked."""
        return time.monotonic() - self._sent


class BatchStore:
    """Batches that wait for leaves."""

    def __init__(self, side: int, capacity: int) -> None:
        """Make batches of a capacity when they are asked for."""
        self.capacity = capacity
        self._side = side
        self._idle: list[Batch] = []

    def take(self) -> Batch:
        """Return an empty batch that nobody reads or writes."""
        for index, batch in enumerate(self._idle):
            if batch.pending is None or batch.pending.done():
                del self._idle[index]
                batch.count = 0
                batch.pending = None
                return batch
        return Batch(self._side, self.capacity)

    def give_back(self, batch: Batch) -> None:
        """Take a batch back; an answer that is still to come is given up."""
        if batch.pending is not None:
            batch.pending.cancel()
        self._idle.append(batch)
