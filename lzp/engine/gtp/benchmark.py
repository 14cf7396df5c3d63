"""Leela Zero's `--benchmark`: one search of a fixed position, and how fast it was."""

from dataclasses import replace

from lzp.engine.gtp.options import EngineOptions
from lzp.engine.gtp.reader import LineQueue
from lzp.engine.gtp.startup import open_session
from lzp.go.vertex import parse_vertex

#: What leelaz plays before it searches for White.
_MOVES = ("R16", "D4", "C3")
_VISITS = 3200


def benchmark_options(options: EngineOptions) -> EngineOptions:
    """Return flags with those that Leela Zero takes for this where none was given."""
    visits = options.visits or (0 if options.playouts else _VISITS)
    seed = 1 if options.seed is None else options.seed
    return replace(
        options, visits=visits, seed=seed, ponder=False, random_moves=0,
        threads=options.threads or 1, time_management="off",
    )  # fmt: skip


def run_benchmark(options: EngineOptions) -> str:
    """Search once and return leelaz's line of figures.

    Args:
        options: as `benchmark_options` returns them.

    Raises:
        ModelError, GtpError, EvaluationError: the network cannot be used.
        ValueError: the board is too small for these moves.
    """
    session, problem = open_session(options, LineQueue())
    if problem is not None:
        raise problem
    session.load_player()
    player = session.thinker()
    game = session.game
    for vertex in _MOVES:
        game.play(parse_vertex(vertex, game.side))
    report = player.choose(game, game.to_play).report
    rate = report.playouts / max(report.elapsed_s, 1e-9)
    return (
        f"{report.visits_root} visits, {report.nodes} nodes, "
        f"{report.playouts} playouts, {rate:.0f} n/s"
    )
