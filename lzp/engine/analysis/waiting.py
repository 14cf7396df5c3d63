"""Positions that wait for their turn: the highest priority first, then the earliest."""

import heapq
from collections.abc import Iterator
from itertools import count

from lzp.engine.analysis.position import Position


class WaitingList:
    """A queue of positions; those that are closed while they wait drop out."""

    def __init__(self) -> None:
        """Start empty."""
        self._heap: list[tuple[int, int, Position]] = []
        self._numbers = count()

    def put(self, position: Position) -> None:
        """Add a position."""
        heapq.heappush(self._heap, (-position.priority, next(self._numbers), position))

    def take(self) -> Position | None:
        """Remove and return the next position; None if there is none."""
        while self._heap:
            position = heapq.heappop(self._heap)[2]
            if not position.is_closed:
                return position
        return None

    def is_empty(self) -> bool:
        """Return whether no position waits."""
        while self._heap and self._heap[0][2].is_closed:
            heapq.heappop(self._heap)
        return not self._heap

    def __iter__(self) -> Iterator[Position]:
        """Yield the positions in the order of their turns."""
        return (position for _, _, position in sorted(self._heap) if not position.is_closed)
