"""A game searched position by position, and every move of it judged."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from lzp.engine.many import MANY_CACHE_MIB, BatchCounts
from lzp.engine.many_analysis import AnalysisParams, analyze_positions, position_at
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.go import BLACK, WHITE, Game
from lzp.review.judgment import JudgedMove, Position, biggest_mistakes, judge, make_position
from lzp.review.networks import OpenNetwork
from lzp.review.played import PlayedGame
from lzp.sgf import GameRecord

#: Positions that are searched at once.
_WIDTH = 64
#: Random games that tell dead stones where two passes end a game in the search.
_SETTLING = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewParams:
    """How a game is reviewed.

    Attributes:
        visits: of each position.
        threshold: winrate that a mistake loses at least, in (0, 1].
        colors: whose mistakes are marked and listed.
        seed: of the searches.
        rollouts: games played on from each leaf; None for what the network's size asks for.
    """

    visits: int
    threshold: float = 0.1
    colors: tuple[int, ...] = (BLACK, WHITE)
    seed: int = 0
    rollouts: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """A reviewed game.

    Attributes:
        record: the part that was reviewed.
        game: its moves, played.
        notes: for people, in a line each.
        network: name of its file.
        positions: one more than moves, by ply.
        moves: all, judged.
    """

    record: GameRecord
    game: Game
    notes: tuple[str, ...]
    network: str
    params: ReviewParams
    positions: tuple[Position, ...]
    moves: tuple[JudgedMove, ...]

    def mistakes(self, most: int = 10) -> tuple[JudgedMove, ...]:
        """Return the biggest mistakes of the players who are looked at, worst first."""
        return biggest_mistakes([m for m in self.moves if m.color in self.params.colors], most)

    def is_marked(self, move: JudgedMove) -> bool:
        """Whether a move is a mistake that is to be pointed out."""
        return move.color in self.params.colors and move.verdict in ("mistake", "blunder")


def review_game(
    played: PlayedGame,
    network: OpenNetwork,
    params: ReviewParams,
    on_progress: Callable[[float], None] | None = None,
) -> Review:
    """Search every position of a game and judge its moves.

    Args:
        played: the game.
        network: for its board.
        params: how.
        on_progress: told now and then what share is done, in [0, 1].

    Raises:
        EvaluationError: the network's answer cannot be used.
    """
    game = played.game
    found: dict[int, Position] = {}

    def on_round(counts: BatchCounts) -> None:
        if on_progress is not None:
            on_progress(_share_done(counts.evaluations, len(found), game.ply + 1, params.visits))

    reports = analyze_positions(game, network.lanes, _analysis(game, network, params), on_round)
    for ply, report in reports:
        found[ply] = make_position(position_at(game, ply), report)
    positions = tuple(found[ply] for ply in sorted(found))
    return Review(
        record=played.record,
        game=game,
        notes=played.notes,
        network=network.name,
        params=params,
        positions=positions,
        moves=judge(game.moves, positions, game.pass_move, params.threshold),
    )


def _analysis(game: Game, network: OpenNetwork, params: ReviewParams) -> AnalysisParams:
    """Return how the positions are searched."""
    reading = network.reading
    if params.rollouts is not None:
        reading = replace(reading, rollouts=params.rollouts)
    return AnalysisParams(
        limits=SearchLimits(visits=params.visits),
        search=SearchParams.strong(
            batch_size=1,
            cache_mib=MANY_CACHE_MIB,
            **reading.params(),
            settling_playouts=_SETTLING,
            seed=params.seed,
        ),
        width=_even_width(game.ply + 1),
        min_moves=game.pass_move + 1,
    )


def _even_width(positions: int) -> int:
    """Return how many positions to search at once, so that the last ones are not few."""
    rounds = -(-positions // _WIDTH)
    return -(-positions // rounds)


def _share_done(evaluations: int, finished: int, positions: int, visits: int) -> float:
    """Return what share of a review is done.

    Trees end together, many at a time; between that the evaluations tell how far they are.
    """
    whole = positions * visits
    most = min(whole, (finished + _WIDTH) * visits)
    return min(max(evaluations, finished * visits), most) / whole
