"""Ours against the real leelaz: the same weights, positions and visits, in turns in one run.

leelaz remembers evaluations by position, and finds a position's images under the eight
symmetries among them; on the empty board most of its playouts come from there. So other
positions are measured as well, and every search is made by a new process: what it
remembers of one search must not speed up the next. Ours starts from an empty tree, too.
"""

import re
import shlex
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lzp.go import BLACK, Game
from lzp.go.vertex import format_vertex
from lzp.play.bench import spread
from lzp.play.bench_positions import positions
from lzp.play.bench_rows import Row
from lzp.play.bench_search import Way, run_search
from lzp.play.gtp_client import EngineCrashError, GtpClient
from lzp.play.programs import find_program

_START_S = 120.0
_MOVE_S = 600.0
#: Visits of the searches that find the best number of threads.
_TRIAL_VISITS = 200
#: What leelaz says at the end of a search.
_COUNTS = re.compile(r"(\d+) visits, \d+ nodes, (\d+) playouts, (\d+) n/s")


@dataclass(frozen=True, kw_only=True, slots=True)
class LeelazBench:
    """What is measured.

    Attributes:
        program: its name or path.
        weights: the file that both play with.
        threads: numbers of its threads to try; the fastest is compared with.
        kinds: of positions, `bench_positions.KINDS`.
        visits: of the root, in each search.
        rounds: searches of each kind, each from another position but the empty board.
    """

    program: str
    weights: Path
    threads: Sequence[int] = (1, 2, 4)
    kinds: Sequence[str] = ("empty", "middle game")
    visits: int = 800
    rounds: int = 3


@dataclass(frozen=True, slots=True)
class LeelazSearch:
    """One search of leelaz: its wall time, and what it says itself."""

    seconds: float
    visits: int
    playouts: int
    claimed_per_s: int


class Leelaz:
    """The program with its flags."""

    def __init__(self, program: str, weights: Path) -> None:
        """Find out how it starts on this machine.

        Raises:
            EngineError: it does not.
        """
        path = find_program(program) or program
        self._words = [path, "-g", "--noponder", "--timemanage", "off", "-r", "0"]
        self._words += ["-w", str(weights)]
        try:
            self._start(1, 1).close()
        except EngineCrashError:  # built for OpenCL, and there is none
            self._words.append("--cpu-only")
            self._start(1, 1).close()

    def _start(self, threads: int, visits: int) -> GtpClient:
        words = [*self._words, "-t", str(threads), "-v", str(visits), "-s", "1"]
        client = GtpClient(shlex.join(words), "leelaz")
        try:
            client.send("time_settings 0 1 0", _START_S)
        except BaseException:
            client.kill()
            raise
        return client

    def search(self, game: Game, threads: int, visits: int) -> LeelazSearch:
        """Search a position in a new process, which is not counted.

        Raises:
            EngineError: it ends, or does not answer.
            CommandError: it refuses the position.
            ValueError: it does not say what it did.
        """
        client = self._start(threads, visits)
        try:
            for color, move in game.moves:
                name = "b" if color == BLACK else "w"
                client.send(f"play {name} {format_vertex(move, game.side)}", _START_S)
            started = time.perf_counter()
            client.send(f"genmove {'b' if game.to_play == BLACK else 'w'}", _MOVE_S)
            seconds = time.perf_counter() - started
        finally:
            client.close()
        said = [match for line in client.last_words if (match := _COUNTS.search(line))]
        if not said:
            raise ValueError("leelaz does not say how many visits it made")
        return LeelazSearch(seconds, *map(int, said[-1].groups()))


def bench_leelaz(way: Way, bench: LeelazBench) -> list[Row]:
    """Compare playouts a second by wall time; a row for each kind of position.

    Args:
        way: how ours searches.
        bench: what is measured.

    Raises:
        EngineError: leelaz cannot be started, ends, or does not answer.
    """
    leelaz = Leelaz(bench.program, bench.weights)
    (trial,) = positions(way.evaluators[0], "middle game", 1, seed=1)
    seconds = {
        threads: leelaz.search(trial, threads, _TRIAL_VISITS).seconds for threads in bench.threads
    }
    best = min(bench.threads, key=lambda threads: seconds[threads])
    run_search(way, [trial], _TRIAL_VISITS)  # warms up
    return [_compared(way, bench, leelaz, kind, best) for kind in bench.kinds]


def _compared(way: Way, bench: LeelazBench, leelaz: Leelaz, kind: str, threads: int) -> Row:
    """Return the figures of one kind of position."""
    ours, theirs, claimed = [], [], []
    for game in positions(way.evaluators[0], kind, bench.rounds):
        found = leelaz.search(game, threads, bench.visits)
        theirs.append(found.playouts / found.seconds)
        claimed.append(found.claimed_per_s)
        # A root's own evaluation is a visit and no playout.
        seconds, _ = run_search(way, [game], found.playouts)
        ours.append(found.playouts / seconds)
    return {
        "positions": kind,
        "visits": bench.visits,
        "leelaz_threads": threads,
        **spread("leelaz_playouts_per_s", theirs),
        "leelaz_says_per_s": statistics.median(claimed),
        **spread("playouts_per_s", ours),
        **spread("ours_to_leelaz", [a / b for a, b in zip(ours, theirs, strict=True)]),
    }
