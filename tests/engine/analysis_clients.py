"""Whole analysis sessions in one process: lines in, JSON out, over networks of known answers."""

import json
from collections.abc import Sequence
from typing import Any

from lzp.engine.analysis.models import Model
from lzp.engine.analysis.server import AnalysisServer, ServerParams
from lzp.engine.analysis.settings import Settings
from lzp.engine.evaluator import Evaluator
from lzp.engine.gtp.reader import LineQueue
from lzp.engine.lanes import Lanes
from lzp.engine.own_reading import OwnReading
from tests.engine.scripted import HashEvaluator

SIDE = 5
#: Fast, and tells the network's priors from the search's.
_TACTICS = OwnReading(tactics_weight=1.0)
Answer = dict[str, Any]


class Lines:
    """Keeps what is written, line by line."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass

    def answers(self) -> list[Answer]:
        assert self.text.endswith("\n") or not self.text
        return [json.loads(line) for line in self.text.splitlines()]


def query(name: str = "q", **fields: Any) -> Answer:
    """Return a query of a small board; None leaves a field out."""
    whole = {
        "id": name,
        "moves": [["B", "C3"], ["W", "D5"]],
        "rules": "chinese",
        "komi": 0.5,
        "boardXSize": SIDE,
        "boardYSize": SIDE,
        "maxVisits": 20,
        **fields,
    }
    return {key: value for key, value in whole.items() if value is not None}


def serve(
    lines: Sequence[str | bytes | Answer],
    evaluators: Sequence[Evaluator] | None = None,
    **params: Any,
) -> list[Answer]:
    """Return the answers to lines that are all there at once, up to the end of input."""
    queue, sink = LineQueue(), Lines()
    queue.put([line if isinstance(line, str) else json.dumps(line) for line in lines])
    queue.close()
    networks = [Lanes([each]) for each in evaluators or [HashEvaluator(SIDE)]]
    models = [Model.of(network, 1, _TACTICS) for network in networks]
    whole = ServerParams(**{"settings": Settings(), "batch_size": 4, "memory_mib": 64, **params})
    try:
        AnalysisServer(queue, sink, models, whole).run()
    finally:
        for network in networks:
            network.close()
    return sink.answers()


def finals(answers: Sequence[Answer]) -> dict[tuple[str, int], Answer]:
    """Return the final answer to each position, of which there may be only one."""
    ends = [each for each in answers if each.get("isDuringSearch") is False]
    found = {(each["id"], each["turnNumber"]): each for each in ends}
    assert len(found) == len(ends)
    return found
