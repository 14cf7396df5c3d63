"""lzp-review: games with what the engine thinks of every move, as SGF and as a page."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lzp.command_line import OneLineParser
from lzp.engine.run_options import AUTO, BACKEND_NAMES, PRECISION_WORDS
from lzp.review.files import Job, plan_jobs

_DESCRIPTION = """\
Search every position of a game and judge its moves. Written are the record itself with
winrates, comments, marks and better variations (game.review.sgf), and a page to step through
it in a browser (game.review.html), which needs nothing but itself."""

_EPILOG = """\
examples:
  lzp-review game.sgf
  lzp-review game.sgf -v 1600 -w net.txt.gz --player black
  lzp-review game.sgf -o commented.sgf -o page.html -o figures.json
  lzp-review games/ --folder reviews/ --json
  lzp-review small.sgf large.sgf -w net9.txt.gz -w net19.txt.gz

The winrate that a move lost is that of the best move minus that of the position after the
move, for who moved. More of it: docs/review.md."""

_COLORS = {"black": (1,), "white": (2,), "both": (1, 2)}
#: About a minute for 200 moves with the shipped network on two cores.
_DEFAULT_VISITS = 250
_DEFAULT_THRESHOLD = 10.0
_MOST_THREADS = 16
#: Positions that a lane evaluates at once; more are split.
_BATCH_SIZE = 32


def main(arguments: Sequence[str] | None = None) -> None:
    """Review the games that the command line names."""
    values = _parser().parse_args(arguments)
    try:
        jobs = plan_jobs(values.records, values.output, values.folder, has_json=values.json)
        if _review(jobs, values):
            raise SystemExit(2)
    except ValueError as error:
        print(f"lzp-review: {' '.join(str(error).split())}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("lzp-review: stopped; what was finished before stays", file=sys.stderr)
        raise SystemExit(130) from None


def _review(jobs: Sequence[Job], values: argparse.Namespace) -> int:
    """Review all games; return how many could not be."""
    from lzp.engine.choice import Wish
    from lzp.engine.measured_cache import usable_cores
    from lzp.engine.warmup import warmup
    from lzp.review.networks import Networks
    from lzp.review.review import ReviewParams
    from lzp.review.run import review_all

    params = ReviewParams(
        visits=values.visits,
        threshold=values.threshold / 100,
        colors=_COLORS[values.player],
        seed=values.seed,
        rollouts=values.rollouts,
    )
    wish = Wish(
        backend=values.backend,
        precision=values.precision,
        threads=values.threads or min(usable_cores(), _MOST_THREADS),
        batch_size=_BATCH_SIZE,
    )
    networks = Networks(values.weights, wish, _tell, one_lane=values.one_lane)
    try:
        warmup()
        return review_all(jobs, networks, params, quiet=values.quiet)
    finally:
        networks.close()


def _tell(line: str) -> None:
    """Say on stderr what takes its time."""
    print(f"lzp-review: {line}", file=sys.stderr, flush=True)


def _count(text: str) -> int:
    """Read a whole number of 1 or more."""
    if not (text.isascii() and text.isdigit()) or not int(text[:9]) > 0 or len(text) > 9:
        raise argparse.ArgumentTypeError(f"expected a whole number of 1 or more, not {text!r}")
    return int(text)


def _natural(text: str) -> int:
    """Read a whole number of 0 or more."""
    return 0 if text == "0" else _count(text)


def _percentage(text: str) -> float:
    """Read a percentage above 0, at most 100."""
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        number = 0.0
    if not 0 < number <= 100:
        raise argparse.ArgumentTypeError(f"expected a percentage up to 100, not {text!r}")
    return number


def _parser() -> argparse.ArgumentParser:
    """Return the parser of lzp-review."""
    parser = OneLineParser(
        prog="lzp-review",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_file_flags(parser.add_argument_group("files"))
    _add_review_flags(parser.add_argument_group("review"))
    _add_network_flags(parser.add_argument_group("network"))
    return parser


def _add_file_flags(group: argparse._ArgumentGroup) -> None:
    """Add what is read and written."""
    add = group.add_argument
    add("records", nargs="+", type=Path, metavar="RECORD",
        help="SGF files, and folders of them; of a file the first game")  # fmt: skip
    add("-o", "--output", type=Path, action="append", default=[], metavar="FILE",
        help="name for the .sgf, .html or .json of a single record; only those named are"
        " written (RECORD.review.sgf and .html)")  # fmt: skip
    add("--folder", type=Path, metavar="DIR", help="write there (beside each record)")
    add("--json", action="store_true", help="write all figures as RECORD.review.json, too")
    add("-q", "--quiet", action="store_true", help="say nothing of what went well")


def _add_review_flags(group: argparse._ArgumentGroup) -> None:
    """Add how games are judged."""
    add = group.add_argument
    add("-v", "--visits", type=_count, default=_DEFAULT_VISITS, metavar="N",
        help=f"visits of each position ({_DEFAULT_VISITS})")  # fmt: skip
    add("--threshold", type=_percentage, default=_DEFAULT_THRESHOLD, metavar="PCT",
        help="winrate that a mistake loses at least; half of it is an inaccuracy, twice a"
        f" blunder ({_DEFAULT_THRESHOLD:g})")  # fmt: skip
    add("--rollouts", type=_natural, metavar="N",
        help="games played on from each leaf (a small network on a CPU: 8, else 0)")  # fmt: skip
    add("--player", choices=tuple(_COLORS), default="both", help="whose moves to mark (both)")
    add("-s", "--seed", type=_natural, default=0, metavar="N", help="seed of the searches (0)")


def _add_network_flags(group: argparse._ArgumentGroup) -> None:
    """Add what searches and on what."""
    add = group.add_argument
    add("-w", "--weights", type=Path, action="append", default=[], metavar="FILE",
        help="network (the one that ships, for 19x19); several for several sizes")  # fmt: skip
    add("--backend", choices=(AUTO, *BACKEND_NAMES), default=AUTO, metavar="NAME",
        help=f"what runs the network: {', '.join(BACKEND_NAMES)} (auto: the fastest)")  # fmt: skip
    add("--precision", type=str.lower, choices=PRECISION_WORDS, default=AUTO, metavar="WORD",
        help=f"what it computes in: {', '.join(PRECISION_WORDS)} (auto)")  # fmt: skip
    add("-t", "--threads", type=_count, default=0, metavar="N", help="threads (all cores)")
    add("--one-lane", action="store_true",
        help="let all threads work on one batch, not each on its own")  # fmt: skip


if __name__ == "__main__":
    main()
