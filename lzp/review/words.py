"""What a review says in words, in ASCII, for comments in records."""

from lzp import __version__
from lzp.engine.report import MoveReport
from lzp.go import BLACK, WHITE
from lzp.go.vertex import format_vertex
from lzp.review.files import SIGNATURE
from lzp.review.judgment import Average, JudgedMove, Position, average
from lzp.review.review import Review

_PV_MOVES = 12
_LETTERED = 3


def color_name(color: int) -> str:
    """Return "Black" or "White"."""
    return "Black" if color == BLACK else "White"


def percent(share: float) -> str:
    """Return a share as a percentage with one decimal."""
    return f"{100 * share:.1f} %"


def move_line(move: JudgedMove, side: int) -> str:
    """Return what a move is and what it lost, in a line."""
    head = f"Move {move.ply}, {color_name(move.color)} {format_vertex(move.move, side)}"
    if move.lost is None:
        return f"{head}: ends the game, not judged."
    if move.verdict == "find":
        return f"{head}: the best move, and one that the network did not expect."
    if move.is_best:
        return f"{head}: the best move."
    if move.verdict == "good":
        return f"{head}: loses {percent(move.lost)}."
    return f"{head}: {move.verdict}, loses {percent(move.lost)}."


def better_moves(before: Position, move: JudgedMove, side: int) -> list[str]:
    """Return a line for each move that might have been played instead of a mistake."""
    return [
        f"{letter} {_move_text(report, side)}"
        for letter, report in zip("ABC", lettered(before, move), strict=False)
    ]


def own_move(move: JudgedMove, side: int) -> str:
    """Return what the search would have played."""
    return f"The search's own: {_move_text(move.best, side)}"


def lettered(before: Position, move: JudgedMove) -> list[MoveReport]:
    """Return the first moves of a search without the one that was played."""
    searched = [report for report in before.moves if report.visits and report.move != move.move]
    return searched[:_LETTERED]


def winrate_text(position: Position) -> str:
    """Return a position's winrate for both colors."""
    black = position.winrate_black
    return f"Winrate: Black {percent(black)}, White {percent(1 - black)}."


def variation_text(report: MoveReport, side: int) -> str:
    """Return what a branch begins with."""
    return f"Instead: {_move_text(report, side)}"


def summary_lines(review: Review) -> list[str]:
    """Return what a review found on the whole."""
    params = review.params
    lines = [
        f"{SIGNATURE} {__version__} with {review.network}, {params.visits} visits a position. "
        f"A mistake loses {percent(params.threshold)} of winrate or more, measured from the "
        "best move for who moved."
    ]
    lines += [_average_text(color, average(review.moves, color)) for color in (BLACK, WHITE)]
    mistakes = review.mistakes()
    if mistakes:
        lines.append("Biggest mistakes:")
    for move in mistakes:
        vertex = format_vertex(move.move, review.game.side)
        better = format_vertex(move.best.move, review.game.side)
        lines.append(
            f"  move {move.ply}, {color_name(move.color)} {vertex}: "
            f"{percent(move.lost or 0.0)}, better {better}"
        )
    return lines + [f"Note: {note}." for note in review.notes]


def _average_text(color: int, found: Average) -> str:
    """Return a player's figures in a line."""
    if not found.moves:
        return f"{color_name(color)}: no moves judged."
    return (
        f"{color_name(color)}: {percent(found.lost)} lost a move, "
        f"{percent(found.best)} best moves, {found.inaccuracies} inaccuracies, "
        f"{found.mistakes} mistakes, {found.blunders} blunders."
    )


def _move_text(report: MoveReport, side: int) -> str:
    """Return a searched move with its figures and what was expected after it."""
    line = " ".join(format_vertex(move, side) for move in report.pv[:_PV_MOVES])
    return (
        f"{format_vertex(report.move, side)} {percent(report.winrate)}, "
        f"{report.visits} visits, policy {percent(report.prior)}: {line}"
    )
