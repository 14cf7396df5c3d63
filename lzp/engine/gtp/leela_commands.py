"""Leela Zero's commands that stand in nobody's list or in its own alone."""

import sys
import time
from collections import deque
from concurrent.futures import Future

import numpy as np

from lzp.engine.evaluator import Answer
from lzp.engine.gtp.arguments import Args, read_count
from lzp.engine.gtp.moving import make_move
from lzp.engine.gtp.session import Handler, Session
from lzp.engine.lanes import Lanes
from lzp.features import SYMMETRIES, encode

_NETBENCH_EVALUATIONS = 1600
_NETBENCH_BATCH = 8


def go(session: Session, _: Args) -> str:
    """Play a move for whoever's turn it is: go."""
    return make_move(session, session.game.to_play)


def play_on(session: Session, _: Args) -> str:
    """Play both sides until two passes, a resignation, or an interruption: auto.

    The answer names the moves in order.
    """
    played: list[str] = []
    area = session.game.pass_move
    while len(played) < 2 * area and not session.lines.interrupt.is_set():
        played.append(make_move(session, session.game.to_play))
        if session.game.is_over or played[-1] == "resign":
            break
    return " ".join(played)


def net_bench(session: Session, args: Args) -> str:
    """Evaluate a position so many times, and tell on stderr how fast: netbench [N]."""
    wanted = read_count(args[0]) if args else _NETBENCH_EVALUATIONS
    session.network()
    assert session.loaded is not None
    lanes, random = Lanes(session.loaded.evaluators), np.random.default_rng()
    waiting: deque[Future[Answer]] = deque()
    done, started = 0, time.perf_counter()
    while done < wanted and not session.lines.interrupt.is_set():
        count = min(_NETBENCH_BATCH, wanted - done)
        symmetries = random.integers(0, SYMMETRIES, count)
        waiting.append(lanes.submit(encode(np.repeat(session.game.boards, count), symmetries)))
        done += count
        if len(waiting) > lanes.lanes:
            waiting.popleft().result()
    for answer in waiting:
        answer.result()
    seconds = time.perf_counter() - started
    rate = round(done / max(seconds, 1e-9))
    print(
        f"{done:5d} evaluations in {seconds:5.2f} seconds -> {rate} n/s",
        file=sys.stderr,
        flush=True,
    )
    return ""


def explain_last_move(session: Session, _: Args) -> str:
    """gomill-explain_last_move: what was behind our last move; nothing before the first."""
    return session.explanation


def end_game(_: Session, __: Args) -> str:
    """kgs-game_over: nothing is to be done."""
    return ""


HANDLERS: dict[str, Handler] = {
    "go": go,
    "auto": play_on,
    "netbench": net_bench,
    "gomill-explain_last_move": explain_last_move,
    "kgs-game_over": end_game,
}
