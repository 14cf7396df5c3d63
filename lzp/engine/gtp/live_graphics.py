"""Pictures on GoGui's board while we think, where somebody has asked for them.

GoGui takes them from stderr; other boards would show the lines as they are.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lzp.engine.gtp.gogui_text import draw_moves, draw_variation
from lzp.engine.gtp.session import Session
from lzp.engine.report import SearchReport

#: Between two pictures, where the search is not reported more often for another reason.
_INTERVAL_S = 0.5
_DRAWINGS = {"moves": draw_moves, "variation": draw_variation}


@contextmanager
def live_graphics(
    session: Session, color: int, watching: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Have a search drawn while it runs, and the board cleared after it.

    Args:
        session: the game; its flags say what is drawn, if anything.
        color: who is to move.
        watching: what the search is told, see `lzp.engine.search.Watching`.

    Yields:
        What to tell the search instead.
    """
    draw = _DRAWINGS.get(session.options.live_graphics)
    if draw is None:
        yield watching
        return
    side, told = session.game.side, watching.get("on_report")

    def on_report(report: SearchReport) -> None:
        if told is not None:
            told(report)
        _write(f"gogui-gfx:\n{draw(report, side, color)}\n\n")

    # Whoever reports already does so at an interval of its own.
    interval_s = _INTERVAL_S if told is None else watching["report_interval_s"]
    try:
        yield {**watching, "on_report": on_report, "report_interval_s": interval_s}
    finally:
        _write("gogui-gfx: CLEAR\n")


def _write(text: str) -> None:
    """Write whole lines at once."""
    sys.stderr.write(text)
    sys.stderr.flush()
