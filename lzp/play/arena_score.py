"""What the games of an arena say, in the tables of matches, and what the searches spent."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from lzp.play.arena import ArenaOptions
from lzp.play.arena_game import ArenaGame
from lzp.play.match_results import tally
from lzp.play.match_table import MatchView, result_table, summary
from lzp.play.scoring import judge
from lzp.play.sprt import Sprt


def view_of(
    options: ArenaOptions, games: Mapping[int, ArenaGame], sprt: Sprt | None = None
) -> MatchView:
    """Return an arena's games as a match's, those that were not asked for left out."""
    asked = [each.number for each in options.seatings() if each.number in games]
    return MatchView(
        labels=[contestant.name for contestant in options.contestants],
        games=[games[number].as_played() for number in asked],
        total=len(options.seatings()),
        sprt=sprt,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ArenaScore:
    """The first contestant's result against the second, with its 95 % interval.

    Attributes:
        games: counted.
        score: share of the points, in [0, 1].
        low: of the interval; high likewise.
    """

    games: int
    score: float
    low: float
    high: float


def score_games(games: Iterable[ArenaGame]) -> ArenaScore:
    """Return the first contestant's score against the second."""
    counted = tally([game.as_played() for game in games])
    found = judge(counted)
    return ArenaScore(
        games=counted.games, score=found.score, low=found.score_low, high=found.score_high
    )


def result_line(view: MatchView) -> str:
    """Return the first contestant's result against the second in a few words."""
    found = judge(tally(view.games))
    elos = f"{found.elo:+.0f} ({found.elo_low:+.0f} to {found.elo_high:+.0f})"
    return f"{view.labels[0]} {found.score:.1%}, Elo {elos}"


def arena_tables(view: MatchView, games: Iterable[ArenaGame]) -> list[Table]:
    """Return the tables of a finished arena: who won, and what the searches did."""
    table = Table(title="a move of each, on average")
    for name in ("", "evaluations", "playouts"):
        table.add_column(name, justify="left" if not name else "right")
    spent = spending(view, games)
    for label, values in spent.items():
        table.add_row(label, f"{values['evaluations']:.1f}", f"{values['playouts']:.1f}")
    endings = Counter(game.detail for game in view.games)
    table.caption = "games ended by " + ", ".join(f"{n} {c}" for n, c in sorted(endings.items()))
    return [result_table(view), table]


def spending(view: MatchView, games: Iterable[ArenaGame]) -> dict[str, dict[str, float]]:
    """Return each contestant's mean evaluations and playouts a move, by name."""
    totals = {label: {"evaluations": 0.0, "playouts": 0.0, "moves": 0.0} for label in view.labels}
    for game in games:
        moves = len(game.moves) - game.opening
        # Openings of odd length leave the first move to White.
        shares = [(moves + 1 - game.opening % 2) // 2, (moves + game.opening % 2) // 2]
        for seat, player in enumerate((game.black, game.white)):
            total = totals[view.labels[player]]
            total["evaluations"] += game.evaluations[seat]
            total["playouts"] += game.playouts[seat]
            total["moves"] += shares[seat]
    return {
        label: {name: total[name] / max(1.0, total["moves"]) for name in total if name != "moves"}
        for label, total in totals.items()
    }


def arena_summary(view: MatchView, games: Iterable[ArenaGame]) -> str:
    """Return everything as JSON, for the folder of an arena."""
    found: dict[str, Any] = summary(view)
    found["spent_a_move"] = spending(view, games)
    return json.dumps(found, indent=1) + "\n"
