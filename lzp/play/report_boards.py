"""Single positions of a report as boards: the network's first moves, and the played one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lzp.go import Game
from lzp.go.vertex import format_color, format_vertex
from lzp.play.board_svg import CELL, Label, board_size, draw_board, place
from lzp.play.report_positions import Positions

_BEST, _OTHER, _PLAYED = "#4fb3ff", "#7fd47f", "#ffb27a"
_RING = "#d2380c"
#: Moves of a lower probability get no disc.
_LEAST_SHARE = 0.01


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A position to look at; shares and winrate are the network's, for the side to move.

    Attributes:
        source: the file of its game, as the store names it.
        ply: moves played before it.
        to_play: "black" or "white".
        played: vertex of the move played.
        played_share: its probability.
        top: vertices of the network's first moves with their probabilities.
        winrate: in [0, 1].
        won: whether the side to move won; None if nobody did.
        svg: the board, one <svg> element.
    """

    source: str
    ply: int
    to_play: str
    played: str
    played_share: float
    top: tuple[tuple[str, float], ...]
    winrate: float
    won: bool | None
    svg: str


def draw_positions(positions: Positions, chosen: Sequence[int]) -> list[Picture]:
    """Return pictures of some of the positions, by their indices."""
    return [_picture(positions, index) for index in chosen]


def _picture(positions: Positions, index: int) -> Picture:
    """Return the picture of one position."""
    found, side = positions.measured, positions.side
    game = positions.replay(index)
    moves, shares = found.top_moves[index].tolist(), found.top_shares[index].tolist()
    top = list(zip(moves, shares, strict=True))
    played = int(found.played[index])
    played_share = math.exp(-found.nats[index])
    result = float(found.result[index])
    return Picture(
        source=positions.source(index),
        ply=game.ply,
        to_play=format_color(game.to_play),
        played=format_vertex(played, side),
        played_share=played_share,
        top=tuple((format_vertex(move, side), share) for move, share in top),
        winrate=(float(found.value[index]) + 1) / 2,
        won=None if result == 0 else result > 0,
        svg=_draw(game, top, (played, played_share)),
    )


def _draw(game: Game, top: list[tuple[int, float]], played: tuple[int, float]) -> str:
    """Return the board with discs on the first moves and a ring around the played one."""
    labels = _labels(game.pass_move, top, played)
    last = game.moves[-1][1] if game.moves and game.moves[-1][1] != game.pass_move else None
    size = board_size(game.side)
    board = draw_board(game.board, last, labels)
    ring = ""
    if played[0] != game.pass_move:
        x, y = place(played[0], game.side)
        ring = (
            f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{0.5 * CELL:.1f}' fill='none' "
            f"stroke='{_RING}' stroke-width='3'/>"
        )
    return f"<svg viewBox='0 0 {size:.0f} {size:.0f}' role='img'>{board}{ring}</svg>"


def _labels(pass_move: int, top: list[tuple[int, float]], played: tuple[int, float]) -> list[Label]:
    """Return a disc with its probability in percent for each move worth one."""
    shown = [(move, share) for move, share in top if share >= _LEAST_SHARE and move != pass_move]
    labels = [
        Label(
            move=move,
            lines=(f"{100 * share:.0f}",),
            fill=_BEST if move == top[0][0] else _OTHER,
            strength=0.45 + 0.55 * share,
        )
        for move, share in shown
    ]
    if played[0] != pass_move and played[0] not in [move for move, _ in shown]:
        labels.append(Label(move=played[0], lines=(share_text(played[1]),), fill=_PLAYED))
    return labels


def share_text(share: float) -> str:
    """Return a probability in percent, in at most four characters."""
    percent = 100 * share
    if percent >= 10:
        return f"{percent:.0f}"
    if percent >= 0.1:
        return f"{percent:.1f}"
    return f"{percent:.2f}".lstrip("0") if percent >= 0.005 else "0"
