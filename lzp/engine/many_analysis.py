"""Every position of a game searched, many at once: their trees share batches."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from lzp.engine.evaluator import Evaluator
from lzp.engine.lanes import Submitter
from lzp.engine.many import MANY_CACHE_MIB, BatchCounts, Task, Together, search_together
from lzp.engine.report import SearchReport
from lzp.engine.search import Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.go.game import Game


@dataclass(frozen=True, kw_only=True, slots=True)
class AnalysisParams:
    """How the positions of a game are searched.

    Attributes:
        limits: of each position; visits or playouts, since many share the time.
        search: constants. With one leaf at a time for each tree, as by default, every tree is
            searched as well as if it were alone.
        width: positions at once.
        min_moves: how many moves a report lists at least.
    """

    limits: SearchLimits
    search: SearchParams = field(
        default_factory=lambda: SearchParams(batch_size=1, cache_mib=MANY_CACHE_MIB)
    )
    width: int = 64
    min_moves: int = 0

    def __post_init__(self) -> None:
        """Check that every search ends.

        Raises:
            ValueError: neither visits nor playouts limit a search.
        """
        if self.limits.visits is None and self.limits.playouts is None:
            raise ValueError("an analysis of a game needs a limit of visits or playouts")


def analyze_game(
    game: Game,
    network: Evaluator | Submitter,
    params: AnalysisParams,
    on_report: Callable[[int, SearchReport], None] | None = None,
) -> list[SearchReport]:
    """Search every position of a game, the first and the last included.

    Args:
        game: stays as it is.
        network: for the game's board. With lanes half of the trees are walked while the
            network works for the others.
        params: how.
        on_report: called with the ply and the report of each position, as they are ready.

    Returns:
        Reports by ply, in the view of the color to move; of a position in the middle that is
        who moved there.

    Raises:
        EvaluationError: the network's answer cannot be used.
        ValueError: the network is for another side.
    """
    found: dict[int, SearchReport] = {}
    for ply, report in analyze_positions(game, network, params):
        found[ply] = report
        if on_report is not None:
            on_report(ply, report)
    return [found[ply] for ply in sorted(found)]


def analyze_positions(
    game: Game,
    network: Evaluator | Submitter,
    params: AnalysisParams,
    on_round: Callable[[BatchCounts], None] | None = None,
) -> Iterator[tuple[int, SearchReport]]:
    """Yield the ply and the report of each position as they are ready; may be left early.

    Args:
        game: stays as it is.
        network: for the game's board.
        params: how.
        on_round: called after every round with what was evaluated so far.
    """
    tasks = (_search(game, ply, network, params) for ply in range(game.ply + 1))
    together = Together([network], params.width)
    if on_round is not None:
        together.on_round = lambda: on_round(together.counts)
    yield from together.run(tasks)


def position_at(game: Game, ply: int) -> Game:
    """Return the game as it was after so many moves, with the turn of who then moved."""
    twin = game.copy()
    while twin.ply > ply:
        color, _ = twin.moves[-1]
        twin.undo()
        twin.to_play = color
    return twin


def _search(
    game: Game, ply: int, network: Evaluator | Submitter, params: AnalysisParams
) -> Task[tuple[int, SearchReport]]:
    """Search one position."""
    seed = params.search.seed
    own = params.search if seed is None else replace(params.search, seed=seed + ply)
    search = Search(network, own)
    search.set_position(position_at(game, ply))
    yield from search_together(search, params.limits)
    return ply, search.report(params.min_moves)
