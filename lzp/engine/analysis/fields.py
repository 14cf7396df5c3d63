"""Fields of a JSON query, read by type and range; what is wrong is told in KataGo's words."""

import math
from collections.abc import Mapping
from typing import Any

from lzp.go.constants import BLACK, WHITE
from lzp.go.vertex import parse_color, parse_vertex

#: A JSON object as `json.loads` returns it.
Fields = Mapping[str, Any]

_PAIRS = 'Must be an array of pairs of the form: ["b" or "w", GTP board vertex]'
_VERTICES = "Must be an array of GTP board vertices"
#: What a client wrote is repeated up to so many characters.
_MOST_SHOWN = 40


class QueryError(ValueError):
    """A field that cannot be used; the text is for the client.

    Attributes:
        field: its name.
    """

    def __init__(self, field: str, text: str) -> None:
        """Say which field, and what is wrong with it."""
        super().__init__(text)
        self.field = field


def read_integer(fields: Fields, field: str, low: int, high: int) -> int:
    """Return a whole number in a range, both ends included.

    Raises:
        QueryError: it is something else.
    """
    value = fields[field]
    # To Python, true is a number.
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise QueryError(field, f"Must be an integer from {low} to {high}")
    return value


def read_number(fields: Fields, field: str, low: float, high: float) -> float:
    """Return a number in a range, both ends included.

    Raises:
        QueryError: it is something else.
    """
    value = fields[field]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # Compared before it becomes a float, which a huge integer could not.
    if not is_number or not low <= value <= high or not math.isfinite(value):
        raise QueryError(field, f"Must be a number from {low:g} to {high:g}")
    return float(value)


def read_flag(fields: Fields, field: str, default: bool = False) -> bool:
    """Return true or false, or the default where there is none.

    Raises:
        QueryError: it is something else.
    """
    value = fields.get(field, default)
    if not isinstance(value, bool):
        raise QueryError(field, "Must be a boolean")
    return value


def read_text(fields: Fields, field: str) -> str:
    """Return a string.

    Raises:
        QueryError: it is something else, or missing.
    """
    value = fields.get(field)
    if not isinstance(value, str):
        raise QueryError(field, "Must be a string")
    return value


def read_integers(fields: Fields, field: str) -> list[int]:
    """Return an array of whole numbers.

    Raises:
        QueryError: it is something else.
    """
    value = fields[field]
    if not isinstance(value, list) or any(type(each) is not int for each in value):
        raise QueryError(field, "Must be an array of integers")
    return value


def read_player(fields: Fields, field: str, name: str | None = None) -> int:
    """Return BLACK or WHITE.

    Args:
        fields: a query, or an object inside one.
        field: of the color.
        name: of the query's field, where that is another one.

    Raises:
        QueryError: it is neither.
    """
    try:
        return parse_color(fields[field])
    except (ValueError, AttributeError):
        raise QueryError(name or field, 'Must be "b" or "w"') from None


def read_moves(fields: Fields, field: str, side: int, *, passes: bool) -> list[tuple[int, int]]:
    """Return (color, move) of each pair of an array.

    Args:
        fields: the query.
        field: its name.
        side: of the board.
        passes: whether a move may be a pass.

    Raises:
        QueryError: it is something else, or a pair is.
    """
    value = fields[field]
    if not isinstance(value, list):
        raise QueryError(field, _PAIRS)
    return [_read_pair(pair, field, side, passes) for pair in value]


def _read_pair(pair: Any, field: str, side: int, passes: bool) -> tuple[int, int]:
    """Return (color, move) of one pair."""
    is_pair = isinstance(pair, list) and len(pair) == 2
    if not is_pair or not all(isinstance(word, str) for word in pair):
        raise QueryError(field, _PAIRS)
    try:
        color = parse_color(pair[0])
    except ValueError:
        raise QueryError(field, f"Could not parse player: {pair[0][:_MOST_SHOWN]}") from None
    return color, read_location(pair[1], field, side, passes=passes)


def read_locations(fields: Fields, key: str, field: str, side: int) -> list[int]:
    """Return the moves of an array of vertices, passes among them.

    Args:
        fields: an object inside the query.
        key: of the array.
        field: the query's field, for errors.
        side: of the board.

    Raises:
        QueryError: it is something else, or a vertex is none.
    """
    value = fields[key]
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise QueryError(field, _VERTICES)
    return [read_location(word, field, side, passes=True) for word in value]


def read_location(text: str, field: str, side: int, *, passes: bool) -> int:
    """Return the move of a vertex as "Q16", "(15,3)" from the top left, or "pass".

    Raises:
        QueryError: it is none, or a pass where there may be none.
    """
    try:
        move = _read_numbers(text, side) if text[:1] == "(" else parse_vertex(text, side)
    except ValueError:
        move = -1
    if move < 0 or (move == side * side and not passes):
        raise QueryError(field, f"Could not parse board location: {text[:_MOST_SHOWN]}")
    return move


def _read_numbers(text: str, side: int) -> int:
    """Return the move of "(x,y)", counted from 0 at the top left; ValueError for another."""
    x_text, comma, y_text = text.removeprefix("(").removesuffix(")").partition(",")
    if not comma or not text.endswith(")") or len(text) > len("(99, 99)"):
        raise ValueError(text)
    x, y = int(x_text), int(y_text)
    if not (0 <= x < side and 0 <= y < side):
        raise ValueError(text)
    return (side - 1 - y) * side + x


def format_player(color: int) -> str:
    """Return "B" or "W"."""
    return {BLACK: "B", WHITE: "W"}[color]


def from_top(side: int) -> list[int]:
    """Return the moves row by row from the top left, the order of the protocol's arrays."""
    return [y * side + x for y in range(side - 1, -1, -1) for x in range(side)]
