"""Words of a command as colors, vertices and numbers; GtpError in Leela Zero's words."""

import re
from collections.abc import Sequence

from lzp.engine.gtp.protocol import GtpError
from lzp.go.vertex import parse_color, parse_vertex

Args = Sequence[str]
SYNTAX = "syntax not understood"
_DECIMAL = re.compile(r"[+-]?(\d{1,12}(\.\d*)?|\.\d+)(e[+-]?\d)?", re.ASCII | re.IGNORECASE)


def need(args: Args, count: int, message: str = SYNTAX) -> None:
    """Raise GtpError with a message unless there are at least so many words."""
    if len(args) < count:
        raise GtpError(message)


def read_color(text: str, message: str = SYNTAX) -> int:
    """Return BLACK or WHITE."""
    try:
        return parse_color(text)
    except ValueError:
        raise GtpError(message) from None


def read_vertex(text: str, side: int, message: str = "illegal move") -> int:
    """Return a vertex of the board, or the pass, as a move."""
    try:
        return parse_vertex(text, side)
    except ValueError:
        raise GtpError(message) from None


def read_int(text: str, message: str = SYNTAX) -> int:
    """Return a whole number of either sign, of at most nine digits."""
    digits = text[1:] if text[:1] in "+-" else text
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 9:
        raise GtpError(message)
    return int(text)


def read_count(text: str, message: str = SYNTAX) -> int:
    """Return a whole number that is not negative."""
    number = read_int(text, message)
    if number < 0:
        raise GtpError(message)
    return number


def read_number(text: str, message: str = SYNTAX) -> float:
    """Return a decimal number of either sign, below about 1e21."""
    if len(text) > 40 or not _DECIMAL.fullmatch(text):
        raise GtpError(message)
    return float(text)


def read_seconds(text: str, message: str = SYNTAX) -> float:
    """Return a time of 0 or more."""
    seconds = read_number(text, message)
    if seconds < 0:
        raise GtpError(message)
    return seconds
