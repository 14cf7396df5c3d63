"""Many positions searched at once: each batch for a network holds leaves of several of them.

A batch is made in two halves. The first goes to the positions of the highest priority, so
that what a person waits for is not slowed down by a game that is analyzed behind it; the
second to all others in turn, so that none of them stands still. What one half leaves over
the other takes.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lzp.engine.analysis.position import Position
from lzp.engine.evaluator import Answer
from lzp.engine.lanes import Submitter
from lzp.engine.many import BatchCounts, split_answer
from lzp.engine.network_file import first_line

#: Leaves that one position gives a batch at most, however many want to: two at a time cost
#: half as much beside the network as each alone.
_LEAST_SHARE = 2


@dataclass(frozen=True, slots=True)
class _Batch:
    """Leaves on their way: whose they are and how many each, in order."""

    positions: list[Position]
    counts: list[int]
    pending: "Future[Answer]"


class Pool:
    """The positions that are being searched, and their batches; for one thread.

    Attributes:
        running: the positions, which come and go by `add` and by being closed.
        counts: how full the batches were.
    """

    def __init__(self, networks: Mapping[int, Submitter], batch_size: int) -> None:
        """Search over networks by the side of their boards, with so many leaves a batch."""
        self.running: list[Position] = []
        self.counts = BatchCounts()
        self._networks = networks
        self._batch_size = batch_size
        # One more than there are lanes waits, so that no lane does.
        self._most = max(network.lanes for network in networks.values()) + 1
        self._in_flight: deque[_Batch] = deque()

    def add(self, position: Position) -> None:
        """Search a position that has begun, until it is closed."""
        position.served = self.counts.batches
        self.running.append(position)

    def step(self) -> None:
        """Send batches as long as lanes are free, and take the oldest answer.

        Positions that are closed leave. Where the network fails, those whose leaves the
        batch held are told.
        """
        self.running = [position for position in self.running if not position.is_closed]
        while len(self._in_flight) < self._most and self._send():
            pass
        if self._in_flight:
            self._receive(self._in_flight.popleft())

    def _send(self) -> bool:
        """Make a batch and hand it over; False where nobody has anything to ask."""
        sides = {position.side: position.served for position in reversed(self.running)}
        for side in sorted(sides, key=lambda side: sides[side]):
            parts = self._compose([p for p in self.running if p.side == side])
            if parts:
                batch = np.concatenate([planes for _, planes in parts])
                self.counts.batches += 1
                self.counts.evaluations += len(batch)
                pending = self._networks[side].submit(batch)
                positions = [position for position, _ in parts]
                counts = [len(planes) for _, planes in parts]
                self._in_flight.append(_Batch(positions, counts, pending))
                return True
        return False

    def _compose(self, positions: Sequence[Position]) -> list[tuple[Position, NDArray[np.uint8]]]:
        """Gather a batch of leaves."""
        highest = max(position.priority for position in positions)
        first = [position for position in positions if position.priority == highest]
        others = [position for position in positions if position.priority < highest]
        parts: list[tuple[Position, NDArray[np.uint8]]] = []
        room = self._batch_size
        room -= self._take(first, room if not others else (room + 1) // 2, parts)
        room -= self._take(others, room, parts)
        self._take(first, room, parts)
        return parts

    def _take(
        self,
        positions: Sequence[Position],
        room: int,
        parts: list[tuple[Position, NDArray[np.uint8]]],
    ) -> int:
        """Gather up to `room` leaves, shared out evenly; return how many there were.

        Those that were served longest ago come first; of young trees come fewer.
        """
        taken = 0
        for position in sorted(positions, key=lambda position: position.served):
            if taken >= room:
                break
            share = max(_LEAST_SHARE, room // len(positions))
            planes = position.gather(min(share, room - taken))
            if len(planes):
                parts.append((position, planes))
                position.served = self.counts.batches + 1
                taken += len(planes)
        return taken

    def _receive(self, batch: _Batch) -> None:
        """Wait for an answer and hand it out."""
        try:
            policy, winrate = batch.pending.result()
        except Exception as error:  # the runtimes' exceptions share no base class
            for position in batch.positions:
                position.fail(first_line(error))
            return
        answers = split_answer(policy, winrate, batch.counts)
        for position, answer in zip(batch.positions, answers, strict=True):
            try:
                position.accept(*answer)
            except RuntimeError as error:
                position.fail(first_line(error))

    def is_idle(self) -> bool:
        """Return whether nothing is searched and nothing on its way."""
        return not self.running and not self._in_flight
