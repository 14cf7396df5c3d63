"""KataGo's commands that think, and those that tell what the network is and says."""

import json
import threading

import numpy as np
from numpy.typing import NDArray

from lzp.engine.choice import default_batch
from lzp.engine.gtp.analysis_commands import analysis_stream, reporting
from lzp.engine.gtp.arguments import SYNTAX, Args, read_color
from lzp.engine.gtp.engine import Stream, WriteLine
from lzp.engine.gtp.heatmap import Opinion, opinions
from lzp.engine.gtp.kata_text import KataFormat, parse_kata_request
from lzp.engine.gtp.moving import carry_out, decide, decision_text
from lzp.engine.gtp.protocol import GtpError
from lzp.engine.gtp.session import Handler, Session
from lzp.engine.ownership import estimate_ownership, rows_from_top
from lzp.engine.score_lead import SCORE_SPREAD, score_lead
from lzp.features import SYMMETRIES
from lzp.go import EMPTY, WHITE, Game

#: The word for a search whose result nobody waits for any more.
_CANCELLED = "cancelled"


def analyze(session: Session, args: Args) -> Stream:
    """kata-analyze [COLOR] [INTERVAL] ...: reports until a line comes or a limit is reached."""
    game = session.game
    request = parse_kata_request(args, game.side, game.ply)
    color = game.to_play if request.analysis.color is None else request.analysis.color
    form = KataFormat(request, game, color, session.thinker().search.tree)
    return analysis_stream(session, request.analysis, form)


def genmove_analyze(session: Session, args: Args) -> Stream:
    """kata-genmove_analyze [COLOR] ...: one report at least, then "play VERTEX"."""
    return _reported_search(session, args, plays=True)


def search_analyze(session: Session, args: Args) -> Stream:
    """kata-search_analyze [COLOR] ...: the same, but the move is not played."""
    return _reported_search(session, args)


def search_analyze_cancellable(session: Session, args: Args) -> Stream:
    """kata-search_analyze_cancellable [COLOR] ...: the same; "play cancelled" once a line comes."""
    return _reported_search(session, args, stop=session.lines.waiting)


def _reported_search(
    session: Session, args: Args, *, plays: bool = False, stop: threading.Event | None = None
) -> Stream:
    """Return the reply of a search for a move, with reports.

    Args:
        session: the game.
        args: the words of kata-analyze.
        plays: whether the move is played.
        stop: what cancels the search; None for what cannot be cancelled.
    """
    game = session.game
    request = parse_kata_request(args, game.side, game.ply)
    color = game.to_play if request.analysis.color is None else request.analysis.color
    form = KataFormat(request, game, color, session.thinker_on_time(color).search.tree)

    def stream(write: WriteLine) -> None:
        watching = reporting(request.analysis, form, write, once=True)
        if stop is not None:
            watching["stop"] = stop
        decision = decide(session, color, **watching)
        if stop is not None and stop.is_set():
            write(f"play {_CANCELLED}")
        elif plays:
            write(f"play {carry_out(session, color, decision)}")
        else:
            write(f"play {decision_text(session, decision)}")

    return stream


def search(session: Session, args: Args) -> str:
    """kata-search [COLOR]: the move that genmove would play, without playing it."""
    color = read_color(args[0]) if args else session.game.to_play
    return decision_text(session, decide(session, color))


def search_cancellable(session: Session, args: Args) -> str:
    """kata-search_cancellable [COLOR]: the same; "cancelled" once a line comes."""
    color, stop = read_color(args[0]) if args else session.game.to_play, session.lines.waiting
    decision = decide(session, color, stop=stop)
    return _CANCELLED if stop.is_set() else decision_text(session, decision)


def stop(_: Session, __: Args) -> str:
    """stop: end pondering and analysis, which the line itself has done."""
    return ""


def raw_network(session: Session, args: Args) -> str:
    """kata-raw-nn 0..7 | all: what the network alone says under a symmetry."""
    which = args[0].lower() if args else "0"
    known = [str(symmetry) for symmetry in range(SYMMETRIES)]
    if which not in (*known, "all"):
        raise GtpError(SYNTAX)
    found = opinions(session.network(), session.game)
    chosen = range(SYMMETRIES) if which == "all" else [int(which)]
    owners = _rows(0.0 - estimate_ownership(session.game), session.game.side, "9.7f")
    texts = [
        "\n".join([f"symmetry {each}", *_opinion(found[each], session.game), *owners])
        for each in chosen
    ]
    return "\n".join(texts)


def _opinion(opinion: Opinion, game: Game) -> list[str]:
    """Return lines of KataGo's keys for an opinion, in White's view.

    What is no legal move has a policy of 0: KataGo's NAN ends some readers.
    """
    winrate = opinion.winrate if game.to_play == WHITE else 1 - opinion.winrate
    lead = score_lead(winrate, float((game.board.colors() != EMPTY).mean()))
    legal = np.zeros(game.pass_move + 1, np.bool_)
    legal[game.legal_moves()] = True
    policy = np.where(legal, opinion.policy, 0.0)
    policy /= policy.sum()
    rows = rows_from_top(policy[:-1].astype(np.float32), game.side)
    return [
        f"whiteWin {winrate:.6f}",
        f"whiteLoss {1 - winrate:.6f}",
        f"noResult {0:.6f}",
        f"whiteLead {lead:.3f}",
        f"whiteScoreSelfplay {lead:.3f}",
        f"whiteScoreSelfplaySq {lead * lead + SCORE_SPREAD**2:.3f}",
        "policy",
        *_rows(rows, game.side, "8.6f"),
        f"policyPass {policy[-1]:.6f}",
        "whiteOwnership",
    ]


def _rows(values: NDArray[np.float32], side: int, form: str) -> list[str]:
    """Return numbers as rows of a board."""
    return [" ".join(f"{value:{form}}" for value in row) for row in values.reshape(side, side)]


def models(session: Session, _: Args) -> str:
    """kata-get-models: a JSON list of the network of this board size, without waiting for it."""
    file, loaded = session.file, session.loaded
    if file is None:
        raise GtpError("no network")
    on_gpu = loaded is not None and loaded.setting.is_on_gpu
    half = loaded is not None and loaded.setting.precision == "float16"
    model = {
        "name": file.name,
        "internalName": f"{file.architecture} {file.digest[:12]}",
        "maxBatchSize": session.options.batch_size or default_batch(on_gpu=on_gpu),
        "usesHumanSLProfile": False,
        "version": 1,
        "usingFP16": "true" if half else "false",
    }
    return json.dumps([model])


HANDLERS: dict[str, Handler] = {
    "kata-analyze": analyze,
    "analyze": analyze,
    "kata-genmove_analyze": genmove_analyze,
    "kata-search": search,
    "kata-search_cancellable": search_cancellable,
    "kata-search_analyze": search_analyze,
    "kata-search_analyze_cancellable": search_analyze_cancellable,
    "kata-raw-nn": raw_network,
    "kata-get-models": models,
    "stop": stop,
}
