"""The parts of lzp-bench that measure the search: their flags, and what they start."""

import argparse
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from lzp.engine.backends import Backend, default_backend, find_backend
from lzp.engine.choice import may_use_gpu
from lzp.engine.evaluator import Evaluator
from lzp.engine.model import open_evaluators, open_network, shipped_network
from lzp.engine.network_file import NetworkFile
from lzp.engine.own_reading import NO_READING, OwnReading, own_reading
from lzp.engine.run_options import AUTO, PRECISIONS, RunOptions
from lzp.engine.warmup import warmup
from lzp.play.bench_analysis import AnalysisBench, bench_analysis
from lzp.play.bench_leelaz import LeelazBench, bench_leelaz
from lzp.play.bench_networks import NetworksBench, bench_networks
from lzp.play.bench_positions import KINDS
from lzp.play.bench_rows import Row
from lzp.play.bench_search import SearchBench, Way, bench_search
from lzp.play.bench_tree import bench_scaling, bench_tree
from lzp.play.table_evaluator import Device, PacedEvaluator

Count = Callable[[str], int]


def measure(values: argparse.Namespace) -> dict[str, list[Row]]:
    """Run the benchmark that was asked for; return its tables by title.

    Raises:
        ModelError: the network cannot be used, or not as asked.
        EngineError: leelaz cannot be started, ends, or does not answer.
    """
    if values.what == "tree":
        nodes, batch = values.nodes or (1_000, 10_000, 100_000), values.batch or 16
        return {
            "leaves on one thread": bench_tree(nodes, batch, values.rounds),
            "trees at once": bench_scaling(values.trees, batch, values.seconds, values.rounds),
        }
    warmup()
    if values.what == "networks":
        # Only many trees fill a GPU.
        games = (1, 64) if may_use_gpu(values.backend or AUTO) else (1,)
        bench = NetworksBench(
            sizes=values.network or [(6, 64), (10, 128)],
            precisions=values.precision or PRECISIONS[:1],
            roof_tflops=values.roof,
            search=_search_bench(values, ("middle game",), games),
            reading=lambda file: _reading(values, file),
            side=values.size,
        )
        return {"networks": bench_networks(_opener(values), bench)}
    if values.what == "search" and values.pace:
        return {"search against a device's pace": _at_pace(values)}
    file = open_network(values.weights)
    if values.what == "search" and values.vs:
        return {f"against {values.vs}": _against_leelaz(values, file)}
    precision = (values.precision or PRECISIONS)[0]

    def open_lanes(batch_size: int, lanes: int) -> Sequence[Evaluator]:
        return _opener(values)(file, precision, batch_size, lanes)

    if values.what == "analysis":
        lanes = (values.lanes or (1,))[0]
        return {
            "positions": bench_analysis(
                lambda size: open_lanes(size, lanes), _analysis(values, _reading(values, file))
            )
        }
    kinds = ("opening", "middle game", "endgame")
    rows = bench_search(open_lanes, _search_bench(values, kinds, (1,), _reading(values, file)))
    return {"search against its evaluator": rows}


def _at_pace(values: argparse.Namespace) -> list[Row]:
    """Measure what the trees leave of a device's pace, as a GPU would have it."""

    def open_lanes(_: int, lanes: int) -> Sequence[Evaluator]:
        device = Device(values.pace)
        return [PacedEvaluator(device, seed=lane) for lane in range(lanes)]

    bench = _search_bench(values, ("middle game",), (1, 64), OwnReading(values.rollouts))
    return bench_search(open_lanes, bench)


def _reading(values: argparse.Namespace, file: NetworkFile) -> OwnReading:
    """Return what a search reads by itself: as in play, but for games played on as asked."""
    reading = own_reading(file, on_gpu=_backend(values, file).is_on_gpu)
    return replace(reading, rollouts=values.rollouts)


def _search_bench(
    values: argparse.Namespace,
    kinds: Sequence[str],
    games: Sequence[int],
    reading: OwnReading = NO_READING,
) -> SearchBench:
    """Return what is searched as the flags have it."""
    return SearchBench(
        batch_sizes=values.batch or (8,),
        lanes=values.lanes or (1,),
        in_flight=values.in_flight,
        games=values.games or games,
        kinds=values.positions or kinds,
        visits=values.visits,
        rounds=values.rounds,
        reading=reading,
    )


def _analysis(values: argparse.Namespace, reading: OwnReading) -> AnalysisBench:
    """Return what is analyzed as the flags have it."""
    return AnalysisBench(
        kinds=values.positions or AnalysisBench().kinds,
        positions=values.count,
        visits=values.visits,
        width=(values.games or (AnalysisBench().width,))[0],
        batch_size=(values.batch or (8,))[0],
        rounds=values.rounds,
        reading=reading,
    )


def _opener(
    values: argparse.Namespace,
) -> Callable[[NetworkFile, str, int, int], Sequence[Evaluator]]:
    """Return what opens a network on the backend of the flags."""

    def open_on(
        file: NetworkFile, precision: str, batch_size: int, lanes: int
    ) -> Sequence[Evaluator]:
        options = RunOptions(
            batch_size=batch_size, threads=values.threads, lanes=lanes, precision=precision
        )
        return open_evaluators(file, _backend(values, file), options)

    return open_on


def _backend(values: argparse.Namespace, file: NetworkFile) -> Backend:
    return find_backend(values.backend) if values.backend else default_backend(file)


def _against_leelaz(values: argparse.Namespace, file: NetworkFile) -> list[Row]:
    """Compare with leelaz, which reads its own weight files only."""
    lanes, batch_size = (values.lanes or (1,))[0], (values.batch or (8,))[0]
    precision = (values.precision or PRECISIONS)[0]
    evaluators = _opener(values)(file, precision, batch_size, lanes)
    in_flight = (values.in_flight or (lanes + (lanes > 1),))[0]
    bench = LeelazBench(
        program=values.vs,
        weights=values.weights or shipped_network(),
        kinds=values.positions or ("empty", "middle game"),
        visits=values.visits,
        rounds=values.rounds,
    )
    way = Way(evaluators, batch_size, in_flight, 1, _reading(values, file))
    return bench_leelaz(way, bench)


def add_search(parser: argparse.ArgumentParser, count: Count) -> None:
    """Add the flags of `search`."""
    parser.add_argument("-w", "--weights", type=Path, metavar="FILE", help="network (the shipped)")
    parser.add_argument("--vs", metavar="LEELAZ", help="compare with it, in turns: leelaz")
    parser.add_argument("--pace", type=_positive_number, metavar="N",
        help="in place of a network, answers that come N a second, as a GPU's would")  # fmt: skip
    _add_searching(parser, count, visits=800)


def add_analysis(parser: argparse.ArgumentParser, count: Count) -> None:
    """Add the flags of `analysis`."""
    add = parser.add_argument
    add("-w", "--weights", type=Path, metavar="FILE", help="network (the shipped)")
    add("--count", type=count, default=32, metavar="N", help="positions of each kind (32)")
    _add_searching(parser, count, visits=100)


def add_networks(parser: argparse.ArgumentParser, count: Count) -> None:
    """Add the flags of `networks`."""
    add = parser.add_argument
    add("--network", type=_size, action="append", metavar="BxF",
        help="blocks and filters, again for more (6x64 and 10x128)")  # fmt: skip
    add("--size", type=count, default=19, metavar="N", help="side of the board (19)")
    add("--roof", type=_positive_number, metavar="TFLOPS",
        help="what the device does at most, in 10^12 operations a second")  # fmt: skip
    _add_searching(parser, count, visits=400)


def add_tree(parser: argparse.ArgumentParser, count: Count) -> None:
    """Add the flags of `tree`."""
    add = parser.add_argument
    add("--nodes", type=count, action="append", metavar="N",
        help="size of a tree, again for more (1000, 10000, 100000)")  # fmt: skip
    add("--batch", type=count, metavar="N", help="leaves a batch (16)")
    add("--trees", type=count, default=2, metavar="N", help="trees at once (2)")
    add("--seconds", type=_positive_number, default=3.0, metavar="S", help="a round of them (3)")


def _add_searching(parser: argparse.ArgumentParser, count: Count, visits: int) -> None:
    """Add the flags about how a network is run and searched with."""
    add = parser.add_argument
    add("--visits", type=count, default=visits, metavar="N", help=f"a search ({visits})")
    for flag, what in (
        ("--batch", "positions a batch (8)"),
        ("--lanes", "evaluators at work at once (1)"),
        ("--in-flight", "batches on their way at once (one more than lanes, or 1)"),
        ("--games", "trees at once, whose batches are joined (networks on a GPU: 1 and 64)"),
    ):
        add(flag, type=count, action="append", metavar="N", help=f"{what}; again for more")
    add("--positions", choices=tuple(KINDS), action="append", help="where; again for more")
    add("--rollouts", type=count, default=0, metavar="N",
        help="games played on from each leaf (none; in play 8, where they help)")  # fmt: skip
    add("--backend", metavar="NAME", help="what runs the network (float32 without measuring)")
    add("--precision", choices=PRECISIONS, action="append", help="again for more (float32)")
    add("-t", "--threads", type=count, default=1, metavar="N", help="threads of a lane (1)")


def _size(text: str) -> tuple[int, int]:
    """Read blocks and filters."""
    match = re.fullmatch(r"([1-9]\d{0,2})x([1-9]\d{0,3})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"expected blocks and filters as 10x128, not {text!r}")
    return int(match[1]), int(match[2])


def _positive_number(text: str) -> float:
    """Read a number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e9:
        raise argparse.ArgumentTypeError(f"expected a number above 0, not {text!r}")
    return number
