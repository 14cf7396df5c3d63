"""Star points and the fixed places of handicap stones (GTP version 2, section 4.1.1)."""

from functools import cache


def _lines(side: int) -> tuple[int, int, int]:
    """Return the low, middle and high star line of a side, counted from 0."""
    edge = 3 if side >= 13 else 2
    return edge, side // 2, side - 1 - edge


@cache
def star_points(side: int) -> frozenset[int]:
    """Return the moves that a board of this side marks with dots; none below 7."""
    if side < 7:
        return frozenset()
    low, middle, high = _lines(side)
    corners = {y * side + x for x in (low, high) for y in (low, high)}
    if side % 2 == 0:
        return frozenset(corners)
    center = {middle * side + middle}
    if side < 13:
        return frozenset(corners | center)
    sides = {
        y * side + x for x, y in [(low, middle), (high, middle), (middle, low), (middle, high)]
    }
    return frozenset(corners | center | sides)


def max_fixed_handicap(side: int) -> int:
    """Return the most stones with a fixed place on a board of this side."""
    if side < 7:
        return 0
    return 4 if side % 2 == 0 or side == 7 else 9


def fixed_handicap(stones: int, side: int) -> list[int]:
    """Return the moves of 2 to 9 fixed handicap stones, in the order in which they are named.

    Raises:
        ValueError: this number of stones has no fixed places on this side.
    """
    if not 2 <= stones <= max_fixed_handicap(side):
        raise ValueError(f"no fixed places for {stones} stones on a {side}x{side} board")
    low, middle, high = _lines(side)
    places = [(low, low), (high, high), (low, high), (high, low)]
    if stones >= 6:
        places += [(low, middle), (high, middle)]
    if stones >= 8:
        places += [(middle, low), (middle, high)]
    places = places[: stones - stones % 2] if stones >= 4 else places[:stones]
    if stones >= 5 and stones % 2:
        places.append((middle, middle))
    return [y * side + x for x, y in places]
