"""Analysis as a stream of lines, for every dialect, and Leela Zero's own.

A dialect is a way to read the words after the command and a way to write a report as a line.
"""

import math
import threading
from collections.abc import Callable
from typing import Any

from lzp.engine.gtp.analysis_text import AnalysisRequest, format_report, parse_request
from lzp.engine.gtp.arguments import Args
from lzp.engine.gtp.engine import Stream, WriteLine
from lzp.engine.gtp.moving import make_move
from lzp.engine.gtp.session import Handler, Session
from lzp.engine.report import SearchReport
from lzp.engine.search_params import SearchLimits

#: Writes a report as a line; an empty one is not sent.
Format = Callable[[SearchReport], str]


def analyze(session: Session, args: Args) -> Stream:
    """lz-analyze [COLOR] [INTERVAL] ...: reports until a line comes or a limit is reached."""
    request = parse_request(args, session.game.side, session.game.ply)
    return analysis_stream(session, request, leela_format(session))


def genmove_analyze(session: Session, args: Args) -> Stream:
    """lz-genmove_analyze COLOR ...: reports, then "play VERTEX".

    Unlike Leela Zero's, the reply ends there: boards that wait for its end get the move at
    once, and pondering goes on unseen.
    """
    request = parse_request(args, session.game.side, session.game.ply)
    color = session.game.to_play if request.color is None else request.color
    session.thinker_on_time(color)
    form = leela_format(session)

    def stream(write: WriteLine) -> None:
        write(f"play {make_move(session, color, **reporting(request, form, write))}")

    return stream


def leela_format(session: Session) -> Format:
    """Return how Leela Zero writes reports of the session's board."""
    side = session.game.side
    return lambda report: format_report(report, side)


def analysis_stream(session: Session, request: AnalysisRequest, form: Format) -> Stream:
    """Return the reply of an analysis: reports until a line comes or a limit is reached.

    Waits for the player first, so that its absence is an error instead of an empty stream.
    """
    game, search = session.game, session.thinker().search
    if request.color is not None:
        game.to_play = request.color

    def stream(write: WriteLine) -> None:
        if game.is_over:
            return
        search.set_position(game)
        limits = SearchLimits(
            visits=session.options.visits or None, playouts=session.options.playouts or None
        )
        reports = _Reports(write)
        # What is piped in gets a report; who sends a line later waits for none.
        is_owed = bool(request.interval_cs) and session.lines.waiting.is_set()
        watching = reporting(request, form, reports.write)
        session.background.start(
            lambda stop: search.run(limits, stop=stop, **watching),
            session.lines.nudge,
        )
        _follow(session, reports, is_owed=is_owed)

    return stream


class _Reports:
    """Lines that a search in the background writes, until they are no longer wanted."""

    def __init__(self, write: WriteLine) -> None:
        self.count = 0
        self._write: WriteLine | None = write
        self._lock = threading.Lock()

    def write(self, line: str) -> None:
        """Write a line, unless it comes too late."""
        with self._lock:
            if self._write is not None:
                self._write(line)
                self.count += 1

    def close(self) -> None:
        """Let no further line through."""
        with self._lock:
            self._write = None


def _follow(session: Session, reports: _Reports, *, is_owed: bool) -> None:
    """Wait until the analysis in the background ends or a line comes, and end it then.

    Args:
        session: whose background.
        reports: of the analysis.
        is_owed: whether at least one report is promised; the batch on its way is waited
            for if there was none.
    """
    background = session.background
    session.lines.wait_or(lambda: not background.is_running)
    if is_owed and reports.count == 0:
        background.wait()
    background.stop()
    reports.close()
    error = background.take_error()
    if error is not None:
        raise error


def reporting(
    request: AnalysisRequest, form: Format, write: WriteLine, *, once: bool = False
) -> dict[str, Any]:
    """Return the arguments of a search that reports what a request asks for.

    Args:
        request: the words of the command.
        form: writes a report as a line.
        write: takes the lines.
        once: whether the end is reported where no interval is given.
    """

    def on_report(report: SearchReport) -> None:
        line = form(report)
        if line:
            write(line)

    interval_s = request.interval_cs / 100 if request.interval_cs else None
    if once and interval_s is None:
        interval_s = math.inf
    return {
        "restrictions": request.restrictions,
        "on_report": on_report if interval_s else None,
        "report_interval_s": interval_s,
        "min_moves": request.min_moves,
    }


HANDLERS: dict[str, Handler] = {
    "lz-analyze": analyze,
    "lz-genmove_analyze": genmove_analyze,
}
