"""Commands of servers: the Computer Go Server's moves with their analysis, and KGS's chat."""

import json
from typing import Any

from lzp.engine.gtp.arguments import Args, need, read_color
from lzp.engine.gtp.catalog import IDENTITIES
from lzp.engine.gtp.engine import Stream, WriteLine
from lzp.engine.gtp.moving import carry_out, decide
from lzp.engine.gtp.protocol import GtpError
from lzp.engine.gtp.session import Handler, Session
from lzp.engine.ownership import estimate_ownership
from lzp.engine.report import SearchReport
from lzp.engine.score_lead import score_lead
from lzp.go import BLACK, EMPTY, Game
from lzp.go.vertex import format_vertex

_NO_COLOR = "syntax error"
#: Digits of an owner: the first is the opponent's point, the last but one the player's own.
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_HIGHEST = 62
#: Leela Zero's answer to whatever is said to it.
_NO_CHAT = "I'm a go bot, not a chat bot."
_HELP = "I answer to: help, winrate, version."


def cgos_genmove_analyze(session: Session, args: Args) -> Stream:
    """cgos-genmove_analyze COLOR: what the search found as a line of JSON, then "play VERTEX".

    The line's form is that of https://github.com/zakki/cgos (docs/gtp.md).
    """
    need(args, 1, _NO_COLOR)
    color = read_color(args[0], _NO_COLOR)
    session.thinker_on_time(color)

    def stream(write: WriteLine) -> None:
        decision = decide(session, color)
        if decision.report.moves:
            write(
                json.dumps(_findings(decision.report, session.game, color), separators=(",", ":"))
            )
        write(f"play {carry_out(session, color, decision)}")

    return stream


def _findings(report: SearchReport, game: Game, color: int) -> dict[str, Any]:
    """Return a report in CGOS's keys, all numbers in the view of a color to move."""
    filled = float((game.board.colors() != EMPTY).mean())
    moves = [
        {
            "move": format_vertex(move.move, game.side),
            "visits": move.visits,
            "winrate": round(move.winrate, 6),
            "score": round(score_lead(move.winrate, filled), 4),
            "prior": round(move.prior, 6),
            "pv": " ".join(format_vertex(step, game.side) for step in move.pv[1:]),
        }
        for move in report.moves
    ]
    return {
        "winrate": round(report.winrate, 6),
        "score": round(score_lead(report.winrate, filled), 4),
        "visits": report.visits_root,
        "moves": moves,
        "ownership": _owners(game, color),
    }


def _owners(game: Game, color: int) -> str:
    """Return an estimate of whose each point will be, one digit each, rows from the top."""
    owners = estimate_ownership(game) * (1 if color == BLACK else -1)
    return "".join(_DIGITS[round((float(owner) + 1) / 2 * _HIGHEST)] for owner in owners)


def kgs_chat(session: Session, args: Args) -> str:
    """kgs-chat game | private NAME MESSAGE: a few words are understood, in any case."""
    need(args, 3)
    if args[0].lower() not in ("game", "private"):
        raise GtpError(_NO_CHAT)
    word = args[2].lower().strip("!?.,")
    if word == "help":
        return _HELP
    if word == "version":
        identity = IDENTITIES[session.options.identity]
        identity = IDENTITIES[session.options.identity]
        return f"{identity.name} {identity.version}"
    if word in ("winrate", "wr"):
        last = session.explanation.splitlines()
        return f"My last move: {last[1]}" if len(last) > 1 else "I have not moved yet."
    raise GtpError(_NO_CHAT)


HANDLERS: dict[str, Handler] = {
    "cgos-genmove_analyze": cgos_genmove_analyze,
    "kgs-chat": kgs_chat,
}
