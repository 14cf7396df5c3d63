"""A contestant of the arena as one line: "leela,cpuct=0.8,visits=100,weights=net.txt.gz".

Keys are the fields of SearchParams and PlayerParams, and a few of the arena's own. Without
a preset they go over the constants that play at full strength; the word `leela` stands for
those of Leela Zero, and `plain` for a search with every technique off.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from lzp.engine.many import MANY_CACHE_MIB
from lzp.engine.player import PlayerParams
from lzp.engine.search_params import SearchParams

#: How the constants are made that a line's own go over; "" where no preset is named.
PRESETS: dict[str, Callable[..., SearchParams]] = {
    "": SearchParams.strong,
    "leela": SearchParams.leela,
    "plain": SearchParams,
}
#: Without a budget a search would not end; the ablations' middle one.
DEFAULT_EVALUATIONS = 100
#: What the arena sets other than the engine does: one leaf at a time, so that a tree is
#: searched exactly as if it were alone and every budget is spent.
_SEARCH_DEFAULTS: dict[str, Any] = {
    "batch_size": 1,
    "batches_in_flight": 1,
    "cache_mib": MANY_CACHE_MIB,
}
_PLAYER_DEFAULTS: dict[str, Any] = {"time_management": "off", "resign_percent": 0.0}
_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@dataclass(frozen=True, kw_only=True, slots=True)
class Contestant:
    """One way to play.

    Attributes:
        name: for people; the line itself where none is given.
        search: constants of its search; the seed is the arena's.
        player: its visits and playouts a move, and when it resigns (never, by default).
        evaluations: positions sent to the network for one move at most; None is no limit.
        weights: its network; None for the arena's.
    """

    name: str
    search: SearchParams
    player: PlayerParams
    evaluations: int | None = None
    weights: Path | None = None

    @classmethod
    def parse(cls, line: str) -> "Contestant":
        """Return the contestant that a line describes.

        Raises:
            ValueError: a word is no key=value, no known key, or a value is out of range.
        """
        words = [word.strip() for word in line.split(",") if word.strip()]
        presets = [word for word in words if word in PRESETS]
        if len(presets) > 1:
            raise ValueError(f"more than one preset in {line!r}")
        pairs = _pairs([word for word in words if word not in PRESETS])
        name = pairs.pop("name", ",".join(words) or "default")
        weights = pairs.pop("weights", None)
        evaluations = _whole("evaluations", pairs.pop("evaluations", None))
        own = _take(pairs, PlayerParams)
        search = {**_SEARCH_DEFAULTS, **_take(pairs, SearchParams)}
        if pairs:
            raise ValueError(f"unknown setting {next(iter(pairs))!r} in {line!r}")
        if own.get("max_time_s") is not None:
            raise ValueError("the arena knows no time: give visits, playouts or evaluations")
        if evaluations is None and own.get("visits") is None and own.get("playouts") is None:
            evaluations = DEFAULT_EVALUATIONS
        return cls(
            name=name,
            search=PRESETS["".join(presets)](**search),
            player=PlayerParams(**{**_PLAYER_DEFAULTS, **own}),
            evaluations=evaluations,
            weights=None if weights is None else Path(weights),
        )


def _pairs(words: list[str]) -> dict[str, str]:
    """Return key=value words as a dictionary."""
    pairs: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise ValueError(
                f"{word!r} is neither key=value nor {' nor '.join(filter(None, PRESETS))}"
            )
        if key.strip() in pairs:
            raise ValueError(f"{key.strip()!r} is set twice")
        pairs[key.strip()] = value.strip()
    return pairs


def _take(pairs: dict[str, str], kind: type) -> dict[str, Any]:
    """Take the pairs that name fields of a dataclass, as values of their types."""
    hints: Mapping[str, Any] = get_type_hints(kind)
    names = [field.name for field in fields(kind) if field.name in pairs]
    return {name: _value(name, pairs.pop(name), hints[name]) for name in names}


def _value(name: str, text: str, hint: Any) -> Any:
    """Return a text as a value of a field's type; ValueError if it is none."""
    kinds = get_args(hint) if get_origin(hint) is UnionType else (hint,)
    if NoneType in kinds and text.lower() == "none":
        return None
    for kind in kinds:
        if kind is bool and text.lower() in _WORDS:
            return _WORDS[text.lower()]
        if kind in (int, float):
            try:
                return kind(text)
            except ValueError:
                continue
        if kind is str or (get_origin(kind) is Literal and text in get_args(kind)):
            return text
    raise ValueError(f"{name}: cannot read {text!r}")


def _whole(name: str, text: str | None) -> int | None:
    """Return a positive whole number, or None."""
    if text is None:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"{name} must be a whole number from 1 on, not {text!r}")
    return int(text)
