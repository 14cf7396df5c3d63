"""The analysis engine: positions a second when many are asked for at once, and one by one."""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lzp.engine.analysis.models import Model
from lzp.engine.analysis.server import AnalysisServer, ServerParams
from lzp.engine.evaluator import Evaluator
from lzp.engine.gtp.reader import LineQueue
from lzp.engine.lanes import Lanes
from lzp.engine.own_reading import NO_READING, OwnReading
from lzp.go import BLACK, Game
from lzp.go.vertex import format_vertex
from lzp.play.bench import spread
from lzp.play.bench_positions import positions
from lzp.play.bench_rows import Row

_CACHE_MIB = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class AnalysisBench:
    """What is measured.

    Attributes:
        kinds: of positions, `bench_positions.KINDS`.
        positions: of each kind.
        visits: of each position.
        width: positions searched at once where they may share batches.
        batch_size: leaves evaluated at once.
        rounds: of both ways in turn; the first is not counted.
        reading: what the search reads by itself.
    """

    kinds: Sequence[str] = ("opening", "middle game", "endgame")
    positions: int = 32
    visits: int = 100
    width: int = 24
    batch_size: int = 8
    rounds: int = 5
    reading: OwnReading = NO_READING


class _Answers:
    """Counts the lines that are written."""

    def __init__(self) -> None:
        self.lines = 0

    def write(self, text: str, /) -> None:
        """Count a line; an error ends the benchmark."""
        if "error" in json.loads(text):
            raise ValueError(f"the analysis failed: {text.strip()[:200]}")
        self.lines += 1

    def flush(self) -> None:
        """Do nothing."""


def bench_analysis(
    open_lanes: Callable[[int], Sequence[Evaluator]], bench: AnalysisBench
) -> list[Row]:
    """Measure the analysis of positions together and one by one, in turns.

    Args:
        open_lanes: opens the network for batches of a size, an evaluator for each lane.
        bench: what is measured.

    Returns:
        A row for each kind of position.

    Raises:
        ValueError: a query was refused.
    """
    evaluators = open_lanes(bench.batch_size)
    lanes = Lanes(evaluators)
    try:
        return [_row(evaluators[0], lanes, kind, bench) for kind in bench.kinds]
    finally:
        lanes.close()


def _row(evaluator: Evaluator, lanes: Lanes, kind: str, bench: AnalysisBench) -> Row:
    """Return the figures of one kind of position."""
    games = positions(evaluator, kind, bench.positions)
    queries = [as_query(game, str(n), bench.visits) for n, game in enumerate(games)]
    together, alone, fills, fills_alone = [], [], [], []
    for _ in range(bench.rounds + 1):
        seconds, fill = _run(lanes, queries, bench.width, bench)
        together.append(len(queries) / seconds)
        fills.append(fill)
        seconds, fill = _run(lanes, queries, 1, bench)
        alone.append(len(queries) / seconds)
        fills_alone.append(fill)
    ratios = [a / b for a, b in zip(together[1:], alone[1:], strict=True)]
    return {
        "positions": kind,
        "visits": bench.visits,
        "at_once": bench.width,
        "lanes": lanes.lanes,
        **spread("together_per_s", together[1:]),
        **spread("one_by_one_per_s", alone[1:]),
        **spread("ratio", ratios),
        "fill": statistics.median(fills[1:]),
        "fill_one_by_one": statistics.median(fills_alone[1:]),
    }


def as_query(game: Game, name: str, visits: int) -> str:
    """Return the query that asks for a game's last position."""
    moves = [["B" if c == BLACK else "W", format_vertex(m, game.side)] for c, m in game.moves]
    query = {
        "id": name,
        "moves": moves,
        "rules": "chinese",
        "komi": game.komi,
        "boardXSize": game.side,
        "boardYSize": game.side,
        "maxVisits": visits,
    }
    return json.dumps(query)


def _run(
    lanes: Lanes, queries: Sequence[str], width: int, bench: AnalysisBench
) -> tuple[float, float]:
    """Answer queries, with nothing remembered; return the seconds and the leaves a batch."""
    lines, answers = LineQueue(), _Answers()
    lines.put(list(queries))
    lines.close()
    params = ServerParams(width=width, batch_size=bench.batch_size)
    model = Model.of(lanes, _CACHE_MIB, bench.reading)
    server = AnalysisServer(lines, answers, [model], params)
    started = time.perf_counter()
    server.run()
    seconds = time.perf_counter() - started
    if answers.lines != len(queries):
        raise ValueError(f"{len(queries)} queries got {answers.lines} answers")
    return seconds, server.counts.fill
