"""Commands about the whole game: its score, the status of stones, SGF files."""

import os
import time
from dataclasses import replace
from pathlib import Path

from lzp.engine.gtp.arguments import SYNTAX, Args, need, read_count
from lzp.engine.gtp.catalog import NAME, VERSION
from lzp.engine.gtp.protocol import GtpError
from lzp.engine.gtp.session import Handler, Session
from lzp.go import EMPTY, WHITE
from lzp.go.counting import final_lead
from lzp.go.final_status import Status, find_status
from lzp.go.vertex import format_vertex
from lzp.sgf import SgfError, SgfInfo, read_game, to_game, write_game
from lzp.weights.atomic import replacing

#: A score nearer to zero than this is a draw, as Leela Zero has it.
_DRAW_POINTS = 0.1
_STATUSES = ("alive", "dead", "seki")


def final_score(session: Session, _: Args) -> str:
    """final_score: the score by the rules, dead stones taken off: "B+3.5", "W+7.5" or "0"."""
    return score_text(final_lead(session.game, _status(session)))


def _status(session: Session) -> Status:
    """Return what became of the stones; without rules about passing all are alive.

    That is for self-play, whose games are played to their end and counted as Leela Zero does.
    """
    game = session.game
    return Status.all_alive(game.side) if session.options.dumb_pass else find_status(game)


def score_text(points: float) -> str:
    """Return Black's lead in points as GTP and SGF write it."""
    if abs(points) <= _DRAW_POINTS:
        return "0"
    return f"{'B' if points > 0 else 'W'}+{abs(points):.1f}"


def final_status_list(session: Session, args: Args) -> str:
    """final_status_list alive|dead|seki: chains of that status, one a line."""
    need(args, 1)
    status = args[0].lower()
    if status not in _STATUSES:
        raise GtpError(SYNTAX)
    side, found = session.game.side, _status(session)
    chosen = {"alive": ~(found.dead | found.seki), "dead": found.dead, "seki": found.seki}[status]
    chains = [chain for chain in session.game.board.chains() if chosen[chain[0]]]
    return "\n".join(" ".join(format_vertex(move, side) for move in chain) for chain in chains)


def load_sgf(session: Session, args: Args) -> str:
    """loadsgf FILE [N]: the position before move N of a record; the end where N is absent.

    The file's name may hold blanks. The game on the board stays if anything is wrong. What
    it was played by need not be the rules here, so suicide is accepted.
    """
    need(args, 1, "Missing filename.")
    path, ply = " ".join(args), None
    if len(args) > 1 and args[-1].isascii() and args[-1].isdigit() and not os.path.exists(path):
        number = read_count(args[-1])
        path, ply = " ".join(args[:-1]), max(number - 1, 0) if number else None
    try:
        lenient = replace(session.game.rules, suicide=True)
        game = to_game(read_game(Path(path)), ply, lenient)
    except (OSError, SgfError) as error:
        raise GtpError(f"cannot load file: {_one_line(error)}") from None
    session.take_over(game)
    return ""


def print_sgf(session: Session, args: Args) -> str:
    """printsgf [FILE]: the game as SGF, in the reply or in a file."""
    text = write_game(session.game, _info(session))
    if not args:
        return text
    path = Path(" ".join(args))
    try:
        with replacing(path) as file:
            file.write(text.encode() + b"\n")
    except OSError as error:
        raise GtpError(f"cannot write {path}: {error.strerror or error}") from None
    return ""


def _info(session: Session) -> SgfInfo:
    """Return what a record of the game says beside its moves."""
    network = f" {session.file.name}" if session.file is not None else ""
    times: tuple[tuple[str, str], ...] = ()
    if session.clock is not None and not session.has_own_time:
        settings = session.clock.settings
        times = (("TM", f"{settings.main_s:g}"), ("OT", settings.overtime_text))
    return SgfInfo(
        black=f"{NAME} {VERSION}{network}",
        white=f"{NAME} {VERSION}{network}",
        result=_result(session),
        rules=session.game.rules.sgf_name,
        date=time.strftime("%Y-%m-%d"),
        properties=times,
    )


def _result(session: Session) -> str:
    """Return the result of a game that is over; nothing while it goes on."""
    if session.resigned != EMPTY:
        return "B+Resign" if session.resigned == WHITE else "W+Resign"
    return final_score(session, ()) if session.game.is_over else ""


def _one_line(error: Exception) -> str:
    """Return an error's text without line breaks."""
    return " ".join(str(error).split())


def cpu_time(_: Session, __: Args) -> str:
    """cputime: seconds of processor time used so far, for tournaments."""
    return f"{time.process_time():.2f}"


def accept_interrupt(_: Session, __: Args) -> str:
    """gogui-interrupt: says that the comment "# interrupt" ends a running command."""
    return ""


HANDLERS: dict[str, Handler] = {
    "final_score": final_score,
    "final_status_list": final_status_list,
    "loadsgf": load_sgf,
    "printsgf": print_sgf,
    "cputime": cpu_time,
    "gogui-interrupt": accept_interrupt,
}
