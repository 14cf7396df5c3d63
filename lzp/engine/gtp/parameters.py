"""What can be changed while the program runs, under KataGo's names, and how it is spelled.

kata-set-param and GoGui's dialog change the same flags.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

from lzp.engine.gtp.options import LIVE_GRAPHICS, EngineOptions

_MOST_COUNT = 1_000_000_000
_MOST_S = 1_000_000.0
_MOST_LAG_S = 30.0
_MOST_LOOK_S = 600.0
#: What resigning below a percentage begins at where Leela Zero's rule holds.
_USUAL_PERCENT = 10
#: As many digits as KataGo's numbers for "no limit" have.
_DECIMAL = re.compile(
    r"[+-]?(\d{1,25}(\.\d{0,25})?|\.\d{1,25})(e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE
)
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One name.

    Attributes:
        kind: how GoGui asks for it: "string", "bool" or "list/A/B".
        read: its value now, as KataGo spells it.
        write: the flags that a new value changes, by name; ValueError if it is out of range.
    """

    kind: str
    read: Callable[[EngineOptions], str]
    write: Callable[[str], dict[str, Any]]

    def value_for_gogui(self, options: EngineOptions) -> str:
        """Return the value now as GoGui's dialog reads it."""
        value = self.read(options)
        return str(int(_TRUTH[value])) if self.kind == "bool" else value


def _count(flag: str) -> Parameter:
    """Return a limit of visits or playouts; KataGo's huge numbers for no limit are 0 here."""

    def write(text: str) -> dict[str, Any]:
        number = _number(text, 0, inf, is_whole=True)
        return {flag: 0 if number >= _MOST_COUNT else int(number)}

    return Parameter("string", lambda options: str(getattr(options, flag)), write)


def _seconds(flag: str, most_s: float, unit: int = 1) -> Parameter:
    """Return a time, which the flag counts in 1/unit seconds."""

    def write(text: str) -> dict[str, Any]:
        number = _number(text, 0, most_s)
        return {flag: number if unit == 1 else round(number * unit)}

    return Parameter("string", lambda options: f"{getattr(options, flag) / unit:g}", write)


def _truth(flag: str) -> Parameter:
    """Return a flag that is on or off."""
    return Parameter(
        "bool",
        lambda options: str(getattr(options, flag)).lower(),
        lambda text: {flag: _is_true(text)},
    )


def _fixed_at_zero(reason: str) -> Parameter:
    """Return a number that boards ask for and that cannot be changed."""

    def write(text: str) -> dict[str, Any]:
        if _number(text, -inf, inf) != 0:
            raise ValueError(f"cannot be changed: {reason}")
        return {}

    return Parameter("string", lambda _: "0.0", write)


def _write_max_time(text: str) -> dict[str, Any]:
    """Read seconds a move; KataGo's huge numbers for no limit are 0 here."""
    number = _number(text, 0, inf)
    return {"max_time_s": 0.0 if number >= _MOST_S else number}


def _write_threshold(text: str) -> dict[str, Any]:
    """Read a utility of -1 to 0 below which to resign, as a percentage."""
    return {"resign_percent": round(50 * (1 + _number(text, -1, 0)))}


def _read_threshold(options: EngineOptions) -> str:
    """Return the utility below which we resign."""
    percent = options.resign_percent if options.resign_percent >= 0 else _USUAL_PERCENT
    return f"{percent / 50 - 1:g}"


def _write_live(text: str) -> dict[str, Any]:
    """Read a word of LIVE_GRAPHICS."""
    if text.lower() not in LIVE_GRAPHICS:
        raise ValueError(f"must be one of {', '.join(LIVE_GRAPHICS)}")
    return {"live_graphics": text.lower()}


def _number(text: str, low: float, high: float, *, is_whole: bool = False) -> float:
    """Return a number in a range; ValueError if it is none."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError("must be a number")
    number = float(text)
    if is_whole and number != int(number):
        raise ValueError("must be a whole number")
    if not low <= number <= high:
        raise ValueError(
            f"must be at least {low:g}" + (f" and at most {high:g}" if high < inf else "")
        )
    return number


def _is_true(text: str) -> bool:
    """Return what "true" or "false", "1" or "0" says; ValueError if it is neither."""
    if text.lower() not in _TRUTH:
        raise ValueError("must be true or false")
    return _TRUTH[text.lower()]


#: By name, in the order in which they are listed. All but the last two names are KataGo's.
PARAMETERS = {
    "maxVisits": _count("visits"),
    "maxPlayouts": _count("playouts"),
    "maxTime": Parameter("string", lambda options: f"{options.max_time_s:g}", _write_max_time),
    "lagBuffer": _seconds("lag_buffer_cs", _MOST_LAG_S, unit=100),
    "ponderingEnabled": _truth("ponder"),
    "allowResignation": Parameter(
        "bool",
        lambda options: str(options.resign_percent != 0).lower(),
        lambda text: {"resign_percent": -1 if _is_true(text) else 0},
    ),
    "resignThreshold": Parameter("string", _read_threshold, _write_threshold),
    "playoutDoublingAdvantage": _fixed_at_zero("no network of Leela Zero's kind has it"),
    "analysisWideRootNoise": _fixed_at_zero("the search has no such noise"),
    "lookSeconds": _seconds("look_s", _MOST_LOOK_S),
    "liveGraphics": Parameter(
        f"list/{'/'.join(LIVE_GRAPHICS)}", lambda options: options.live_graphics, _write_live
    ),
}
