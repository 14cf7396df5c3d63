"""From flags to a session with a player. Imports everything: see loader.py."""

import sys
from collections.abc import Set
from dataclasses import replace
from typing import Any, Literal, cast

from lzp.engine.choice import Wish, default_batch, may_use_gpu
from lzp.engine.gtp import (
    analysis_commands,
    board_commands,
    gogui_commands,
    kata_commands,
    leela_commands,
    option_commands,
    parameter_commands,
    picture_commands,
    record_commands,
    rules_commands,
    selfplay_commands,
    server_commands,
    think_commands,
    time_commands,
)
from lzp.engine.gtp.networks import Networks
from lzp.engine.gtp.options import EngineOptions
from lzp.engine.gtp.reader import LineQueue
from lzp.engine.gtp.session import Handler, Session
from lzp.engine.lanes import Lanes
from lzp.engine.levels import FULL, LEVELS
from lzp.engine.loading import Loaded, cross_checked, load_lanes, load_single
from lzp.engine.measured_cache import usable_cores
from lzp.engine.model import ModelError, open_network
from lzp.engine.network_file import NetworkFile
from lzp.engine.own_reading import NO_READING
from lzp.engine.player import Player, PlayerParams
from lzp.engine.resilient import guard
from lzp.engine.search import Search
from lzp.engine.search_params import SearchParams
from lzp.engine.tree import nodes_for
from lzp.engine.warmup import warmup

HANDLERS: dict[str, Handler] = {
    **board_commands.HANDLERS,
    **record_commands.HANDLERS,
    **time_commands.HANDLERS,
    **think_commands.HANDLERS,
    **analysis_commands.HANDLERS,
    **option_commands.HANDLERS,
    **leela_commands.HANDLERS,
    **selfplay_commands.HANDLERS,
    **kata_commands.HANDLERS,
    **rules_commands.HANDLERS,
    **parameter_commands.HANDLERS,
    **server_commands.HANDLERS,
    **gogui_commands.HANDLERS,
    **picture_commands.HANDLERS,
}

_MOST_THREADS = 16
#: Flags that a search has from its start.
_SEARCH_FLAGS = frozenset(
    {
        "memory_mib", "cache_percent", "noise", "dumb_pass", "seed", "search", "batch_size",
        "level", "random_moves", "random_visits", "random_temperature",
    }
)  # fmt: skip
#: Leaves on their way are chosen without each other's results: no more than this share.
_VISITS_PER_LEAF = 4


def open_session(options: EngineOptions, lines: LineQueue) -> tuple[Session, ModelError | None]:
    """Read the networks' files and start a game on the first one's board size.

    A network that cannot be read is returned as an error: the game can be set up all the
    same, and every command that needs the network says what is wrong with it.
    """
    try:
        networks = Networks(
            [open_network(path) for path in (options.weights, *options.more_weights)]
        )
    except ModelError as error:
        return Session(options, lines, Networks(), HANDLERS, Maker()), error
    for file in networks.files:
        _tell(options, f"network {file.name} for {file.side}x{file.side}")
    return Session(options, lines, networks, HANDLERS, Maker()), None


class Maker:
    """Makes and changes players by the flags: a `PlayerMaker`."""

    def make(self, session: Session, file: NetworkFile) -> Player:
        """Compile what is not compiled yet, load a network once, and return a player for it.

        Raises:
            ModelError: the network cannot be run as the flags have it.
            ValueError: a flag is out of range.
        """
        options, loaded = session.options, session.networks.loaded
        warmup()
        if file.side not in loaded:
            loaded[file.side] = _load(options, file)
        search = _make_search(options, loaded[file.side])
        return Player(search, _player_params(options))

    def refit(self, session: Session, player: Player, changed: Set[str]) -> None:
        """Have a player follow flags that have changed; a search of other bounds starts anew.

        Raises:
            ValueError: a flag is out of range; the player stays as it was.
        """
        params = _player_params(session.options)
        if not changed.isdisjoint(_SEARCH_FLAGS) and session.loaded is not None:
            player.search = _make_search(session.options, session.loaded)
        player.params = params


def _make_search(options: EngineOptions, loaded: Loaded) -> Search:
    """Return a search as the flags have it, with an empty tree."""
    evaluators = loaded.evaluators
    params = _search_params(options, loaded)
    network = evaluators[0] if params.batches_in_flight == 1 else Lanes(evaluators)
    search = Search(network, params)
    search.on_full = lambda: _tell_full(options, search)
    return search


def _tell_full(options: EngineOptions, search: Search) -> None:
    """Say once that the tree has met its bound."""
    search.on_full = lambda: None
    nodes = search.tree.node_count
    _tell(options, f"the tree is full at {nodes:,} positions; --memory MIB makes room for more")


def _load(options: EngineOptions, file: NetworkFile) -> Loaded:
    """Return the network as the flags and this machine have it."""
    batch_size = options.batch_size or default_batch(on_gpu=may_use_gpu(options.backend))
    wish = Wish(
        backend=options.backend,
        precision=options.precision,
        threads=options.threads or min(usable_cores(), _MOST_THREADS),
        batch_size=batch_size,
    )
    # Leela Zero's way sends one leaf at a time.
    load = load_single if options.search == "leela" else load_lanes
    loaded = load(file, wish, lambda line: _tell(options, line))
    _tell(options, f"run by {loaded.setting}")
    if options.cross_check is not None:
        loaded = cross_checked(file, loaded, options.cross_check, batch_size)
    return replace(loaded, evaluators=guard(loaded.evaluators, file))


def _tell(options: EngineOptions, line: str) -> None:
    if not options.quiet:
        print(f"lzp-gtp: {line}", file=sys.stderr, flush=True)


def _search_params(options: EngineOptions, loaded: Loaded) -> SearchParams:
    """Return the constants of the search that the flags ask for."""
    lanes, side = len(loaded.evaluators), loaded.evaluators[0].side
    cache_mib = options.memory_mib * options.cache_percent // 100
    memory: dict[str, Any] = {
        "cache_mib": cache_mib,
        "max_nodes": nodes_for(options.memory_mib - cache_mib, side),
    }
    # Visit for visit it is Leela Zero's with one leaf at a time.
    if options.search == "leela":
        return SearchParams.leela(batch_size=options.batch_size or 1, **memory, **_style(options))
    # Levels are weaker on purpose, and some play by the network's own probabilities. They are
    # as strong on a GPU as where they were measured.
    is_full = (options.level or FULL) == FULL
    on_gpu = loaded.setting.is_on_gpu and is_full
    reading = NO_READING
    if is_full:
        asked = options.rollouts if options.rollouts >= 0 else loaded.reading.rollouts
        reading = replace(loaded.reading, rollouts=asked)
    # One more than lanes waits, so that none of them does, and another one while the tree
    # plays games on; for a single lane the tree takes no time.
    spare = 2 if reading.rollouts else 1
    make = SearchParams.strong if is_full else SearchParams
    return make(
        **reading.params(),
        batch_size=options.batch_size or default_batch(on_gpu=on_gpu),
        visits_per_leaf=_VISITS_PER_LEAF,
        batches_in_flight=lanes + spare if lanes > 1 else 1,
        **memory,
        **_style(options),
    )


def _style(options: EngineOptions) -> dict[str, Any]:
    """Return what the flags say of noise, passes and chance."""
    return {
        "noise": options.noise,
        "dumb_pass": options.dumb_pass,
        "random_moves": options.random_moves,
        "random_visits": options.random_visits,
        "random_temperature": options.random_temperature,
        "seed": options.seed,
    }


def _player_params(options: EngineOptions) -> PlayerParams:
    """Return how the player spends its time; "auto" is what Leela Zero makes of it."""
    management = options.time_management
    if management == "auto":
        management = "no_pruning" if options.noise else "on"
    level = LEVELS[(options.level or FULL) - 1]
    return PlayerParams(
        visits=options.visits or level.visits or None,
        temperature=level.temperature,
        variety=options.variety,
        patience=0.0 if options.search == "leela" else PlayerParams().patience,
        playouts=options.playouts or None,
        max_time_s=options.max_time_s or None,
        time_management=cast(Literal["on", "off", "fast", "no_pruning"], management),
        leela_time=options.search == "leela",
        resign_percent=options.resign_percent,
    )
