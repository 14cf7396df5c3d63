"""Commands that think: moves, analysis, the network's own opinion."""

import sys
import threading
from typing import Any

from lzp.engine.gtp.analysis_text import AnalysisRequest, format_report, parse_request
from lzp.engine.gtp.arguments import Args, need, read_color
from lzp.engine.gtp.engine import Stream, WriteLine
from lzp.engine.gtp.heatmap import average, opinions, render
from lzp.engine.gtp.protocol import GtpError
from lzp.engine.gtp.session import Handler, Session
from lzp.engine.report import SearchReport
from lzp.engine.search import EvaluationError
from lzp.engine.search_params import SearchLimits
from lzp.features import SYMMETRIES
from lzp.go.vertex import format_vertex

_NO_COLOR = "syntax error"


def genmove(session: Session, args: Args) -> str:
    """genmove COLOR: think, play and say the move; "# interrupt" ends the thinking."""
    need(args, 1, _NO_COLOR)
    return _move(session, read_color(args[0], _NO_COLOR))


def genmove_cleanup(session: Session, args: Args) -> str:
    """kgs-genmove_cleanup COLOR: a move that takes dead stones; passes only if none is left."""
    need(args, 1, _NO_COLOR)
    return _move(session, read_color(args[0], _NO_COLOR), cleanup=True)


def _move(session: Session, color: int, **choosing: Any) -> str:
    """Decide on a move, play it, and return its vertex or "resign".

    Where the network fails there is a move all the same, and a line on stderr.

    Args:
        session: the game.
        color: whose move; need not be in turn.
        choosing: passed on to `Player.choose`.
    """
    player, game = session.thinker_on_time(color), session.game
    try:
        decision = player.choose(
            game, color, clock=session.clock, stop=session.lines.interrupt, **choosing
        )
    except EvaluationError as error:
        # A game against a clock goes on: what is left to say is a legal move.
        print(f"lzp-gtp: {error}; moving without the network", file=sys.stderr, flush=True)
        decision = player.choose_without_network(
            game,
            color,
            cleanup=choosing.get("cleanup", False),
            restrictions=choosing.get("restrictions"),
        )
    game.to_play = color
    if decision.move is None:
        return "resign"
    game.play(decision.move, color)
    session.ponder_next()
    return format_vertex(decision.move, game.side)


def analyze(session: Session, args: Args) -> Stream:
    """lz-analyze [COLOR] [INTERVAL] ...: reports until a line comes or a limit is reached."""
    game = session.game
    request = parse_request(args, game.side, game.ply)
    search = session.thinker().search
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
        watching = _reporting(request, game.side, reports.write)
        session.background.start(
            lambda stop: search.run(limits, stop=stop, **watching),
            session.lines.nudge,
        )
        _follow(session, reports, is_owed=bool(request.interval_cs))

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


def genmove_analyze(session: Session, args: Args) -> Stream:
    """lz-genmove_analyze COLOR ...: reports, then "play VERTEX".

    Unlike Leela Zero's, the reply ends there: boards that wait for its end get the move at
    once, and pondering goes on unseen.
    """
    game = session.game
    request = parse_request(args, game.side, game.ply)
    color = game.to_play if request.color is None else request.color
    session.thinker_on_time(color)

    def stream(write: WriteLine) -> None:
        move = _move(session, color, **_reporting(request, game.side, write))
        write(f"play {move}")

    return stream


def _reporting(request: AnalysisRequest, side: int, write: WriteLine) -> dict[str, Any]:
    """Return the arguments of a search that reports what a request asks for."""

    def on_report(report: SearchReport) -> None:
        line = format_report(report, side)
        if line:
            write(line)

    return {
        "restrictions": request.restrictions,
        "on_report": on_report if request.interval_cs else None,
        "report_interval_s": request.interval_cs / 100 if request.interval_cs else None,
        "min_moves": request.min_moves,
    }


def heatmap(session: Session, args: Args) -> str:
    """heatmap [0-7 | all | average]: the policy and winrate on stderr, as Leela Zero has it."""
    which = args[0].lower() if args else "0"
    choices = [str(symmetry) for symmetry in range(SYMMETRIES)]
    if which not in [*choices, "all", "average", "avg"]:
        raise GtpError("syntax not understood")
    game = session.game
    found = opinions(session.network(), game)
    if which == "all":
        chosen = found
    elif which in choices:
        chosen = [found[int(which)]]
    else:
        chosen = [average(found)]
    print("\n\n".join(render(opinion, game) for opinion in chosen), file=sys.stderr, flush=True)
    return ""


def cross_check(session: Session, args: Args) -> str:
    """lzp-cross_check: how far the two backends of --cross-check were apart so far."""
    session.thinker()
    found = session.cross_check()
    if found is None:
        raise GtpError("no cross-check: start with --cross-check and a backend")
    return found


HANDLERS: dict[str, Handler] = {
    "genmove": genmove,
    "kgs-genmove_cleanup": genmove_cleanup,
    "lz-analyze": analyze,
    "lz-genmove_analyze": genmove_analyze,
    "heatmap": heatmap,
    "lzp-cross_check": cross_check,
}
