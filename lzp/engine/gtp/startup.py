"""From flags to a session with a player. Imports everything: see loader.py."""

import os
import sys
from typing import Any, Literal, cast

from lzp.engine.evaluator import Evaluator
from lzp.engine.gtp import board_commands, record_commands, think_commands, time_commands
from lzp.engine.gtp.options import EngineOptions
from lzp.engine.gtp.reader import LineQueue
from lzp.engine.gtp.session import Handler, Session
from lzp.engine.lanes import Lanes, Submitter
from lzp.engine.model import ModelError, load_evaluator, open_network
from lzp.engine.player import Player, PlayerParams
from lzp.engine.resilient import guard
from lzp.engine.search import Search
from lzp.engine.search_params import SearchParams
from lzp.engine.warmup import warmup

HANDLERS: dict[str, Handler] = {
    **board_commands.HANDLERS,
    **record_commands.HANDLERS,
    **time_commands.HANDLERS,
    **think_commands.HANDLERS,
}

_DEFAULT_BATCH = SearchParams().batch_size
_MOST_THREADS = 16
#: Leaves on their way are chosen without each other's results: no more than this share.
_VISITS_PER_LEAF = 4


def open_session(options: EngineOptions, lines: LineQueue) -> tuple[Session, ModelError | None]:
    """Load the network and start a game on its board size.

    A network that cannot be loaded is returned as an error: the game can be set up all the
    same, and every command that needs the network says what is wrong with it.
    """
    try:
        evaluator = load_evaluator(
            options.weights,
            batch_size=options.batch_size or _DEFAULT_BATCH,
            threads=options.threads or min(usable_cores(), _MOST_THREADS),
        )
        (evaluator,) = guard([evaluator], open_network(options.weights))
    except ModelError as error:
        return Session(options, lines, None, HANDLERS), error
    if not options.quiet:
        size = f"{evaluator.side}x{evaluator.side}"
        print(f"lzp-gtp: network {evaluator.name} for {size}", file=sys.stderr, flush=True)
    return Session(options, lines, Lanes([evaluator]), HANDLERS), None


def make_player(options: EngineOptions, session: Session) -> Player:
    """Compile what is not compiled yet and return the player that the flags describe."""
    warmup()
    network = session.network()
    return Player(Search(network, _search_params(options, network)), _player_params(options))


def _search_params(options: EngineOptions, network: Evaluator | Submitter) -> SearchParams:
    """Return the constants of the search that the flags ask for."""
    # Visit for visit it is Leela Zero's with one leaf at a time.
    if options.search == "leela":
        return SearchParams.leela(batch_size=options.batch_size or 1, **_style(options))
    return SearchParams(
        batch_size=options.batch_size or _DEFAULT_BATCH,
        visits_per_leaf=_VISITS_PER_LEAF,
        batches_in_flight=network.lanes + 1 if isinstance(network, Submitter) else 1,
        **_style(options),
    )


def _style(options: EngineOptions) -> dict[str, Any]:
    """Return what the flags say of noise, passes and chance."""
    return {
        "noise": options.noise,
        "dumb_pass": options.dumb_pass,
        "random_moves": options.random_moves,
        "seed": options.seed,
    }


def _player_params(options: EngineOptions) -> PlayerParams:
    """Return how the player spends its time; "auto" is what Leela Zero makes of it."""
    management = options.time_management
    if management == "auto":
        management = "no_pruning" if options.noise else "on"
    return PlayerParams(
        visits=options.visits or None,
        playouts=options.playouts or None,
        time_management=cast(Literal["on", "off", "fast", "no_pruning"], management),
        leela_time=options.search == "leela",
        resign_percent=options.resign_percent,
    )


def usable_cores() -> int:
    """Return how many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
