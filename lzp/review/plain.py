"""A review as plain data: what `--json` writes and what the page shows."""

from typing import Any

from lzp import __version__
from lzp.engine.report import MoveReport
from lzp.go import BLACK, WHITE
from lzp.go.vertex import format_vertex
from lzp.review.annotate import decided_at
from lzp.review.judgment import Average, JudgedMove, Position, average, phases
from lzp.review.review import Review

#: Moves of a position and moves of a variation that are kept.
_MOST_MOVES, _PV_MOVES = 12, 24
#: Probabilities below are left out.
_LEAST_PRIOR = 0.002
_LETTERS = {BLACK: "B", WHITE: "W"}


def review_as_json(review: Review, comments: tuple[str, ...]) -> dict[str, Any]:
    """Return a review as what JSON can hold; docs/review.md describes it.

    Args:
        review: the review.
        comments: of the record, by ply.
    """
    record, params = review.record, review.params
    decided = decided_at(review)
    return {
        "lzp": __version__,
        "network": review.network,
        "visits": params.visits,
        "threshold": params.threshold,
        "looked_at": [_LETTERS[color] for color in params.colors],
        "notes": list(review.notes),
        "side": record.side,
        "komi": review.game.komi,
        "handicap": review.game.handicap,
        "rules": record.rules,
        "date": record.date,
        "result": record.result_text,
        "black": _player(review, BLACK),
        "white": _player(review, WHITE),
        "setup": {
            "black": _stones(review, BLACK),
            "white": _stones(review, WHITE),
        },
        "moves": [_move(move, record.side) for move in review.moves],
        "positions": [
            _position(position, record.side, comment)
            for position, comment in zip(review.positions, comments, strict=True)
        ],
        "mistakes": [move.ply for move in review.mistakes()],
        "decided": None if decided is None else {"ply": decided[0], "color": _LETTERS[decided[1]]},
    }


def _player(review: Review, color: int) -> dict[str, Any]:
    """Return who played a color, and how."""
    record = review.record
    name, rank = record.black, record.black_rank
    if color == WHITE:
        name, rank = record.white, record.white_rank
    return {
        "name": name,
        "rank": rank,
        "average": _average(average(review.moves, color)),
        "phases": {
            phase: _average(average(moves, color))
            for phase, moves in phases(review.moves, record.side).items()
        },
    }


def _average(found: Average) -> dict[str, Any]:
    """Return a player's figures."""
    return {
        "moves": found.moves,
        "lost": round(found.lost, 5),
        "best": round(found.best, 4),
        "first_three": round(found.first_three, 4),
        "inaccuracies": found.inaccuracies,
        "mistakes": found.mistakes,
        "blunders": found.blunders,
    }


def _stones(review: Review, color: int) -> list[str]:
    """Return the vertices of a color's set-up stones."""
    side = review.game.side
    return [format_vertex(move, side) for stone, move in review.game.setup if stone == color]


def _move(move: JudgedMove, side: int) -> dict[str, Any]:
    """Return a judged move."""
    return {
        "ply": move.ply,
        "color": _LETTERS[move.color],
        "move": format_vertex(move.move, side),
        "winrate": round(move.winrate, 4),
        "lost": None if move.lost is None else round(move.lost, 4),
        "verdict": move.verdict,
        "rank": move.rank,
        "prior": round(move.prior, 4),
        "best": format_vertex(move.best.move, side),
    }


def _position(position: Position, side: int, comment: str) -> dict[str, Any]:
    """Return a position and its candidates."""
    searched = [report for report in position.moves if report.visits][:_MOST_MOVES]
    return {
        "to_play": _LETTERS[position.to_play],
        "winrate_black": round(position.winrate_black, 4),
        "visits": position.visits,
        "moves": [_candidate(report, side) for report in searched],
        "policy": {
            format_vertex(report.move, side): round(report.prior, 4)
            for report in sorted(position.moves, key=lambda report: -report.prior)
            if report.prior >= _LEAST_PRIOR
        },
        "comment": comment,
    }


def _candidate(report: MoveReport, side: int) -> dict[str, Any]:
    """Return a move that was searched."""
    return {
        "move": format_vertex(report.move, side),
        "winrate": round(report.winrate, 4),
        "visits": report.visits,
        "prior": round(report.prior, 4),
        "pv": [format_vertex(move, side) for move in report.pv[:_PV_MOVES]],
    }
