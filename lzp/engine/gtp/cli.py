"""lzp-gtp: the command line, and the program's way in and out."""

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, TextIO

from lzp import __version__
from lzp.command_line import OneLineParser
from lzp.engine.gtp.catalog import IDENTITIES
from lzp.engine.gtp.devices import choose_devices
from lzp.engine.gtp.engine import GtpEngine, GtpLog
from lzp.engine.gtp.level_words import LevelAction
from lzp.engine.gtp.loader import LoadingResponder
from lzp.engine.gtp.number_words import count, komi, percent, seconds, seed, temperature
from lzp.engine.gtp.options import SEARCHES, TIME_MANAGEMENT, EngineOptions
from lzp.engine.gtp.reader import LineQueue, start_reader
from lzp.engine.gtp.streams import guard_stderr, take_stdin, take_stdout, watch_reader
from lzp.engine.levels import FULL
from lzp.engine.run_options import AUTO, BACKEND_NAMES, PRECISION_WORDS

_DESCRIPTION = """\
A Go engine that speaks the Go Text Protocol (GTP), with the flags of Leela Zero.
Without -w it plays with the network that ships in the package.
Give this program's path to Sabaki, GoGui or Lizzie as the engine's command."""

_EPILOG = """\
examples:
  lzp-gtp                               the shipped network, 5 s a move
  lzp-gtp -v 800 --noponder             800 visits a move, no thinking on your time
  lzp-gtp --max-time 1                  1 s a move
  lzp-gtp -w net.txt.gz -v 200 -m 20    another network, the first 20 moves varied
  lzp-gtp --level 4 --variety           an easier opponent, another game each time
  echo "genmove b" | lzp-gtp -v 100     one move and out

Without -v, -p, --max-time and a clock from the board, a move takes at most 5 s. With several
limits the first one reached counts. Exit code 2: a flag or a file given here is wrong."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the engine on standard input and output until "quit" or the end of input."""
    options = parse_options(arguments)
    guard_stderr()
    if options.benchmark:
        _benchmark(options)
    try:
        sink = take_stdout()
    except OSError as error:
        _refuse(str(error))
    try:
        log = GtpLog(options.log_file)
    except OSError as error:
        _refuse(f"cannot write {options.log_file}: {error.strerror}")
    with contextlib.suppress(KeyboardInterrupt):
        _converse(options, sink, log)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # we are leaving
    _leave(sink)


def _benchmark(options: EngineOptions) -> NoReturn:
    """Search once, tell on stderr how fast it was, and leave, as leelaz does."""
    from lzp.engine.gtp.benchmark import benchmark_options, run_benchmark

    try:
        print(run_benchmark(benchmark_options(options)), file=sys.stderr, flush=True)
    except Exception as error:
        _refuse(" ".join(str(error).split()))
    os._exit(0)


def _converse(options: EngineOptions, sink: TextIO, log: GtpLog) -> None:
    """Answer until the conversation is over."""
    lines = LineQueue()
    watch_reader(sink, lines.abandon)
    start_reader(take_stdin(), lines)
    responder = LoadingResponder(options, lines)
    try:
        GtpEngine(lines, sink, responder, log, IDENTITIES[options.identity]).run()
    finally:
        responder.farewell()


def _leave(sink: TextIO) -> NoReturn:
    """End the process at once.

    The loader may be inside the compiler and the evaluator in a library of its own; waiting
    for either would keep a board that has quit, and tearing them down half-way can crash.
    Whatever is written to files is complete at this point.
    """
    for stream in (sink, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # the other side may be gone
            stream.flush()
    os._exit(0)


def _refuse(message: str) -> NoReturn:
    """Exit with code 2 and one line."""
    print(f"lzp-gtp: {message}", file=sys.stderr)
    raise SystemExit(2)


def parse_options(arguments: Sequence[str] | None = None) -> EngineOptions:
    """Read the command line; exits with code 2 and one line if it is wrong."""
    values = vars(_parser().parse_args(arguments))
    values.pop("gtp")
    for path in values["weights"]:
        if not path.is_file():
            _refuse(f"{path}: no such file")
    first, *more = values.pop("weights") or [None]
    choose_devices(values.pop("gpu"), cpu_only=values.pop("cpu_only"))
    return EngineOptions(weights=first, more_weights=tuple(more), **values)


def _rules(text: str) -> str:
    """Check a rule set. Imported here alone: who asks for none gets our name sooner."""
    from lzp.go.rules import Rules, RulesError

    try:
        Rules.parse(text)
    except RulesError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _parser() -> argparse.ArgumentParser:
    """Return the parser of lzp-gtp's flags."""
    parser = OneLineParser(
        prog="lzp-gtp",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    _add_program_flags(parser.add_argument_group("program"))
    _add_limit_flags(parser.add_argument_group("how long to think"))
    _add_style_flags(parser.add_argument_group("how to play"))
    return parser


def _add_program_flags(group: argparse._ArgumentGroup) -> None:
    """Add the flags about files, threads and talk."""
    add = group.add_argument
    add("-h", "--help", action="help", help="show this help and exit")
    add("--version", action="version", version=f"lzp {__version__}")
    add("-g", "--gtp", action="store_true", help="accepted for Leela Zero's sake; always on")
    add("-w", "--weights", action="append", default=[], type=Path, metavar="FILE",
        help="network: .txt, .txt.gz, .onnx, .pt; one for each size of board")  # fmt: skip
    add("--gpu", action="append", default=[], type=count, metavar="N",
        help="use this GPU (the first one); of several, the first that is named")  # fmt: skip
    add("--cpu-only", action="store_true", help="use no GPU")
    add("-t", "--threads", type=count, default=0, metavar="N", help="threads of the network")
    add("--batchsize", dest="batch_size", type=count, default=0, metavar="N",
        help="positions evaluated at once (0: chosen for the machine)")  # fmt: skip
    add("--backend", choices=(AUTO, *BACKEND_NAMES), default=AUTO, metavar="NAME",
        help=f"what runs the network: {', '.join(BACKEND_NAMES)} (auto: the fastest)")  # fmt: skip
    add("--precision", type=str.lower, choices=PRECISION_WORDS, default=AUTO, metavar="WORD",
        help=f"what it computes in: {', '.join(PRECISION_WORDS)} (auto)")  # fmt: skip
    add("--cross-check", choices=BACKEND_NAMES, default=None, metavar="NAME",
        help="compare every answer with this backend's and tell how far they differ")  # fmt: skip
    add("--memory", dest="memory_mib", type=count, default=1024, metavar="MIB",
        help="most memory for the search; a full tree grows no more (1024)")  # fmt: skip
    add("--as", dest="identity", choices=tuple(IDENTITIES), default="lzp",
        help="who to say we are, for boards that decide by name and version (lzp)")  # fmt: skip
    add("-l", "--logfile", dest="log_file", type=Path, metavar="FILE",
        help="append every command and reply to FILE")  # fmt: skip
    add("-q", "--quiet", action="store_true", help="nothing on stderr but what was asked for")


def _add_limit_flags(group: argparse._ArgumentGroup) -> None:
    """Add the flags that end a search."""
    add = group.add_argument
    add("-v", "--visits", type=count, default=0, metavar="N",
        help="visits of the root a move, reused ones included (0: no limit)")  # fmt: skip
    add("-p", "--playouts", type=count, default=0, metavar="N",
        help="new playouts a move (0: no limit)")  # fmt: skip
    add("--max-time", dest="max_time_s", type=seconds, default=0.0, metavar="S",
        help="most seconds a move, whatever the clock says (0: no limit)")  # fmt: skip
    add("-b", "--lagbuffer", dest="lag_buffer_cs", type=count, default=100, metavar="CS",
        help="centiseconds kept back for slow connections (100)")  # fmt: skip
    add("--timemanage", dest="time_management", choices=TIME_MANAGEMENT, default="auto",
        help="stop early when the move cannot change (auto: on)")  # fmt: skip
    add("--benchmark", action="store_true",
        help="search once (-v 3200 -t 1 -s 1), tell how fast that was, and leave")  # fmt: skip
    add("--noponder", dest="ponder", action="store_false", help="do not think on your time")


def _add_style_flags(group: argparse._ArgumentGroup) -> None:
    """Add the flags that change which move is played."""
    add = group.add_argument
    add("--search", choices=SEARCHES, default="own",
        help="leela: search and share out time exactly as Leela Zero 0.17 does")  # fmt: skip
    add("--rollouts", type=count, default=-1, metavar="N",
        help="games played on from each leaf (a small network on a CPU: 8, else 0)")  # fmt: skip
    add("--level", action=LevelAction, default=0, metavar="N",
        help=f"1 (a beginner) to {FULL} (full strength); help: what each is")  # fmt: skip
    add("--variety", action="store_true", help="play different openings, all about as good")
    add("-r", "--resignpct", dest="resign_percent", type=percent, default=-1, metavar="PCT",
        help="resign below this winrate (-1: at 10 %%, later with handicap; 0: never)")  # fmt: skip
    add("-d", "--dumbpass", dest="dumb_pass", action="store_true", help="no rules about passing")
    add("-n", "--noise", action="store_true", help="Dirichlet noise at the root, for self-play")
    add("-m", "--randomcnt", dest="random_moves", type=count, default=0, metavar="N",
        help="choose the first N moves in proportion to visits")  # fmt: skip
    add("--randomvisits", dest="random_visits", type=count, default=1, metavar="N",
        help="only among moves with more visits than this (1)")  # fmt: skip
    add("--randomtemp", dest="random_temperature", type=temperature, default=1.0, metavar="F",
        help="temperature of that choice: less is nearer to the best move (1)")  # fmt: skip
    add("-s", "--seed", type=seed, default=None, metavar="N", help="seed of every random choice")
    add("--komi", type=komi, default=7.5, metavar="F", help="komi to start with (7.5)")
    add("--rules", type=_rules, default="chinese-ogs", metavar="NAME",
        help="rules to start with: chinese, japanese, korean, aga, new-zealand, tromp-taylor, "
        "or as KataGo writes them (chinese-ogs)")  # fmt: skip


if __name__ == "__main__":
    main()
