"""Deciding on a move and playing it, for every command that answers with one."""

import sys
from typing import Any

from lzp.engine.gtp.live_graphics import live_graphics
from lzp.engine.gtp.session import Session
from lzp.engine.gtp.training_record import step_of
from lzp.engine.player import Decision
from lzp.engine.search import EvaluationError
from lzp.go import EMPTY
from lzp.go.vertex import format_color, format_vertex


def decide(session: Session, color: int, **choosing: Any) -> Decision:
    """Return what a color should do; the game stays as it is.

    Where the network fails there is a decision all the same, and a line on stderr.

    Args:
        session: the game.
        color: whose move; need not be in turn.
        choosing: passed on to `Player.choose`; without `stop`, "# interrupt" ends the
            thinking.
    """
    player, game = session.thinker_on_time(color), session.game
    choosing.setdefault("stop", session.lines.interrupt)
    try:
        with live_graphics(session, color, choosing) as told:
            return player.choose(game, color, clock=session.clock, **told)
    except EvaluationError as error:
        # A game against a clock goes on: what is left to say is a legal move.
        print(f"lzp-gtp: {error}; moving without the network", file=sys.stderr, flush=True)
        return player.choose_without_network(
            game,
            color,
            cleanup=choosing.get("cleanup", False),
            restrictions=choosing.get("restrictions"),
        )


def carry_out(session: Session, color: int, decision: Decision) -> str:
    """Play what was decided for a color, and return its vertex or "resign"."""
    game = session.game
    game.to_play = color
    _remember(session, decision)
    session.resigned = color if decision.move is None else EMPTY
    if decision.move is not None:
        game.play(decision.move, color)
        session.ponder_next()
    return decision_text(session, decision)


def _remember(session: Session, decision: Decision) -> None:
    """Keep what a search found, for training data and for those who ask why."""
    game, report = session.game, decision.report
    tree = session.thinker().search.tree
    step = step_of(game, report, tree.net_winrate)
    if step is not None:
        session.training.append(step)
    played = decision.move if decision.move is not None else report.moves[0].move
    chosen = next((move for move in report.moves if move.move == played), None)
    vertices = [format_vertex(move, game.side) for move in (chosen.pv if chosen else (played,))]
    session.explanation = (
        f"move {game.ply}, {format_color(game.to_play)[0].upper()} => {vertices[0]}\n"
        f"Playouts: {report.visits_root - 1}, Win: {100 * decision.winrate:.2f}%, "
        f"PV: {' '.join(vertices)}"
    )


def decision_text(session: Session, decision: Decision) -> str:
    """Return a decision's vertex or "resign"."""
    if decision.move is None:
        return "resign"
    return format_vertex(decision.move, session.game.side)


def make_move(session: Session, color: int, **choosing: Any) -> str:
    """Decide on a color's move, play it, and return its vertex or "resign"; see `decide`."""
    return carry_out(session, color, decide(session, color, **choosing))
