"""The analysis engine: lines in, lines out, and positions searched in between.

One thread does it all in turns: it reads what waits, starts the positions whose turn it is,
sends batches, takes an answer, and writes what is ready.
"""

import contextlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Protocol

from lzp import __version__
from lzp.engine.analysis.answer import failure, no_results, result
from lzp.engine.analysis.fields import QueryError, read_integers, read_text
from lzp.engine.analysis.models import Model
from lzp.engine.analysis.pool import Pool
from lzp.engine.analysis.position import Position
from lzp.engine.analysis.query import Query, read_query
from lzp.engine.analysis.record import Replay
from lzp.engine.analysis.requests import RequestError, read_request
from lzp.engine.analysis.settings import Settings
from lzp.engine.analysis.waiting import WaitingList
from lzp.engine.gtp.reader import LineQueue
from lzp.engine.many import BatchCounts
from lzp.engine.network_file import first_line
from lzp.engine.search_params import SearchParams
from lzp.engine.tree import nodes_for

#: Lines are read for so long before the searches go on.
_READING_S = 0.01
#: Leaves on their way are chosen without each other's results: no more than this share.
_VISITS_PER_LEAF = 4
#: A tree has room for so many nodes at least, and for more than its visits by so many.
_LEAST_NODES = 1024


class Sink(Protocol):
    """What answers are written to."""

    def write(self, text: str, /) -> object:
        """Write text."""
        ...

    def flush(self) -> object:
        """Send what was written."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerParams:
    """How the server works.

    Attributes:
        settings: of queries that say nothing else.
        width: positions searched at once, unless the settings say.
        batch_size: leaves evaluated at once.
        memory_mib: most memory of all trees together.
        waits: whether the end of input lets open queries finish.
    """

    settings: Settings = field(default_factory=Settings)
    width: int = 24
    batch_size: int = 8
    memory_mib: int = 900
    waits: bool = True


class AnalysisServer:
    """Answers queries until the end of input."""

    def __init__(
        self, lines: LineQueue, sink: Sink, models: Sequence[Model], params: ServerParams
    ) -> None:
        """Answer over networks for different sides of board."""
        self._lines = lines
        self._sink = sink
        self._models = {model.network.side: model for model in models}
        self._params = params
        networks = {side: model.network for side, model in self._models.items()}
        self._pool = Pool(networks, params.batch_size)
        self._waiting = WaitingList()
        self._replay = Replay()
        self._is_at_end = False
        self._nodes: dict[Position, int] = {}
        self._actions: Mapping[str, Callable[[dict[str, Any]], None]] = {
            "query_version": self._tell_version,
            "query_models": self._tell_models,
            "clear_cache": self._clear_cache,
            "terminate": self._terminate,
            "terminate_all": self._terminate,
        }

    @property
    def counts(self) -> BatchCounts:
        """How full the batches were."""
        return self._pool.counts

    def run(self) -> None:
        """Answer until the end of input, or until the client has gone."""
        with contextlib.suppress(BrokenPipeError):
            while self._go_on():
                self._start()
                self._pool.step()
                for position in self._pool.running:
                    self._look_at(position)

    def _go_on(self) -> bool:
        """Read lines, waiting for one if there is nothing else to do; False at the end."""
        if not self._has_work():
            self._read_line()
        until_s = time.monotonic() + _READING_S
        while self._lines.waiting.is_set() and not self._is_at_end:
            self._read_line()
            if time.monotonic() > until_s:
                break
        if self._is_at_end and not self._params.waits:
            return False
        return self._has_work() or not self._is_at_end

    def _has_work(self) -> bool:
        return bool(self._pool.running) or not self._waiting.is_empty()

    def _read_line(self) -> None:
        """Answer the next line, after waiting for it."""
        line = self._lines.take()
        if line is None:
            self._is_at_end = True
        elif line.strip():
            self._handle(line.strip())

    def _handle(self, line: str) -> None:
        """Answer a line, or queue what it asks for."""
        try:
            request = read_request(line)
        except RequestError as error:
            self._write({"error": str(error)})
            return
        try:
            if "action" in request:
                self._act(request)
            else:
                self._queue(request)
        except QueryError as error:
            self._write({"error": str(error), "field": error.field, "id": request["id"]})

    def _act(self, request: dict[str, Any]) -> None:
        """Do what is not the analysis of positions."""
        action = request["action"]
        if not isinstance(action, str) or action not in self._actions:
            raise QueryError("action", f"Must be one of {', '.join(self._actions)}")
        self._actions[action](request)

    def _tell_version(self, request: dict[str, Any]) -> None:
        self._write({**request, "version": __version__, "git_hash": "<omitted>"})

    def _tell_models(self, request: dict[str, Any]) -> None:
        models = [self._models[side].facts for side in sorted(self._models)]
        self._write({**request, "models": models})

    def _clear_cache(self, request: dict[str, Any]) -> None:
        for model in self._models.values():
            model.cache.clear()
        self._write(request)

    def _terminate(self, request: dict[str, Any]) -> None:
        """End the positions that a request names, with what was found of them."""
        name = read_text(request, "terminateId") if request["action"] == "terminate" else None
        turns = read_integers(request, "turnNumbers") if "turnNumbers" in request else None
        self._write(request)
        for position in list(chain(self._pool.running, self._waiting)):
            is_named = name is None or position.query.id == name
            if position.is_closed:
                continue
            if is_named and (turns is None or position.turn in turns):
                self._finish(position)

    def _queue(self, request: dict[str, Any]) -> None:
        """Queue the positions of a query, and tell what it asks for in vain."""
        query, warnings = read_query(request, self._params.settings, self._models)
        self._replay.at(query.record, len(query.record.moves))
        for name, text in warnings:
            self._write({"warning": text, "field": name, "id": query.id})
        for turn in query.priorities:
            self._waiting.put(Position(query, turn))

    def _start(self) -> None:
        """Start positions while there is room for them."""
        width = self._params.settings.width or self._params.width
        while len(self._pool.running) < width:
            position = self._waiting.take()
            if position is None:
                return
            try:
                self._begin(position)
            except Exception as error:  # whatever it is, it is this position's alone
                position.fail(first_line(error))
                self._write(failure(position))

    def _begin(self, position: Position) -> None:
        """Start a position."""
        query = position.query
        game = self._replay.at(query.record, position.turn)
        nodes = self._grant(query)
        model = self._models[position.side]
        params = SearchParams.strong(
            **model.reading.params(),
            batch_size=self._params.batch_size,
            visits_per_leaf=_VISITS_PER_LEAF,
            cache="off",
            max_nodes=nodes,
        )
        position.begin(game, model, params)
        self._nodes[position] = nodes
        self._pool.add(position)

    def _grant(self, query: Query) -> int:
        """Return how large a tree may grow: as its visits need, up to half of what is left."""
        self._nodes = {p: n for p, n in self._nodes.items() if not p.is_closed}
        left = nodes_for(self._params.memory_mib, query.record.side) - sum(self._nodes.values())
        needed = query.settings.visits + _LEAST_NODES
        return max(_LEAST_NODES, min(needed, left // 2))

    def _look_at(self, position: Position) -> None:
        """Tell what is ready to be told of a position."""
        if position.is_closed and position.error is None:
            return
        try:
            if position.error is not None or position.is_done():
                self._finish(position)
            elif position.takes_report():
                self._write(result(position, is_during_search=True))
        except BrokenPipeError:
            raise
        except Exception as error:
            position.fail(first_line(error))
            self._finish(position)

    def _finish(self, position: Position) -> None:
        """End a position and tell what was found."""
        if position.error is not None:
            answer = failure(position)
        elif position.has_result:
            answer = result(position, is_during_search=False)
        else:
            answer = no_results(position)
        position.close()
        self._write(answer)

    def _write(self, answer: dict[str, Any]) -> None:
        self._sink.write(json.dumps(answer, separators=(",", ":"), allow_nan=False) + "\n")
        self._sink.flush()
