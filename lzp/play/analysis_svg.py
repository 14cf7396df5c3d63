"""What the engine thinks of a position, as one SVG.

The board with its candidate moves, and beside it the winrate and the best variations.
"""

from xml.sax.saxutils import escape

from lzp.engine.report import MoveReport, SearchReport
from lzp.go import BLACK, Game
from lzp.go.vertex import format_color, format_vertex
from lzp.play.board_svg import FONT, INK, Label, board_size, draw_board

PANEL_WIDTH = 330
_MOST_MOVES = 8
_PV_MOVES = 7
_BEST, _OTHER = "#4fb3ff", "#7fd47f"


def draw_analysis(game: Game, report: SearchReport, title: str) -> str:
    """Return a whole SVG document for a position and what a search said of it.

    Args:
        game: the position that was searched.
        report: the search's answer; winrates are those of the side to move.
        title: one line for the head of the panel, such as the network's name.
    """
    height = board_size(game.side)
    width = height + PANEL_WIDTH
    last = game.moves[-1][1] if game.moves and game.moves[-1][1] != game.pass_move else None
    board = draw_board(game.board, last, _labels(game, report))
    panel = _panel(game, report, title)
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width:.0f}' height='{height:.0f}' "
        f"viewBox='0 0 {width:.0f} {height:.0f}'>\n"
        f"<rect width='{width:.0f}' height='{height:.0f}' fill='#fdfcf9'/>\n{board}\n"
        f"<g transform='translate({height + 20:.0f} 0)' {FONT} fill='{INK}'>\n{panel}\n</g>\n"
        "</svg>\n"
    )


def _labels(game: Game, report: SearchReport) -> list[Label]:
    """Return a disc for each candidate: winrate over visits, stronger for more visits."""
    shown = [move for move in report.moves if move.visits and move.move != game.pass_move]
    most = max((move.visits for move in shown), default=1)
    labels = []
    for move in shown:
        share = move.visits / most
        lines: tuple[str, ...] = (f"{100 * move.winrate:.0f}", _short(move.visits))
        labels.append(
            Label(
                move=move.move,
                lines=lines if share >= 0.02 else (),
                fill=_BEST if move.order == 0 else _OTHER,
                strength=0.25 + 0.7 * share,
            )
        )
    return labels


def _short(visits: int) -> str:
    """Return a count in at most four characters."""
    return str(visits) if visits < 10_000 else f"{visits // 1000}k"


def _panel(game: Game, report: SearchReport, title: str) -> str:
    """Return the text beside the board."""
    black = report.winrate if game.to_play == BLACK else 1 - report.winrate
    rows = [
        f"<text y='46' font-size='19' font-weight='bold'>{escape(title)}</text>",
        f"<text y='72' font-size='13'>move {game.ply + 1}, {format_color(game.to_play)} to play, "
        f"{report.visits_root} visits</text>",
        _winrate_bar(black),
        "<g font-size='12' opacity='0.7'><text y='166'>move</text>"
        "<text x='52' y='166'>winrate</text><text x='112' y='166'>visits, variation</text></g>",
    ]
    rows += [
        _move_row(move, game.side, 190 + 38 * index)
        for index, move in enumerate(report.moves[:_MOST_MOVES])
    ]
    return "\n".join(rows)


def _winrate_bar(black: float) -> str:
    """Return the bar that splits the winrate between Black and White."""
    width = PANEL_WIDTH - 40
    split = width * black
    return (
        f"<rect y='92' width='{width}' height='24' fill='#fbfaf6' stroke='#8b8577'/>"
        f"<rect y='92' width='{split:.1f}' height='24' fill='#16161a'/>"
        f"<text y='136' font-size='12'>Black {100 * black:.1f}%</text>"
        f"<text x='{width}' y='136' font-size='12' text-anchor='end'>White "
        f"{100 * (1 - black):.1f}%</text>"
    )


def _move_row(move: MoveReport, side: int, y: int) -> str:
    """Return one candidate: its figures, and its variation on a second line."""
    variation = " ".join(format_vertex(step, side) for step in move.pv[:_PV_MOVES])
    return (
        f"<text y='{y}' font-size='14' font-weight='bold'>{format_vertex(move.move, side)}</text>"
        f"<text x='52' y='{y}' font-size='14'>{100 * move.winrate:.1f}%</text>"
        f"<text x='112' y='{y}' font-size='14'>{move.visits}</text>"
        f"<text y='{y + 16}' font-size='11' opacity='0.75'>{escape(variation)}</text>"
    )
