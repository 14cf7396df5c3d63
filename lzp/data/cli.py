"""The `lzp-data` command: game records into stores, and what is in a store."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from lzp.command_line import OneLineParser
from lzp.data.arrow import StoreError
from lzp.data.chunk_writer import write_chunks
from lzp.data.convert import convert
from lzp.data.filter_words import FILTER_KEYS, parse_filter
from lzp.data.progress import progress_bar
from lzp.data.reasons import ALWAYS_EXCLUDED, DEFAULT_EXCLUDED, REASONS, ConvertOptions
from lzp.data.sources import SourceError
from lzp.data.store import GameStore
from lzp.data.summary import summarize, summary_lines, verify
from lzp.data.summary_picture import draw_stores
from lzp.data.summary_table import summary_table
from lzp.features.leela_chunks import CHUNK_VERSIONS, TEXT
from lzp.weights.atomic import replacing

_BAD_INPUT = 2
_INTERRUPTED = 130
_VERIFY_SHOWN = 20

_EXAMPLES = """examples:
  lzp-data convert games/ kgs-2015.tar.gz more.sgf.gz -o games.lzps
  lzp-data convert games/ -o even.lzps --exclude handicap --include time
  lzp-data convert games/ -o strong.lzps --only min_rank=6d since=2015-06 komi=6.5,7.5
  lzp-data report games.lzps -o games.svg
  lzp-data convert train_*.gz -o self-play.lzps
  lzp-data chunks games.lzps -o chunks/ --version 2
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0, or 2 for bad input."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (StoreError, SourceError, ValueError, OSError, ImportError) as error:
        print(f"lzp-data: {error}", file=sys.stderr)
        return _BAD_INPUT
    except KeyboardInterrupt:
        print("lzp-data: interrupted; nothing was written", file=sys.stderr)
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    """Return the command line's grammar."""
    parser = OneLineParser(
        prog="lzp-data",
        description="Game records into game stores for training.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_convert(commands)
    report = commands.add_parser("report", help="what is in a store, and what was left out")
    report.add_argument("stores", type=Path, nargs="+", metavar="STORE")
    report.add_argument("--json", action="store_true", help="as JSON")
    report.add_argument("-o", "--output", type=Path, metavar="FILE", help="a picture: .svg or .png")
    report.set_defaults(run=_report)
    _add_chunks(commands)
    check = commands.add_parser("verify", help="replay every game of a store")
    check.add_argument("store", type=Path)
    check.set_defaults(run=_verify)
    return parser


def _add_convert(commands: "argparse._SubParsersAction[OneLineParser]") -> None:
    """Add the grammar of `convert`."""
    usual = ConvertOptions()
    parser = commands.add_parser(
        "convert",
        help="game records of any form into a new store",
        description="Folders, .sgf, .sgf.gz, .tar.gz, .zip, Leela Zero's training chunks of"
        " version 1 and 2, known by their content, in any mixture. Every game is"
        " stored or counted under the first of these reasons that excludes it:",
        epilog="\n".join(f"  {name:14}{_mark(name)} {text}" for name, text in REASONS.items())
        + "\n\n  * excludes unless --include names it, ** always\n\n"
        + _EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sources", type=Path, nargs="+", metavar="SOURCE")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="STORE")
    parser.add_argument("--exclude", type=_reasons, default=[], metavar="REASON,...")
    parser.add_argument("--include", type=_reasons, default=[], metavar="REASON,...")
    parser.add_argument("--sides", type=int, nargs="+", default=list(usual.sides), metavar="N")
    parser.add_argument("--min-moves", type=int, default=usual.min_moves, metavar="N")
    parser.add_argument("--max-moves", type=int, default=usual.max_moves, metavar="N")
    parser.add_argument(
        "--only",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help=f"only games with min_rank=6d, since=2015-06, komi=6.5,7.5 ({', '.join(FILTER_KEYS)})",
    )
    parser.add_argument(
        "--ownership", action="store_true", help="store whose the points are in the end"
    )
    parser.add_argument("--workers", type=int, help="processes (default: all cores)")
    parser.add_argument("--overwrite", action="store_true", help="replace an old store")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the counts as JSON too")
    parser.set_defaults(run=_convert)


def _add_chunks(commands: "argparse._SubParsersAction[OneLineParser]") -> None:
    """Add the grammar of `chunks`."""
    parser = commands.add_parser(
        "chunks", help="a store's positions as Leela Zero's training chunks, into a new folder"
    )
    parser.add_argument("store", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    parser.add_argument(
        "--version", type=int, choices=CHUNK_VERSIONS, default=TEXT, help="1 text, 2 binary"
    )
    parser.add_argument("--games-per-file", type=int, default=512, metavar="N")
    parser.set_defaults(run=_chunks)


def _mark(reason: str) -> str:
    """Return how a reason is marked in the help."""
    if reason in ALWAYS_EXCLUDED:
        return "**"
    return "* " if reason in DEFAULT_EXCLUDED else "  "


def _reasons(text: str) -> list[str]:
    """Return the names of a comma-separated list."""
    return [name.strip() for name in text.split(",") if name.strip()]


def _convert(options: argparse.Namespace) -> int:
    """Run `lzp-data convert`."""
    unknown = [name for name in options.include if name not in REASONS]
    if unknown:
        raise ValueError(f"no such reason: {unknown[0]} (known: {', '.join(REASONS)})")
    if options.workers is not None and options.workers < 1:
        raise ValueError(f"--workers must be at least 1, got {options.workers}")
    exclude = DEFAULT_EXCLUDED.union(options.exclude).difference(options.include)
    convert_options = ConvertOptions(
        exclude=exclude,
        sides=tuple(options.sides),
        min_moves=options.min_moves,
        max_moves=options.max_moves,
        games=parse_filter(options.only),
        ownership=options.ownership,
        overwrite=options.overwrite,
    )
    with progress_bar() as progress:
        report = convert(
            options.sources,
            options.output,
            convert_options,
            workers=options.workers,
            progress=progress,
        )
    report.print_to(sys.stdout)
    if options.report is not None:
        options.report.write_text(json.dumps(report.to_json(), indent=1), encoding="utf-8")
    return 0


def _report(options: argparse.Namespace) -> int:
    """Run `lzp-data report`."""
    stores = [GameStore.open(path) for path in options.stores]
    if options.output is not None:
        picture = draw_stores(stores, options.output)
        with replacing(options.output) as file:
            file.write(picture)
    summaries = [summarize(store) for store in stores]
    if options.json:
        found = [
            {"summary": summary, "conversion": store.report.to_json()}
            for store, summary in zip(stores, summaries, strict=True)
        ]
        print(json.dumps(found[0] if len(found) == 1 else found, indent=1))
    elif sys.stdout.isatty():
        Console().print(summary_table(summaries))
        _print_conversions(stores)
    else:
        print("\n\n".join("\n".join(summary_lines(summary)) for summary in summaries))
        _print_conversions(stores)
    return 0


def _print_conversions(stores: Sequence[GameStore]) -> None:
    """Print what was left out of each store."""
    for store in stores:
        print("\nconversion" + (f" of {store.path}" if len(stores) > 1 else ""))
        store.report.print_to(sys.stdout)


def _chunks(options: argparse.Namespace) -> int:
    """Run `lzp-data chunks`."""
    store = GameStore.open(options.store)
    written = write_chunks(store, options.output, options.version, options.games_per_file)
    print(f"{written.games:,} games, {written.positions:,} positions in {written.files:,} files")
    if written.left_out:
        print(f"{written.left_out:,} games left out: no winner, or not on 19x19")
    return 0


def _verify(options: argparse.Namespace) -> int:
    """Run `lzp-data verify`."""
    store = GameStore.open(options.store)
    complaints = list(verify(store))
    for line in complaints[:_VERIFY_SHOWN]:
        print(f"lzp-data: {store.path}: {line}", file=sys.stderr)
    if complaints:
        print(f"lzp-data: {store.path}: {len(complaints):,} games damaged", file=sys.stderr)
        return _BAD_INPUT
    print(f"{store.games:,} games, {store.positions:,} positions: all sound")
    return 0


if __name__ == "__main__":
    sys.exit(main())
