"""The flags of commands that take positions of a game store: `python -m lzp.play.NAME`."""

import argparse
from pathlib import Path

from lzp.command_line import OneLineParser


def sample_parser(name: str, description: str | None, *, split: str) -> OneLineParser:
    """Return a parser that knows `--store`, `--weights` and `--split`.

    Args:
        name: of the command's module.
        description: of the command, for `--help`.
        split: the part of the store that is taken by default.
    """
    parser = OneLineParser(
        prog=f"python -m lzp.play.{name}", description=description, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add("--store", type=Path, required=True, metavar="DIR", help="of games, by lzp-data convert")
    add("-w", "--weights", type=Path, metavar="FILE", help="network (the one that ships)")
    add("--split", choices=("train", "val", "test", "all"), default=split,
        help=f"part of the store, as training divides it ({split})")  # fmt: skip
    return parser
