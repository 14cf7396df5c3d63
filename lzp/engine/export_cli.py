"""The command `lzp-export`: a trained network written for playing."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from lzp.command_line import OneLineParser
from lzp.engine.export import (
    DEFAULT,
    FORMS,
    ExportError,
    check_target,
    find_source,
    write_model,
)
from lzp.engine.export_check import compare_files
from lzp.engine.model import ModelError, Network, read_network
from lzp.engine.onnx_nested import NestedWeights
from lzp.weights import rounded

BAD_INPUT = 2
#: Differences above this mean another network, not rounding; what the tests demand, too.
TOLERANCE = 1e-5
#: Of a rounded number. A float32 has no more than nine; with fewer than three a network is another.
_FEWEST_DIGITS, _MOST_DIGITS = 3, 9

EXAMPLES = """\
examples:
  lzp-export runs/first/last.ckpt network.txt.gz   for lzp-gtp, leelaz and their GUIs
  lzp-export runs/first/last.ckpt network.onnx     for ONNX Runtime, OpenVINO, TensorRT
  lzp-export --verify default network.pt           the shipped network, for libtorch
  lzp-export --digits 5 big.ckpt network.txt.gz    a third smaller, the same for play
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 1 not equal, 2 bad input."""
    options = _parser().parse_args(arguments)
    try:
        return _export(options.source, Path(options.target), options.verify, options.digits)
    except (ExportError, ModelError) as error:
        print(f"lzp-export: {error}", file=sys.stderr)
        return BAD_INPUT


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="lzp-export",
        description="Write a trained network for playing.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "source",
        metavar="IN",
        help=f"a checkpoint, Leela Zero weights, or the word {DEFAULT!r} for the shipped network",
    )
    parser.add_argument(
        "target", metavar="OUT", help=f"the file to write; its form by its end: {', '.join(FORMS)}"
    )
    parser.add_argument(
        "--verify",
        action="store_true",
        help="read the file back and compare its answers with IN's in float64",
    )
    parser.add_argument(
        "--digits",
        type=_digits,
        metavar="N",
        help="round numbers to so many significant digits, which makes text shorter (all)",
    )
    return parser


def _digits(text: str) -> int:
    if not text.isdecimal() or not _FEWEST_DIGITS <= int(text) <= _MOST_DIGITS:
        raise argparse.ArgumentTypeError(
            f"{text}: expected a number from {_FEWEST_DIGITS} to {_MOST_DIGITS}"
        )
    return int(text)


def _export(source: str, target: Path, verify: bool, digits: int | None) -> int:
    """Write the file and say so; what is wrong with OUT is said before IN is read."""
    form = check_target(target)
    start = time.perf_counter()
    path = find_source(source)
    print(f"reading {path} ...", file=sys.stderr)
    network = read_network(path)
    if digits is not None:
        if isinstance(network, NestedWeights):
            raise ExportError(f"{path}: --digits is for Leela Zero's networks")
        network = rounded(network, digits)
    print(f"writing {target} ({form.name}) ...", file=sys.stderr)
    write_model(target, network)
    print(_summary(network, target, time.perf_counter() - start))
    tolerance = TOLERANCE if digits is None else max(TOLERANCE, 10.0 ** (2 - digits))
    return _verify(path, target, tolerance) if verify else 0


def _summary(network: Network, target: Path, seconds: float) -> str:
    size_mb = target.stat().st_size / 1e6
    return (
        f"{target}: {size_mb:.1f} MB, {_describe(network)}, "
        f"{network.side}x{network.side} board, {network.size:,} numbers, {seconds:.1f} s"
    )


def _describe(network: Network) -> str:
    if isinstance(network, NestedWeights):
        return f"{network.blocks} nested bottleneck blocks x {network.filters} filters"
    return f"{len(network.blocks)} blocks x {network.filters} filters"


def _verify(source: Path, target: Path, tolerance: float) -> int:
    """Say how far the file's answers are off; 1 if that is more than rounding."""
    print("comparing ...", file=sys.stderr)
    difference = compare_files(source, target)
    equal = max(difference.winrate, difference.policy) <= tolerance
    print(
        f"{target}: {'equal' if equal else 'NOT EQUAL'} on {difference.positions} positions; "
        f"largest difference {difference.winrate:.1e} in winrate, {difference.policy:.1e} in policy"
    )
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
