"""lzp-bench: how fast the parts are on this machine, as a table and as JSON."""

import argparse
import json
import os
import platform
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lzp import __version__
from lzp.command_line import OneLineParser
from lzp.engine.evaluator import Evaluator
from lzp.engine.run_options import AUTO, BACKEND_NAMES, PRECISION_WORDS, PRECISIONS
from lzp.play.accuracy import Sample, measure_accuracy
from lzp.play.bench import Figures, bench_moves, bench_samples, bench_start
from lzp.play.bench_rows import as_markdown, as_table, cell, label
from lzp.play.bench_stop import bench_stop
from lzp.play.gtp_client import CommandError, EngineError
from lzp.play.programs import find_program

#: Positions that are evaluated at once where only the answers count.
_BATCH = 16

_DESCRIPTION = """\
Measure one part: random play on the board, samples from a game store, a conversion, a store,
the training step, the search against its own evaluator or against leelaz, its tree alone,
networks of any size, or the start of the engine and how soon it stops. Figures are medians
over rounds, some with the least and the most. Or how well a network foretells the moves and
results of stored games, and how well finished games are scored."""

_EPILOG = """\
examples:
  lzp-bench moves
  lzp-bench samples --store games.lzps
  lzp-bench convert games/ --vs leelaz --games 2000
  lzp-bench store --store games.lzps
  lzp-bench train --network 10x128 --precision bf16-mixed --roof 790
  lzp-bench search --visits 1600 --batch 8 --batch 16 --lanes 2
  lzp-bench search --vs leelaz -w net.txt.gz
  lzp-bench search --pace 40000 --lanes 2 --batch 32
  lzp-bench analysis --visits 100 --lanes 2 --backend winograd
  lzp-bench tree
  lzp-bench networks --network 20x256 --precision float16 --batch 32 --roof 790 --markdown
  lzp-bench start --command "bin/play -v 1"
  lzp-bench stop --rounds 20
  lzp-bench scores games/ --vs gnugo
  lzp-bench accuracy --store games.lzps -w net.txt.gz
  lzp-bench agreement --store games.lzps --backend openvino --precision int8"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line names."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["train"]:  # a command of its own: only lzp.train may see torch
        from lzp.train.threads import let_threads_sleep

        let_threads_sleep()
        from lzp.train.bench_cli import main as bench_training

        return bench_training(words[1:])
    values = _parser().parse_args(words)
    try:
        if values.what in ("search", "analysis", "tree", "networks"):
            return _measure_rows(values)
        figures = _measure(values)
    except (ImportError, OSError, ValueError, EngineError, CommandError) as error:
        print(f"lzp-bench: {' '.join(str(error).split())}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    if values.json:
        print(json.dumps({"bench": values.what, "machine": _machine(), **figures}))
    else:
        Console().print(_table(values.what, figures))


def _measure_rows(values: argparse.Namespace) -> None:
    """Measure what has several rows, and show them."""
    from lzp.play.bench_search_cli import measure

    tables = measure(values)
    if values.json:
        rows = [row for found in tables.values() for row in found]
        print(json.dumps({"bench": values.what, "machine": _machine(), "rows": rows}))
    elif values.markdown:
        print("\n\n".join(as_markdown(rows) for rows in tables.values()))
    else:
        for title, rows in tables.items():
            Console().print(as_table(f"lzp-bench {values.what}: {title}", _machine(), rows))


def _measure(values: argparse.Namespace) -> Figures:
    """Run the benchmark that was asked for."""
    if values.what == "moves":
        return bench_moves(values.size, values.rounds, values.seconds)
    if values.what == "samples":
        return bench_samples(values.store, values.batch, values.rounds, values.seconds)
    if values.what in ("convert", "store"):
        return _measure_store(values)
    if values.what == "start":
        return bench_start(values.command, values.rounds)
    if values.what == "stop":
        return bench_stop(values.command, values.rounds)
    if values.what == "scores":
        return _measure_scores(values)
    if values.what == "agreement":
        return _measure_agreement(values)
    return measure_accuracy(_evaluator(values), values.store, _sample(values))


def _evaluator(values: argparse.Namespace) -> Evaluator:
    """Return the network that was asked for, in one lane."""
    from lzp.engine.choice import Wish
    from lzp.engine.loading import load_single
    from lzp.engine.model import load_evaluator, open_network

    if values.backend is None and values.precision == "float32":  # nothing to choose
        return load_evaluator(values.weights, batch_size=_BATCH, threads=values.threads)
    wish = Wish(
        backend=values.backend or AUTO,
        precision=values.precision,
        threads=values.threads,
        batch_size=_BATCH,
    )
    return load_single(open_network(values.weights), wish).evaluators[0]


def _sample(values: argparse.Namespace) -> Sample:
    """Return the positions that were asked for."""
    return Sample(split=values.split, positions=values.positions, even_only=values.even_only)


def _measure_agreement(values: argparse.Namespace) -> Figures:
    """Compare two backends."""
    from lzp.play.bench_agreement import Compared, bench_agreement

    compared = Compared(
        weights=values.weights,
        backend=values.backend,
        precision=values.precision,
        against=values.against,
        threads=values.threads,
    )
    return bench_agreement(compared, values.store, _sample(values))


def _measure_store(values: argparse.Namespace) -> Figures:
    """Run a benchmark of game data."""
    try:
        from lzp.play.bench_store import ConversionBench, bench_convert, bench_store
    except ModuleNotFoundError as error:
        raise ImportError(f"needs {error.name}: pip install 'lzp[train]'") from None
    if values.what == "store":
        return bench_store(values.store, values.batch, values.rounds, values.seconds)
    return bench_convert(
        ConversionBench(
            sources=values.sources,
            games=values.games,
            workers=values.workers,
            rounds=values.rounds,
            leelaz=_leelaz_command(values.vs) if values.vs else None,
        )
    )


def _measure_scores(values: argparse.Namespace) -> Figures:
    """Score finished games."""
    try:
        from lzp.play.bench_scores import bench_scores
    except ModuleNotFoundError as error:
        raise ImportError(f"needs {error.name}: pip install 'lzp[train]'") from None
    return bench_scores(values.sources, values.games, values.every, values.vs)


def _leelaz_command(program: str) -> str:
    """Return a program's name, or a path to it, as a command line that starts it as leelaz."""
    from lzp.engine.network_file import shipped_network

    path = find_program(program) or program
    words = [path, "-g", "--cpu-only", "--noponder", "-q", "-w", str(shipped_network())]
    return shlex.join(words)


def _machine() -> str:
    """Return the machine and versions in a line."""
    cores = os.cpu_count() or 1
    return f"lzp {__version__}, Python {platform.python_version()}, {platform.machine()} x {cores}"


def _table(what: str, figures: Figures) -> Table:
    """Return the figures as a table."""
    table = Table(title=f"lzp-bench {what}", caption=_machine(), show_header=False)
    for name in figures:
        if not name.endswith(("_low", "_high")):  # of a figure that has a row already
            table.add_row(label(name), cell(name, figures))
    return table


def _positive(text: str) -> int:
    """Read a whole number of 1 or more."""
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of 1 or more, not {text!r}")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    """Return the parser of lzp-bench."""
    parser = OneLineParser(
        prog="lzp-bench",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parts = parser.add_subparsers(dest="what", required=True, metavar="PART")
    _add_moves(parts.add_parser("moves", help="random play to the end, moves/s on one core"))
    _add_samples(parts.add_parser("samples", help="training samples/s of a store on one core"))
    _add_convert(parts.add_parser("convert", help="game records into a store, positions/s"))
    _add_samples(parts.add_parser("store", help="a store's opening, its bytes, its samples/s"))
    parts.add_parser("train", help="the training step alone and with its loader, samples/s")
    _add_searches(parts)
    part = parts.add_parser("start", help="seconds from launch to the first answers")
    _add_command(part, "-v 1 --noponder")
    _add_command(parts.add_parser("stop", help="milliseconds from a line to its answer"))
    for part in parts.choices.values():
        part.add_argument("--rounds", type=_positive, default=5, metavar="N", help="rounds (5)")
    _add_scores(parts.add_parser("scores", help="finished games scored as their players did"))
    _add_accuracy(parts.add_parser("accuracy", help="moves and results foretold"))
    _add_agreement(parts.add_parser("agreement", help="how far a backend is from another"))
    for part in parts.choices.values():
        part.add_argument("--json", action="store_true", help="one line of JSON instead")
    return parser


def _add_searches(parts: "argparse._SubParsersAction[OneLineParser]") -> None:
    """Add the parts that measure the search, whose figures have rows."""
    from lzp.play.bench_search_cli import add_analysis, add_networks, add_search, add_tree

    for name, add, what in (
        ("search", add_search, "playouts/s against evaluations/s, or against leelaz"),
        ("analysis", add_analysis, "positions/s of lzp-analysis, together and one by one"),
        ("tree", add_tree, "what a leaf costs beside the network"),
        ("networks", add_networks, "networks of any size, raw and in search"),
    ):
        part = parts.add_parser(name, help=what)
        add(part, _positive)
        part.add_argument("--markdown", action="store_true", help="a table in Markdown instead")


def _add_moves(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `moves`."""
    parser.add_argument("--size", type=_positive, default=19, metavar="N", help="side (19)")
    _add_seconds(parser)


def _add_samples(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `samples` and `store`."""
    parser.add_argument("--store", type=Path, required=True, metavar="DIR", help="a game store")
    parser.add_argument("--batch", type=_positive, default=256, metavar="N", help="batch (256)")
    _add_seconds(parser)


def _add_convert(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `convert`."""
    add = parser.add_argument
    add("sources", type=Path, nargs="+", metavar="SOURCE", help="files and folders of records")
    add("--games", type=_positive, metavar="N", help="only the first N games, from one .sgf")
    add("--workers", type=_positive, metavar="N", help="processes that parse (one a core)")
    add("--vs", metavar="LEELAZ", help="convert with its dump_supervised in turn: leelaz")


def _add_scores(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `scores`."""
    add = parser.add_argument
    add("sources", type=Path, nargs="+", metavar="SOURCE", help="files and folders of records")
    add("--games", type=_positive, default=200, metavar="N", help="games (200)")
    add("--every", type=_positive, default=1, metavar="N",
        help="only every N-th game that ended in two passes and was counted (1)")  # fmt: skip
    add("--vs", metavar="GNUGO", help="compare with its judgment as well: gnugo")


def _add_command(parser: argparse.ArgumentParser, flags: str = "") -> None:
    """Add the engine whose answers are measured; ours with some flags where none is given."""
    own = f"{shlex.quote(sys.executable)} -m lzp.engine.gtp.cli {flags}".strip()
    parser.add_argument(
        "--command", default=own, metavar="COMMAND", help=f"engine ({f'lzp-gtp {flags}'.strip()})"
    )


def _add_accuracy(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `accuracy`."""
    _add_positions(parser, 20_000)
    _add_backend(parser)


def _add_agreement(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `agreement`."""
    _add_positions(parser, 1000)
    add = parser.add_argument
    add("--backend", choices=BACKEND_NAMES, default="openvino", metavar="NAME",
        help=f"what is measured: {', '.join(BACKEND_NAMES)} (openvino)")  # fmt: skip
    add("--precision", choices=PRECISIONS, default="int8", metavar="WORD",
        help=f"what it computes in: {', '.join(PRECISIONS)} (int8)")  # fmt: skip
    add("--against", choices=BACKEND_NAMES, default="onnxruntime", metavar="NAME",
        help="what is right, in float32 (onnxruntime)")  # fmt: skip


def _add_backend(parser: argparse.ArgumentParser) -> None:
    """Add what runs the network, and in what."""
    add = parser.add_argument
    add("--backend", choices=(AUTO, *BACKEND_NAMES), metavar="NAME",
        help=f"what runs it: {', '.join(BACKEND_NAMES)}, or auto (onnxruntime)")  # fmt: skip
    add("--precision", choices=PRECISION_WORDS, default="float32", metavar="WORD",
        help=f"what it computes in: {', '.join(PRECISION_WORDS)} (float32)")  # fmt: skip


def _add_positions(parser: argparse.ArgumentParser, positions: int) -> None:
    """Add a network, and positions of stored games."""
    add = parser.add_argument
    add("-w", "--weights", type=Path, metavar="FILE", help="network (the shipped one)")
    add("--store", type=Path, required=True, metavar="DIR", help="a game store")
    add("--split", choices=("val", "test", "all"), default="val",
        help="part of the store, as training divides it (val)")  # fmt: skip
    add("--positions", type=_positive, default=positions, metavar="N",
        help=f"how many ({positions})")  # fmt: skip
    add("--even-only", action="store_true", help="leave out handicap games")
    add("-t", "--threads", type=_positive, default=1, metavar="N", help="evaluator's threads (1)")


def _add_seconds(parser: argparse.ArgumentParser) -> None:
    """Add the length of a round."""
    parser.add_argument("--seconds", type=float, default=1.0, metavar="S", help="a round (1)")


if __name__ == "__main__":
    main()
