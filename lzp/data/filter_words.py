"""A filter of games as words of a command line, and what it has against games of a block."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lzp.data.columns import GameBlock
from lzp.data.game_filter import GameFilter

#: What a conversion decides otherwise, or not at all.
_OTHER_KEYS = frozenset({"side", "undecided", "val_fraction", "test_fraction"})
FILTER_KEYS = tuple(f.name for f in fields(GameFilter) if f.name not in _OTHER_KEYS)
_LISTS = ("komi", "endings", "rules")
_WHOLE = ("min_handicap", "max_handicap", "min_moves", "max_moves")
_NUMBERS = ("min_komi", "max_komi")


class _BlockGames(NamedTuple):
    """A block's games as a filter looks at them: game_filter.GameColumns."""

    block: GameBlock

    @property
    def lengths(self) -> NDArray[np.int64]:
        return self.block.move_counts

    def numbers(self, name: str) -> NDArray[Any]:
        return self.block.numbers[name]

    def texts(self, name: str) -> list[str]:
        return list(self.block.texts[name])


def objections(block: GameBlock, chosen: GameFilter | None) -> list[str]:
    """Return for each game the first condition that it does not meet; "" if it meets all."""
    found = [""] * len(block)
    for words, mask in chosen.conditions(_BlockGames(block)) if chosen else ():
        for row in np.flatnonzero(~mask).tolist():
            found[row] = found[row] or f"not {words}"
    return found


def parse_filter(words: Sequence[str]) -> GameFilter | None:
    """Return the filter that words such as `min_rank=6d` and `komi=6.5,7.5` describe.

    Raises:
        ValueError: a key that is none, or a value that its key does not take.
    """
    values: dict[str, Any] = {}
    for word in words:
        key, sign, text = word.partition("=")
        if not sign or key not in FILTER_KEYS:
            raise ValueError(f"--only {word}: expected KEY=VALUE, with {', '.join(FILTER_KEYS)}")
        try:
            values[key] = _value(key, text)
        except ValueError:
            raise ValueError(f"--only {word}: {key} does not take {text!r}") from None
    return GameFilter(**values) if values else None


def _value(key: str, text: str) -> Any:
    """Return the value of a key."""
    if key == "even_only":
        return ("false", "true").index(text) == 1
    if key in _LISTS:
        parts = tuple(part.strip() for part in text.split(","))
        return tuple(map(float, parts)) if key == "komi" else parts
    if key in _WHOLE:
        return int(text)
    return float(text) if key in _NUMBERS else text
