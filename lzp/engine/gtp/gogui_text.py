"""What GoGui draws, as text: the lines of its graphics language, boards and pairs.

Its manual, chapter "Analyze Commands", defines the forms.
"""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from lzp.engine.report import MoveReport, SearchReport
from lzp.go import BLACK, WHITE
from lzp.go.vertex import format_vertex

#: Moves that are drawn at most.
_MOST_DRAWN = 10
#: From the color of the move with most visits to that of one with hardly any, red green blue.
_STRONG, _WEAK = (64, 192, 64), (255, 224, 128)
#: Moves of a variation that are drawn at most.
MOST_STEPS = 20


def draw_moves(report: SearchReport, side: int, color: int) -> str:
    """Return the best moves as gfx: colored by visits, labeled with their winrates in percent.

    Args:
        report: of a search.
        side: of the board.
        color: who is to move.
    """
    shown = _on_board(report.moves, side)[:_MOST_DRAWN]
    most = max((move.visits for move in shown), default=0)
    lines = [
        f"COLOR {_shade(move.visits / most)} {format_vertex(move.move, side)}" for move in shown
    ]
    if shown:
        labels = (f"{format_vertex(move.move, side)} {100 * move.winrate:.0f}" for move in shown)
        lines.append(f"LABEL {' '.join(labels)}")
    return "\n".join([*lines, f"TEXT {summary(report, side, color)}"])


def draw_variation(report: SearchReport, side: int, color: int) -> str:
    """Return the best variation as gfx: numbered stones of both colors, up to a pass."""
    steps, turn = [], color
    for vertex in variation(report, side):
        steps.append(f"{'b' if turn == BLACK else 'w'} {vertex}")
        turn = WHITE if turn == BLACK else BLACK
    lines = [f"VAR {' '.join(steps)}"] if steps else []
    return "\n".join([*lines, f"TEXT {summary(report, side, color)}"])


def summary(report: SearchReport, side: int, color: int) -> str:
    """Return who wins, after how much thinking, and how, on one line."""
    black = report.winrate if color == BLACK else 1 - report.winrate
    best = f", best {format_vertex(report.moves[0].move, side)}" if report.moves else ""
    return (
        f"Black {100 * black:.1f}%, White {100 * (1 - black):.1f}%"
        f" after {report.visits_root} visits{best}"
    )


def variation(report: SearchReport, side: int) -> list[str]:
    """Return the vertices of the best variation, up to a pass."""
    vertices: list[str] = []
    for move in report.moves[0].pv[:MOST_STEPS] if report.moves else ():
        if move == side * side:
            break
        vertices.append(format_vertex(move, side))
    return vertices


def visit_pairs(report: SearchReport, side: int) -> str:
    """Return the visited points and their visits as pspairs."""
    shown = _on_board(report.moves, side)
    return " ".join(f"{format_vertex(move.move, side)} {move.visits}" for move in shown)


def policy_pairs(policy: NDArray[np.float64], side: int) -> str:
    """Return the points of at least half a percent of the policy, best first, as pspairs."""
    order = np.argsort(-policy[:-1], kind="stable")
    shown = [int(move) for move in order if policy[move] >= 0.005]
    return " ".join(f"{format_vertex(move, side)} {100 * policy[move]:.0f}" for move in shown)


def policy_board(policy: NDArray[np.float64], side: int) -> str:
    """Return the policy as a dboard, 1 for the likeliest point; square roots show the others."""
    points = np.sqrt(policy[:-1] / max(float(policy[:-1].max()), 1e-9))
    return number_board(points.reshape(side, side)[::-1].ravel(), side)


def number_board(rows: NDArray[np.floating], side: int) -> str:
    """Return numbers, rows from the top, as a dboard."""
    return "\n".join(" ".join(f"{value:.3f}" for value in row) for row in rows.reshape(side, side))


def _on_board(moves: Iterable[MoveReport], side: int) -> list[MoveReport]:
    """Return the visited moves that are no passes."""
    return [move for move in moves if move.visits and move.move != side * side]


def _shade(share: float) -> str:
    """Return the color of a move with a share of the most visits, in (0, 1]."""
    weight = math.sqrt(share)
    mixed = (
        round(weight * strong + (1 - weight) * weak)
        for strong, weak in zip(_STRONG, _WEAK, strict=True)
    )
    return "#" + "".join(f"{part:02x}" for part in mixed)
