"""lzp-analysis: the command line, which takes KataGo's words too, and the way in and out."""

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, TextIO

from lzp import __version__
from lzp.command_line import OneLineParser
from lzp.engine.analysis.config_file import ConfigError, read_config, read_overrides
from lzp.engine.analysis.orphan import leave_with_parent
from lzp.engine.gtp.reader import LineQueue, start_reader
from lzp.engine.gtp.streams import guard_stderr, take_stdin, take_stdout, watch_reader
from lzp.engine.run_options import AUTO, BACKEND_NAMES, PRECISION_WORDS

_DESCRIPTION = """\
Analyzes many Go positions at once: KataGo's JSON analysis protocol on standard input and
output. Without -w it uses the network that ships in the package. KaTrain takes this
program's path in place of KataGo's (docs/analysis.md)."""

_EPILOG = """\
examples:
  lzp-analysis < queries.jsonl > answers.jsonl
  lzp-analysis -w 19x19.txt.gz -w 9x9.txt.gz -v 200 --report-winrates-as SIDETOMOVE
  lzp-analysis analysis -model net.txt.gz -config analysis.cfg -override-config maxVisits=50

A query is one line, such as
  {"id":"a","moves":[["B","Q16"]],"rules":"chinese","komi":7.5,"boardXSize":19,"boardYSize":19}
Exit code 2: a flag or a file given here is wrong."""

_PERSPECTIVES = ("BLACK", "WHITE", "SIDETOMOVE")
#: Of the memory, for answers that are remembered; the rest is the trees'.
_CACHE_SHARE = 0.1
#: Positions at once, unless something else is asked for.
_CPU_WIDTH = 24
_GPU_WIDTH = 128


def main(arguments: Sequence[str] | None = None) -> None:
    """Answer queries from standard input until it ends and all of them are answered."""
    options = _parser().parse_args(arguments)
    guard_stderr()
    try:
        sink = take_stdout()
    except OSError as error:
        _refuse(str(error))
    lines = LineQueue()
    start_reader(take_stdin(), lines)
    # Nobody is there to be answered: whatever is still searched is of no use.
    watch_reader(sink, lambda: os._exit(0))
    leave_with_parent(lambda: os._exit(0))
    with contextlib.suppress(KeyboardInterrupt):
        _serve(options, lines, sink)
    _leave(sink)


def _serve(options: argparse.Namespace, lines: LineQueue, sink: TextIO) -> None:
    """Open the networks and answer."""
    # Here, so that a wrong flag and --help cost no imports of a second.
    from lzp.engine.analysis.models import RunWish, open_models, tell_on_stderr
    from lzp.engine.analysis.server import AnalysisServer, ServerParams
    from lzp.engine.analysis.settings import SettingError, Settings
    from lzp.engine.gpu import has_nvidia_gpu
    from lzp.engine.network_file import ModelError

    cache_mib = int(_CACHE_SHARE * options.memory_mib)
    wish = RunWish(
        backend=options.backend,
        precision=options.precision,
        threads=options.threads,
        batch_size=options.batch_size,
        cache_mib=cache_mib,
    )
    try:
        settings = Settings().changed(_setting_words(options))[0]
        models = open_models(_networks(options), wish, _nobody if options.quiet else tell_on_stderr)
    except (ModelError, ConfigError, SettingError) as error:
        _refuse(str(error))
    params = ServerParams(
        settings=settings,
        width=_GPU_WIDTH if has_nvidia_gpu() else _CPU_WIDTH,
        batch_size=wish.batch,
        memory_mib=options.memory_mib - cache_mib,
        waits=not options.quit_without_waiting,
    )
    if not options.quiet:  # KataGo's words, which some clients wait for
        tell_on_stderr("Started, ready to begin handling requests")
    AnalysisServer(lines, sink, models, params).run()


def _nobody(_line: str) -> None:
    """Tell nobody."""


def _networks(options: argparse.Namespace) -> list[Path | None]:
    """Return the networks that the flags name; None is the one that ships.

    A client set up for KataGo hands its network over, which cannot be run here.
    """
    from lzp.engine.analysis.models import is_katago_network, tell_on_stderr

    ours: list[Path | None] = list(options.weights)
    for path in options.models:
        if not is_katago_network(path):
            ours.append(path)
        elif not options.weights:
            tell_on_stderr(f"{path.name} is KataGo's own; the network that ships analyzes instead")
    return ours or [None]


def _setting_words(options: argparse.Namespace) -> dict[str, str]:
    """Return the settings: the files', with the overrides and our own flags over them.

    Raises:
        ConfigError: a file or an override cannot be read.
    """
    words: dict[str, str] = {}
    for path in options.configs:
        words.update(read_config(path))
    for text in options.overrides:
        words.update(read_overrides(text))
    flags = {
        "maxVisits": options.visits,
        "numAnalysisThreads": options.width,
        "reportAnalysisWinratesAs": options.perspective,
    }
    words.update({name: str(value) for name, value in flags.items() if value is not None})
    return words


def _leave(sink: TextIO) -> NoReturn:
    """End the process at once; tearing evaluators down half-way can crash."""
    for stream in (sink, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # the other side may be gone
            stream.flush()
    os._exit(0)


def _refuse(message: str) -> NoReturn:
    """Exit with code 2 and one line."""
    print(f"lzp-analysis: {message}", file=sys.stderr, flush=True)
    os._exit(2)  # the reader may be inside stdin, which an orderly exit would wait for


def _count(text: str) -> int:
    """Read a whole number of 1 or more."""
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of 1 or more, not {text!r}")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    """Return the parser of lzp-analysis's flags."""
    parser = OneLineParser(
        prog="lzp-analysis",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    parser.add_argument("word", nargs="?", choices=("analysis",), metavar="analysis",
        help="accepted for KataGo's sake")  # fmt: skip
    _add_flags(parser.add_argument_group("flags"))
    _add_katago_flags(parser.add_argument_group("KataGo's flags, with one or two dashes"))
    return parser


def _add_flags(group: argparse._ArgumentGroup) -> None:
    """Add the flags of our own."""
    add = group.add_argument
    add("-h", "--help", action="help", help="show this help and exit")
    add("--version", action="version", version=f"lzp {__version__}")
    add("-w", "--weights", type=Path, action="append", default=[], metavar="FILE",
        help="network: .txt, .txt.gz, .onnx, .pt; one for each side of board")  # fmt: skip
    add("-v", "--visits", type=_count, metavar="N", help="visits of a query that says none (500)")
    add("--report-winrates-as", dest="perspective", type=str.upper, choices=_PERSPECTIVES,
        help="whose winrates and scores: BLACK (default), WHITE, SIDETOMOVE")  # fmt: skip
    add("-t", "--threads", type=_count, default=0, metavar="N", help="threads of the network")
    add("--batchsize", dest="batch_size", type=_count, default=0, metavar="N",
        help="positions evaluated at once (chosen for the machine)")  # fmt: skip
    add("--backend", choices=(AUTO, *BACKEND_NAMES), default=AUTO, metavar="NAME",
        help=f"what runs the network: {', '.join(BACKEND_NAMES)} (auto: the fastest)")  # fmt: skip
    add("--precision", type=str.lower, choices=PRECISION_WORDS, default=AUTO, metavar="WORD",
        help=f"what it computes in: {', '.join(PRECISION_WORDS)} (auto)")  # fmt: skip
    add("--memory", dest="memory_mib", type=_count, default=1024, metavar="MIB",
        help="most memory for the searches (1024)")  # fmt: skip
    add("-q", "--quiet", action="store_true", help="nothing on stderr but what is wrong")


def _add_katago_flags(group: argparse._ArgumentGroup) -> None:
    """Add the flags that KataGo has."""
    add = group.add_argument
    add("-model", "--model", dest="models", type=Path, action="append", default=[],
        metavar="FILE", help="as -w; one of KataGo's is replaced by the shipped one")  # fmt: skip
    add("-config", "--config", dest="configs", type=Path, action="append", default=[],
        metavar="FILE", help="settings; those that mean nothing here are skipped")  # fmt: skip
    add("-override-config", "--override-config", dest="overrides", action="append", default=[],
        metavar="K=V,K=V", help="settings over those of the file")  # fmt: skip
    add("-analysis-threads", "--analysis-threads", dest="width", type=_count, metavar="N",
        help="positions searched at once (24, on a GPU 128)")  # fmt: skip
    add("-quit-without-waiting", "--quit-without-waiting", action="store_true",
        help="the end of input ends open queries too")  # fmt: skip
    add("-human-model", "--human-model", type=Path, metavar="FILE", help="accepted, not used")


if __name__ == "__main__":
    main()
