"""One network for many clients: small requests that wait at the same time share a batch.

Several GTP sessions, analyses or games in threads of one process each get a `Client`, which
is a `Submitter`. Whenever the network has a lane free, all that waits by then goes out, up
to the batch size; nobody is ever made to wait for others while a lane is idle.

Who is served first: the higher priority; among equals each client in turn, one request at
a time. What space is left is filled by the others, and every few batches the request that
has waited longest comes first, so that nobody waits forever.
"""

import threading
import time
from collections import deque
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lzp.engine.evaluator import Answer
from lzp.engine.lanes import Submitter
from lzp.engine.many import split_answer
from lzp.features import PLANES

#: Every so many batches the longest wait goes before all priorities.
_OLDEST_EVERY = 8
#: Waiting times are kept of so many requests.
_KEPT_WAITS = 10_000


class ClosedError(RuntimeError):
    """The shared network takes no more requests."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedReport:
    """How well batches were shared.

    Attributes:
        requests: handed over by clients and sent on.
        batches: sent to the network.
        positions: in them.
        fill: mean share of the batch size that was used, above 1 for longer requests.
        wait_mean_s: seconds between a request and its batch, of the last 10,000 requests.
        wait_p95_s: 95 % of these waited so long or less.
    """

    requests: int
    batches: int
    positions: int
    fill: float
    wait_mean_s: float
    wait_p95_s: float


@dataclass(slots=True)
class _Request:
    """Positions of one client that wait for the network."""

    planes: NDArray[np.uint8]
    answer: "Future[Answer]" = field(default_factory=Future)
    asked_s: float = field(default_factory=time.monotonic)


class SharedNetwork:
    """Merges its clients' requests into batches; to be used from any number of threads."""

    def __init__(self, network: Submitter, batch_size: int) -> None:
        """Share a network, which stays the caller's to close.

        Args:
            network: is given no more batches at once than it has lanes.
            batch_size: most positions merged. A longer request goes alone, as it is.

        Raises:
            ValueError: batch_size below 1.
        """
        if batch_size < 1:
            raise ValueError(f"batch_size: {batch_size}, expected 1 or more")
        self.side = network.side
        self.name = network.name
        self.lanes = network.lanes
        self._network = network
        self._batch_size = batch_size
        self._lock = threading.Condition()
        self._clients: deque[Client] = deque()  # the one to be served next comes first
        self._retries: deque[_Request] = deque()
        self._thread = threading.local()
        self._in_flight = 0
        self._is_closed = False
        self._batches = 0
        self._positions = 0
        self._requests = 0
        self._waits: deque[float] = deque(maxlen=_KEPT_WAITS)

    def client(self, *, priority: int = 0) -> "Client":
        """Return a new client; the higher priority is served first."""
        client = Client(self, priority)
        with self._lock:
            self._clients.append(client)
        return client

    def report(self) -> SharedReport:
        """Return how well batches were shared so far."""
        with self._lock:
            waits = np.array(self._waits or [0.0])
            return SharedReport(
                requests=self._requests,
                batches=self._batches,
                positions=self._positions,
                fill=self._positions / max(1, self._batches * self._batch_size),
                wait_mean_s=float(waits.mean()),
                wait_p95_s=float(np.percentile(waits, 95)),
            )

    def close(self) -> None:
        """Take no more requests, refuse what waits, and wait for what is being evaluated."""
        with self._lock:
            self._is_closed = True
            clients = list(self._clients)
        for client in clients:
            self.leave(client)
        with self._lock:
            self._lock.wait_for(lambda: self._in_flight == 0 and not self._retries)

    def take(self, client: "Client", planes: NDArray[np.uint8]) -> "Future[Answer]":
        """Queue a client's request and send it at once if a lane is free.

        Raises:
            ClosedError: the network or the client is closed.
            ValueError: these are no planes for this board.
        """
        expected = (PLANES, self.side, self.side)
        if planes.shape[1:] != expected or len(planes) == 0 or planes.dtype != np.uint8:
            raise ValueError(f"{self.name}: {planes.dtype} {list(planes.shape)} are no planes")
        request = _Request(planes)
        with self._lock:
            if self._is_closed or client not in self._clients:
                raise ClosedError(f"{self.name} is closed")
            client.waiting.append(request)
        self._send()
        return request.answer

    def leave(self, client: "Client") -> None:
        """Forget a client, and refuse what it still waits for with a ClosedError."""
        with self._lock:
            waiting = list(client.waiting)
            client.waiting.clear()
            if client in self._clients:
                self._clients.remove(client)
        for request in waiting:
            if request.answer.set_running_or_notify_cancel():
                request.answer.set_exception(ClosedError(f"{self.name} is closed"))

    def _send(self) -> None:
        """Send batches while there are a free lane and something to send."""
        if getattr(self._thread, "is_sending", False):
            return  # an answer that is there at once; the loop below goes on
        self._thread.is_sending = True
        try:
            while requests := self._next_batch():
                self._submit(requests)
        finally:
            self._thread.is_sending = False

    def _submit(self, requests: list[_Request]) -> None:
        """Send requests as one batch."""
        planes = [request.planes for request in requests]
        try:
            batch = planes[0] if len(planes) == 1 else np.concatenate(planes)
            pending = self._network.submit(batch)
        except Exception as error:  # the network was closed, or memory is short
            pending = Future()
            pending.set_exception(error)
        pending.add_done_callback(partial(self._receive, requests))

    def _next_batch(self) -> list[_Request]:
        """Take a batch out of the queues; nothing if no lane is free or nobody waits."""
        with self._lock:
            if self._in_flight >= self.lanes:
                return []
            batch = [self._retries.popleft()] if self._retries else self._merge()
            if batch:
                self._count(batch)
            return batch

    def _merge(self) -> list[_Request]:
        """Take requests until a batch is full; the lock is held."""
        batch: list[_Request] = []
        room = self._batch_size
        while client := self._choose(room, is_first=not batch):
            request = client.waiting.popleft()
            self._clients.remove(client)
            self._clients.append(client)
            if request.answer.set_running_or_notify_cancel():
                batch.append(request)
                room -= len(request.planes)
        return batch

    def _choose(self, room: int, *, is_first: bool) -> "Client | None":
        """Return whose request is next: one that fits or, if it is the first, any."""
        fitting = [
            client
            for client in self._clients
            if client.waiting and (is_first or len(client.waiting[0].planes) <= room)
        ]
        if not fitting or (room <= 0 and not is_first):
            return None
        if is_first and self._batches % _OLDEST_EVERY == _OLDEST_EVERY - 1:
            return min(fitting, key=lambda client: client.waiting[0].asked_s)
        return max(fitting, key=lambda client: client.priority)  # the first of equals

    def _count(self, batch: list[_Request]) -> None:
        """Note that a batch goes out; the lock is held."""
        now = time.monotonic()
        self._in_flight += 1
        self._batches += 1
        self._requests += len(batch)
        self._positions += sum(len(request.planes) for request in batch)
        self._waits.extend(now - request.asked_s for request in batch)

    def _receive(self, requests: list[_Request], done: "Future[Answer]") -> None:
        """Hand out the answers of a batch, and send what waits; in the lane's thread."""
        counts = [len(request.planes) for request in requests]
        error: BaseException | None = None
        try:
            for request, answer in zip(requests, _pieces(done, counts), strict=True):
                request.answer.set_result(answer)
        except CancelledError:
            error = ClosedError(f"{self.name} is closed")
        except Exception as raised:
            error = raised
        if error is not None and len(requests) == 1:
            requests[0].answer.set_exception(error)
        with self._lock:
            if error is not None and len(requests) > 1:
                # Each again on its own: whose fault it was is not known, and a smaller batch
                # may fit into memory.
                self._retries.extend(requests)
            self._in_flight -= 1
        self._send()
        with self._lock:
            self._lock.notify_all()


class Client:
    """One user of a shared network: a `Submitter`, and an `Evaluator` for who waits."""

    def __init__(self, shared: SharedNetwork, priority: int) -> None:
        """Join; made by `SharedNetwork.client`."""
        self.side = shared.side
        self.name = shared.name
        self.lanes = shared.lanes
        self.priority = priority
        #: Requests in order; the shared network's own.
        self.waiting: deque[_Request] = deque()
        self._shared = shared

    def submit(self, planes: NDArray[np.uint8]) -> "Future[Answer]":
        """See `Submitter.submit`; the future raises what the network raises for these.

        Raises:
            ClosedError: the network or this client is closed.
            ValueError: these are no planes for this board.
        """
        return self._shared.take(self, planes)

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        """See `Evaluator.evaluate`."""
        return self.submit(planes).result()

    def close(self) -> None:
        """Leave; what is still waiting is refused."""
        self._shared.leave(self)


def _pieces(done: "Future[Answer]", counts: list[int]) -> list[Answer]:
    """Return each request's part of an answer; raises what the network raised."""
    policy, winrate = done.result()
    if len(policy) != sum(counts) or len(winrate) != sum(counts):
        raise ValueError(f"it answered {sum(counts)} positions with {len(policy)}")
    return list(split_answer(policy, winrate, counts))
