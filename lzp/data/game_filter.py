"""Which games are taken, by what a store knows of each, and how they are divided."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from lzp.data.columns import NO_RANK, rank_text
from lzp.sgf import parse_rank
from lzp.sgf.record import ENDINGS

SPLITS = ("train", "val", "test")
#: Splits are cut at a resolution of 2^-32.
_HASH_STEPS = 1 << 32
_WINNERS = {"black": 1, "white": -1}
_DATE = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?")
_PAIRS = (
    ("min_rank", "max_rank"),
    ("min_handicap", "max_handicap"),
    ("min_komi", "max_komi"),
    ("min_moves", "max_moves"),
    ("since", "until"),
)


class GameColumns(Protocol):
    """Games as columns: a store, or a block on its way into one."""

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Moves of each game, [G]."""
        ...

    def numbers(self, name: str) -> NDArray[Any]:
        """Return one of columns.NUMBER_COLUMNS, [G]."""
        ...

    def texts(self, name: str) -> list[str]:
        """Return one of columns.TEXT_COLUMNS, G strings."""
        ...


class Condition(NamedTuple):
    """One condition of a filter: what it asks for, and which games have it, bool [G]."""

    words: str
    mask: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, slots=True)
class GameFilter:
    """Which games of a store are sampled; None, wherever it stands, asks for nothing.

    A game of which the record does not say what is asked for (a rank, the komi, the date)
    is left out.

    Attributes:
        side: board side; None takes the store's only one.
        even_only: leave out handicap games.
        min_rank: of the lower of the two ranks: "6d" or, on one scale, 6
            (lzp.sgf.parse_rank: 1 is 1d, 0 is 1k, 10 is 1p).
        max_rank: of the higher of the two ranks.
        min_handicap: stones.
        max_handicap: stones.
        komi: the values allowed, points.
        min_komi: points.
        max_komi: points.
        min_moves: the length of the game.
        max_moves: likewise.
        winner: "black" or "white".
        endings: how the game may have ended, of lzp.sgf.record.ENDINGS.
        undecided: take games without a winner too; their value target is 0.
        since: the first day, YYYY-MM-DD, or the month or the year alone.
        until: the last day, likewise; a month or year counts to its end.
        rules: what the record may say of the rules, whatever the case; "" is nothing.
        val_fraction: part of the games, by hash, that make up the validation split.
        test_fraction: likewise the test split.
    """

    side: int | None = None
    even_only: bool = False
    min_rank: int | str | None = None
    max_rank: int | str | None = None
    min_handicap: int | None = None
    max_handicap: int | None = None
    komi: tuple[float, ...] | None = None
    min_komi: float | None = None
    max_komi: float | None = None
    min_moves: int | None = None
    max_moves: int | None = None
    winner: str | None = None
    endings: tuple[str, ...] | None = None
    undecided: bool = False
    since: int | str | None = None
    until: int | str | None = None
    rules: tuple[str, ...] | None = None
    val_fraction: float = 0.01
    test_fraction: float = 0.01

    def __post_init__(self) -> None:
        """Refuse what no game can fulfill, by name."""
        parts = (self.val_fraction, self.test_fraction)
        if min(parts) < 0 or sum(parts) > 1:
            raise ValueError(
                f"val_fraction and test_fraction must be from 0 to 1 together, got {parts}"
            )
        for names in _PAIRS:
            low, high = (self._number(name) for name in names)
            if low is not None and high is not None and low > high:
                values = " and ".join(str(getattr(self, name)) for name in names)
                raise ValueError(f"{names[0]} must not be above {names[1]}, got {values}")
        if self.winner not in (None, *_WINNERS):
            raise ValueError(f"winner must be black or white, got {self.winner!r}")
        for ending in self.endings or ():
            if ending not in ENDINGS:
                raise ValueError(f"no such ending: {ending} (known: {', '.join(ENDINGS)})")
        for name in ("komi", "endings", "rules"):
            if getattr(self, name) is not None and not getattr(self, name):
                raise ValueError(f"{name} must name at least one value, or be null")

    def _number(self, name: str) -> float | None:
        """Return a bound as the store's columns count it; None where there is none."""
        value = getattr(self, name)
        if value is None:
            return None
        if name.endswith("rank"):
            return _rank(name, value)
        if name in ("since", "until"):
            return _date(name, value)
        return float(value)

    def conditions(self, games: GameColumns) -> Iterator[Condition]:
        """Yield what is asked of the games themselves, cheap conditions first.

        Side, split and a missing winner are not among them: selection.py.
        """
        if self.even_only:
            yield Condition("without handicap", games.numbers("handicap") == 0)
        yield from self._ranges(games)
        if self.komi is not None:
            wanted = np.array(self.komi, np.float32)
            yield Condition(
                f"with komi {_listed(self.komi)}", np.isin(games.numbers("komi"), wanted)
            )
        if self.winner is not None:
            won = games.numbers("result") == _WINNERS[self.winner]
            yield Condition(f"won by {self.winner}", won)
        if self.endings is not None:
            wanted = np.array([ENDINGS.index(ending) for ending in self.endings])
            ended = np.isin(games.numbers("ending"), wanted)
            yield Condition(f"ended by {_listed(self.endings)}", ended)
        if self.rules is not None:
            known = {text.strip().lower() for text in self.rules}
            mask = np.array([text.strip().lower() in known for text in games.texts("rules")], bool)
            yield Condition(f"under rules {_listed(self.rules)}", mask)

    def _ranges(self, games: GameColumns) -> Iterator[Condition]:
        """Yield the conditions that are bounds of a number."""
        ranks = [games.numbers("black_rank"), games.numbers("white_rank")]
        known = (ranks[0] != NO_RANK) & (ranks[1] != NO_RANK)
        dates = games.numbers("date")
        columns = (
            ("min_rank", np.minimum(*ranks), known, "with both ranks from"),
            ("max_rank", np.maximum(*ranks), known, "with both ranks up to"),
            ("min_handicap", games.numbers("handicap"), True, "with handicap from"),
            ("max_handicap", games.numbers("handicap"), True, "with handicap up to"),
            ("min_komi", games.numbers("komi"), True, "with komi from"),
            ("max_komi", games.numbers("komi"), True, "with komi up to"),
            ("min_moves", games.lengths, True, "of moves from"),
            ("max_moves", games.lengths, True, "of moves up to"),
            ("since", dates, dates > 0, "played since"),
            ("until", dates, dates > 0, "played until"),
        )
        for name, column, usable, words in columns:
            bound = self._number(name)
            if bound is None:
                continue
            lower = name.startswith("min_") or name == "since"
            within = column >= bound if lower else column <= bound  # NaN is neither
            shown = rank_text(int(bound)) if name.endswith("rank") else getattr(self, name)
            yield Condition(f"{words} {shown}", usable & within)


def _listed(values: tuple[Any, ...]) -> str:
    """Return values for a message."""
    return " or ".join(str(value) or "(none)" for value in values)


def _rank(name: str, value: int | str) -> int:
    """Return a rank on the store's scale."""
    rank = parse_rank(value) if isinstance(value, str) else value
    if rank is None or not -40 <= rank <= 19:
        raise ValueError(f"{name} must be a rank such as 6d, 3k or 1p, got {value!r}")
    return rank


def _date(name: str, value: int | str) -> int:
    """Return a bound of dates as yyyymmdd, with month and day 0 or 99 where left open."""
    match = _DATE.fullmatch(str(value))
    if match is None:
        raise ValueError(f"{name} must be YYYY, YYYY-MM or YYYY-MM-DD, got {value!r}")
    open_end = 99 if name == "until" else 0
    year, month, day = (open_end if part is None else int(part) for part in match.groups())
    return year * 10000 + month * 100 + day


def split_of(hashes: NDArray[np.uint64], fractions: GameFilter) -> NDArray[np.int8]:
    """Return the index in SPLITS of games by their hashes, int8 [G].

    Test games are those with the lowest hashes, validation games the next ones, so that
    a game's split depends on nothing but its moves and the two fractions.
    """
    steps = hashes.astype(np.uint64) >> np.uint64(32)
    test_end = round(fractions.test_fraction * _HASH_STEPS)
    val_end = test_end + round(fractions.val_fraction * _HASH_STEPS)
    splits = np.zeros(len(steps), np.int8)
    splits[steps < np.uint64(min(val_end, _HASH_STEPS))] = SPLITS.index("val")
    splits[steps < np.uint64(min(test_end, _HASH_STEPS))] = SPLITS.index("test")
    return splits
