"""lzp-report: a network's learning curves and a test of it, as one web page."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from lzp.command_line import OneLineParser
from lzp.weights.atomic import replacing

_DESCRIPTION = """\
Measure a network on stored games and write one web page: accuracy and cross-entropy in all,
by move number and by kind of position, calibration, the hardest positions as boards, and the
learning curves of the run that it is from. The page needs nothing but itself."""

_EPILOG = """\
examples:
  lzp-report runs/small/best.ckpt -o report.html
  lzp-report net.txt.gz --store heldout.lzps --split all -o report.html --json report.json
  lzp-report default --store games.lzps -o report.png
  lzp-report runs/a/best.ckpt --run runs/a --run runs/b --positions 0 -o compare.html

A run's folder (runs/small) stands for its best.ckpt. Without --store the store is the one
that the run's config.yaml names, with its filters and its division into splits."""

_FORMS = (".html", ".png")


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the report that the command line asks for."""
    values = _parser().parse_args(arguments)
    try:
        _check_outputs(values)
        _write(values)
    except OSError as error:
        named = error.filename2 or error.filename
        _fail(f"{named}: {error.strerror}" if named and error.strerror else str(error))
    except (ImportError, ValueError) as error:
        _fail(str(error))
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _fail(text: str) -> None:
    """End with one line and code 2."""
    print(f"lzp-report: {' '.join(text.split())}", file=sys.stderr)
    raise SystemExit(2) from None


def _check_outputs(values: argparse.Namespace) -> None:
    """Refuse before the measuring what could not be written after it.

    Raises:
        ValueError: a name with another ending, or a folder that is not there.
    """
    if values.output.suffix not in _FORMS:
        raise ValueError(f"{values.output}: a report is {' or '.join(_FORMS)}")
    for path in (values.output, values.json):
        if path is not None and not path.absolute().parent.is_dir():
            raise ValueError(f"{path}: no such folder: {path.parent}")
        if path is not None and path.is_dir():
            raise ValueError(f"{path}: is a folder")


def _write(values: argparse.Namespace) -> None:
    """Make the report and write its files."""
    from lzp.play.report_make import Wish, make_report

    report = make_report(
        Wish(
            network=values.network,
            stores=tuple(values.store),
            runs=tuple(values.run),
            split=values.split,
            positions=values.positions,
            even_only=values.even_only,
            seed=values.seed,
            hardest=values.hardest,
            threads=values.threads,
        )
    )
    if values.output.suffix == ".html":
        from lzp.play.report_page import write_page

        content = write_page(report).encode("utf-8", "replace")
    else:
        from lzp.play.report_charts import all_charts
        from lzp.play.report_png import draw_png

        content = draw_png(all_charts(report), report.name)
    _save(values.output, content)
    if values.json is not None:
        plain = json.dumps(report.to_json(), indent=1, allow_nan=False)
        _save(values.json, plain.encode())


def _save(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    with replacing(path) as file:
        file.write(content)


def _count(text: str) -> int:
    """Read a whole number of 0 or more."""
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise argparse.ArgumentTypeError(f"expected a whole number of 0 or more, not {text!r}")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    """Return the parser of lzp-report."""
    parser = OneLineParser(
        prog="lzp-report",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("network", metavar="NETWORK", help="checkpoint, weights, .onnx, .pt, a run's folder, or"
        " the word default for the network that ships")  # fmt: skip
    add("-o", "--output", type=Path, required=True, metavar="FILE",
        help="the page (.html), or the charts alone (.png)")  # fmt: skip
    add("--store", type=Path, action="append", default=[], metavar="DIR",
        help="a game store; several are measured in equal parts")  # fmt: skip
    add("--run", type=Path, action="append", default=[], metavar="DIR",
        help="a training run whose curves to show; several are laid over each other")  # fmt: skip
    add("--split", choices=("train", "val", "test", "all"), default="val",
        help="part of the store, as training divides it (val)")  # fmt: skip
    add("--positions", type=_count, default=20_000, metavar="N",
        help="how many; 0 shows the runs alone (20000)")  # fmt: skip
    add("--even-only", action="store_true", help="leave out handicap games")
    add("--hardest", type=_count, default=6, metavar="N", help="boards of each kind (6)")
    add("--json", type=Path, metavar="FILE", help="write all figures there, too")
    add("--seed", type=_count, default=0, metavar="N", help="which positions are drawn (0)")
    add("-t", "--threads", type=_count, default=2, metavar="N", help="evaluator's threads (2)")
    return parser


if __name__ == "__main__":
    main()
