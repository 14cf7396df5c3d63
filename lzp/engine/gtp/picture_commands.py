"""What GoGui can be asked to draw, each a command of ours, and the list that it offers them by."""

import numpy as np
from numpy.typing import NDArray

from lzp.engine.gtp.arguments import Args, read_color
from lzp.engine.gtp.gogui_text import (
    draw_moves,
    number_board,
    policy_board,
    policy_pairs,
    summary,
    variation,
    visit_pairs,
)
from lzp.engine.gtp.heatmap import average, opinions
from lzp.engine.gtp.live_graphics import live_graphics
from lzp.engine.gtp.session import Handler, Session
from lzp.engine.ownership import estimate_ownership
from lzp.engine.report import SearchReport
from lzp.engine.search_params import SearchLimits

#: GoGui's type, the label of its menu, the command: no slash inside, and no blank in a command
#: but before what GoGui puts in ("%m": the color to play).
_DEFINITIONS = (
    ("gfx", "Best Moves", "lzp-best_moves"),
    ("string", "Winrate", "lzp-winrate"),
    ("var", "Principal Variation", "lzp-variation %m"),
    ("varc", "Principal Variation of a Color", "lzp-variation %c"),
    ("pspairs", "Visits", "lzp-visits"),
    ("dboard", "Policy Heatmap", "lzp-policy_map"),
    ("pspairs", "Policy in Percent", "lzp-policy"),
    ("dboard", "Territory", "lzp-territory"),
    ("plist", "Dead Stones", "final_status_list dead"),
    ("string", "Final Score", "final_score"),
    ("string", "Rules", "kata-get-rules"),
    ("hstring", "Network", "kata-get-models"),
    ("hstring", "Last Move Explained", "gomill-explain_last_move"),
    ("param", "Parameters", "lzp-param"),
    ("none", "Forget the Search", "clear_cache"),
)


def analyze_commands(_: Session, __: Args) -> str:
    """gogui-analyze_commands: what GoGui offers, one a line, as "type/label/command"."""
    return "\n".join("/".join(definition) for definition in _DEFINITIONS)


def best_moves(session: Session, _: Args) -> str:
    """lzp-best_moves: think for a moment, and show the best moves with their winrates."""
    game = session.game
    return draw_moves(_look(session), game.side, game.to_play)


def winrate(session: Session, _: Args) -> str:
    """lzp-winrate: think for a moment, and say who wins."""
    game = session.game
    return summary(_look(session), game.side, game.to_play)


def show_variation(session: Session, args: Args) -> str:
    """lzp-variation [COLOR]: think for a moment, and show the best moves of both sides."""
    if args:
        session.game.to_play = read_color(args[0])
    return " ".join(variation(_look(session), session.game.side))


def visits(session: Session, _: Args) -> str:
    """lzp-visits: think for a moment, and show how often each move was looked at."""
    return visit_pairs(_look(session), session.game.side)


def _look(session: Session) -> SearchReport:
    """Think about the position for a moment, or up to the flags' limits; what was found.

    What is known of the position already is kept, so that the next picture of it has more
    behind it.
    """
    search, game, options = session.thinker().search, session.game, session.options
    search.set_position(game)
    if options.visits and search.tree.root_visits >= options.visits:
        return search.report()
    limits = SearchLimits(
        visits=options.visits or None, playouts=options.playouts or None, time_s=options.look_s
    )
    with live_graphics(session, game.to_play, {}) as watching:
        return search.run(limits, stop=session.lines.interrupt, **watching)


def policy(session: Session, _: Args) -> str:
    """lzp-policy: the network's probabilities of the likely points, in percent."""
    return policy_pairs(_policy(session), session.game.side)


def policy_map(session: Session, _: Args) -> str:
    """lzp-policy_map: the network's probabilities as a board, the likeliest point 1."""
    return "\n" + policy_board(_policy(session), session.game.side)


def _policy(session: Session) -> NDArray[np.float64]:
    """Return the network's policy over the legal moves, the mean of all symmetries."""
    network, game = session.network(), session.game
    found = average(opinions(network, game)).policy
    legal = np.zeros_like(found, np.bool_)
    legal[game.legal_moves()] = True
    return np.where(legal, found, 0.0)


def territory(session: Session, _: Args) -> str:
    """lzp-territory: an estimate of each point's owner, 1 for Black and -1 for White."""
    game = session.game
    return "\n" + number_board(estimate_ownership(game), game.side)


HANDLERS: dict[str, Handler] = {
    "gogui-analyze_commands": analyze_commands,
    "lzp-best_moves": best_moves,
    "lzp-winrate": winrate,
    "lzp-variation": show_variation,
    "lzp-visits": visits,
    "lzp-policy": policy,
    "lzp-policy_map": policy_map,
    "lzp-territory": territory,
}
