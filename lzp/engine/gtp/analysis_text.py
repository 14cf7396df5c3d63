"""lz-analyze as text: the words after the command, and the lines that answer it.

The grammar and the units are Leela Zero's (centiseconds, integers of 0 to 10000); Sabaki
and both Lizzies read them by position, so a segment's keys, single blanks and the pv at the
end are part of the contract.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lzp.engine.gtp.arguments import read_color, read_count, read_vertex
from lzp.engine.gtp.protocol import GtpError
from lzp.engine.report import MoveReport, SearchReport
from lzp.engine.restrictions import RESIGN, MoveRestrictions, Restriction
from lzp.go.vertex import format_vertex

_BAD_TAGS = "cannot parse analyze tags"
_SCALE = 10000


@dataclass(frozen=True, kw_only=True, slots=True)
class AnalysisRequest:
    """What the words of an analysis ask for.

    Attributes:
        color: whose turn it is to be; None leaves it.
        interval_cs: centiseconds between reports; None reports nothing.
        min_moves: list at least so many moves, unvisited ones if need be.
        restrictions: the avoids and allows; None if there are none.
    """

    color: int | None = None
    interval_cs: int | None = None
    min_moves: int = 0
    restrictions: MoveRestrictions | None = None


def parse_request(args: Sequence[str], side: int, ply: int) -> AnalysisRequest:
    """Read the words of lz-analyze, in any order.

    Args:
        args: the words after the command.
        side: of the board.
        ply: of the game now; restrictions count from it.

    Raises:
        GtpError: a word that Leela Zero would not understand, or an avoid of points beside
            an allow for the same color.
    """
    color, interval_cs, min_moves = None, None, 0
    rules: dict[str, list[Restriction]] = {"avoid": [], "allow": []}
    words = iter(args)
    for word in words:
        lower = word.lower()
        if lower.isascii() and lower.isdigit():
            interval_cs = read_count(lower, _BAD_TAGS)
        elif lower == "interval":
            interval_cs = read_count(_next(words), _BAD_TAGS)
        elif lower == "minmoves":
            min_moves = read_count(_next(words), _BAD_TAGS)
        elif lower in rules:
            rules[lower] += _read_rule(words, side, ply)
        else:
            color = read_color(word, _BAD_TAGS)
    _refuse_mixture(rules["avoid"], rules["allow"], side * side)
    restrictions = MoveRestrictions(avoid=tuple(rules["avoid"]), allow=tuple(rules["allow"]))
    return AnalysisRequest(
        color=color,
        interval_cs=interval_cs,
        min_moves=min_moves,
        restrictions=restrictions if rules["avoid"] or rules["allow"] else None,
    )


def _next(words: Iterator[str]) -> str:
    """Return the next word; GtpError if there is none."""
    word = next(words, None)
    if word is None:
        raise GtpError(_BAD_TAGS)
    return word


def _read_rule(words: Iterator[str], side: int, ply: int) -> list[Restriction]:
    """Read "COLOR V,V,... UNTIL"."""
    color = read_color(_next(words), _BAD_TAGS)
    moves = _read_moves(_next(words), side)
    until = read_count(_next(words), _BAD_TAGS)
    if until < 1:
        raise GtpError(_BAD_TAGS)
    return [Restriction(color, move, ply + until) for move in moves]


def _read_moves(text: str, side: int) -> list[int]:
    """Read vertices between commas; "A1:C3" is a rectangle, "resign" is RESIGN."""
    moves: set[int] = set()
    for part in text.split(","):
        first, colon, second = part.partition(":")
        if part.lower() == "resign":
            moves.add(RESIGN)
            continue
        start = read_vertex(first, side, _BAD_TAGS)
        end = read_vertex(second, side, _BAD_TAGS) if colon else start
        if colon and side * side in (start, end):
            raise GtpError(_BAD_TAGS)
        moves.update(_rectangle(start, end, side) if colon else [start])
    return sorted(moves)


def _rectangle(start: int, end: int, side: int) -> list[int]:
    """Return the moves between two corners, both included."""
    low_x, high_x = sorted((start % side, end % side))
    low_y, high_y = sorted((start // side, end // side))
    return [y * side + x for y in range(low_y, high_y + 1) for x in range(low_x, high_x + 1)]


def _refuse_mixture(avoid: list[Restriction], allow: list[Restriction], area: int) -> None:
    """Raise GtpError where points are both avoided and allowed for a color."""
    allowed = {rule.color for rule in allow}
    if any(rule.color in allowed and 0 <= rule.move < area for rule in avoid):
        raise GtpError(_BAD_TAGS)


def format_report(report: SearchReport, side: int) -> str:
    """Return one line of "info move ..." segments, best first; empty if there is no move.

    Unvisited moves are in it only if the report lists them (`minmoves`): Sabaki's graph takes
    the best number on the line, and theirs are none.
    """
    return " ".join(_segment(move, side) for move in report.moves)


def _segment(move: MoveReport, side: int) -> str:
    """Return one move's part of the line; its pv holds at least the move itself."""
    pv = " ".join(format_vertex(step, side) for step in move.pv or (move.move,))
    numbers = f"winrate {_scaled(move.winrate)} prior {_scaled(move.prior)} lcb {_scaled(move.lcb)}"
    vertex = format_vertex(move.move, side)
    return f"info move {vertex} visits {move.visits} {numbers} order {move.order} pv {pv}"


def _scaled(share: float) -> int:
    """Return a number of 0 to 1 as an integer of 0 to 10000, cut off as Leela Zero does."""
    return min(max(int(share * _SCALE), 0), _SCALE)
