"""The flag --level: a number, or "help" for the table."""

import argparse
from collections.abc import Sequence
from typing import Any

from lzp.engine.levels import FULL, levels_table


class LevelAction(argparse.Action):
    """Takes a level; "help" shows them all and ends the program."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Read the word after the flag."""
        text = str(values)
        if text == "help":
            print(levels_table())
            parser.exit()
        if not text.isdecimal() or not 1 <= int(text) <= FULL:
            parser.error(f"argument --level: expected 1 to {FULL}, or help, not {text!r}")
        setattr(namespace, self.dest, int(text))
