"""Commands that think: moves, the network's own opinion."""

import sys

from lzp.engine.gtp.arguments import Args, need, read_color
from lzp.engine.gtp.heatmap import average, opinions, render
from lzp.engine.gtp.moving import make_move
from lzp.engine.gtp.protocol import GtpError
from lzp.engine.gtp.session import Handler, Session
from lzp.features import SYMMETRIES

_NO_COLOR = "syntax error"


def genmove(session: Session, args: Args) -> str:
    """genmove COLOR: think, play and say the move; "# interrupt" ends the thinking."""
    need(args, 1, _NO_COLOR)
    return make_move(session, read_color(args[0], _NO_COLOR))


def genmove_cleanup(session: Session, args: Args) -> str:
    """kgs-genmove_cleanup COLOR: a move that takes dead stones; passes only if none is left."""
    need(args, 1, _NO_COLOR)
    return make_move(session, read_color(args[0], _NO_COLOR), cleanup=True)


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
    "heatmap": heatmap,
    "lzp-cross_check": cross_check,
}
