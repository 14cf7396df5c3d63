"""What the command line of lzp-gtp says. Imports nothing heavy: the name must come at once."""

from dataclasses import dataclass
from pathlib import Path

TIME_MANAGEMENT = ("auto", "on", "off", "fast", "no_pruning")
#: Our way to search and to share out time, and Leela Zero 0.17's.
SEARCHES = ("own", "leela")
#: What is drawn on GoGui's board while we think.
LIVE_GRAPHICS = ("off", "moves", "variation")


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineOptions:
    """The flags of lzp-gtp, named and counted as Leela Zero does.

    Attributes:
        weights: the network's file; None takes the one that ships in the package.
        more_weights: files of networks for other sizes of board.
        visits: most visits of the root a move, reused ones included; 0 sets no limit.
        playouts: most new playouts a move; 0 sets no limit.
        threads: threads of the evaluator; 0 lets it choose.
        batch_size: most positions evaluated at once; 0 lets the engine choose.
        backend: what runs the network; "auto" takes the fastest that is exact enough.
        precision: what it computes in; "auto" likewise.
        memory_mib: most memory for the tree and the answers that are remembered.
        cache_percent: of that memory, for the answers.
        cross_check: a backend whose answers are compared in play; None compares nothing.
        lag_buffer_cs: centiseconds a move kept back for slow connections.
        max_time_s: most seconds of a move, whatever the clock says; 0 sets no limit.
        look_s: most seconds that a picture for GoGui is thought about.
        live_graphics: one of LIVE_GRAPHICS.
        identity: who we say we are: a key of catalog.IDENTITIES.
        resign_percent: resign below this winrate; -1 is Leela Zero's rule, 0 never.
        log_file: where commands, replies and times are written; None writes nothing.
        quiet: write nothing to stderr that was not asked for.
        dumb_pass: no heuristics about passing.
        noise: Dirichlet noise at the root, for self-play.
        random_moves: so many plies are chosen in proportion to visits.
        random_visits: only among moves with more visits than this.
        random_temperature: 1 is in proportion, less is nearer to the best move.
        rollouts: games played on from each leaf; -1 for what the network's size asks for.
        level: one of lzp.engine.levels, from 1; 0 is full strength.
        variety: play different openings.
        seed: of every random choice; None draws one.
        ponder: think on the opponent's time.
        time_management: one of TIME_MANAGEMENT.
        search: one of SEARCHES.
        benchmark: search once, tell how fast, and leave.
        komi: the komi to start with, in points.
        rules: the rules to start with, as `lzp.go.rules.Rules.parse` reads them.
    """

    weights: Path | None = None
    more_weights: tuple[Path, ...] = ()
    visits: int = 0
    playouts: int = 0
    threads: int = 0
    batch_size: int = 0
    backend: str = "auto"
    precision: str = "auto"
    memory_mib: int = 1024
    cache_percent: int = 10
    cross_check: str | None = None
    lag_buffer_cs: int = 100
    max_time_s: float = 0.0
    look_s: float = 1.0
    live_graphics: str = "off"
    identity: str = "lzp"
    resign_percent: int = -1
    log_file: Path | None = None
    quiet: bool = False
    dumb_pass: bool = False
    noise: bool = False
    random_moves: int = 0
    random_visits: int = 1
    random_temperature: float = 1.0
    rollouts: int = -1
    level: int = 0
    variety: bool = False
    seed: int | None = None
    ponder: bool = True
    time_management: str = "auto"
    benchmark: bool = False
    search: str = "own"
    komi: float = 7.5
    rules: str = "chinese-ogs"
