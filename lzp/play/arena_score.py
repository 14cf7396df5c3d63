"""What the games of an arena say: the first contestant's score, Elo, and how games ended."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from rich.table import Table

from lzp.go import BLACK
from lzp.play.arena_game import ArenaGame
from lzp.play.scoring import elo_difference

_Z95 = 1.959963984540054


@dataclass(frozen=True, kw_only=True, slots=True)
class ArenaScore:
    """The first contestant's result with its 95 % interval.

    Attributes:
        games: counted.
        pairs: openings of which both games are over; the interval is made of these.
        score: share of the points, in [0, 1].
        low: of the interval; high likewise.
    """

    games: int
    pairs: int
    score: float
    low: float
    high: float

    def __str__(self) -> str:
        """Return the score and the Elo difference in a line."""
        elo, low, high = (elo_difference(x) for x in (self.score, self.low, self.high))
        return f"{self.score:.1%}, Elo {elo:+.0f} ({low:+.0f} to {high:+.0f})"


def score_games(games: Iterable[ArenaGame]) -> ArenaScore:
    """Return the first contestant's score.

    The two games of an opening depend on each other: the spread is taken between pairs.
    """
    by_number = {game.number: game.first_score for game in games}
    pairs = [
        (score + by_number[number + 1]) / 2
        for number, score in by_number.items()
        if number % 2 == 0 and number + 1 in by_number
    ]
    score = sum(by_number.values()) / len(by_number) if by_number else 0.5
    if len(pairs) < 2:
        return ArenaScore(games=len(by_number), pairs=len(pairs), score=score, low=0.0, high=1.0)
    mean = sum(pairs) / len(pairs)
    # As if one more pair had been won and one lost: few equal pairs are no certainty.
    squares = sum((share - mean) ** 2 for share in pairs) + mean**2 + (1 - mean) ** 2
    reach = _Z95 * math.sqrt(squares / (len(pairs) + 1) / len(pairs))
    return ArenaScore(
        games=len(by_number),
        pairs=len(pairs),
        score=score,
        low=max(0.0, score - reach),
        high=min(1.0, score + reach),
    )


def score_table(names: tuple[str, str], games: Iterable[ArenaGame]) -> Table:
    """Return the result of a match as a table for people."""
    games = list(games)
    result = score_games(games)
    table = Table(title=f"{names[0]}  against  {names[1]}", show_header=False)
    wins = sum(game.first_score == 1 for game in games)
    losses = sum(game.first_score == 0 for game in games)
    black = [game.first_score for game in games if game.first_color == BLACK]
    table.add_row("games", f"{result.games}, {result.pairs} pairs")
    table.add_row("won - lost - drawn", f"{wins} - {losses} - {len(games) - wins - losses}")
    table.add_row("score and Elo of the first (95 %)", str(result))
    table.add_row("first as Black", f"{sum(black):g}/{len(black)}")
    endings = Counter(game.ending for game in games)
    table.add_row("ended by", ", ".join(f"{name} {n}" for name, n in sorted(endings.items())))
    for index, name in enumerate(("first", "second")):
        table.add_row(f"spent by the {name} a move", _spent(games, index))
    return table


def _spent(games: list[ArenaGame], index: int) -> str:
    """Return a contestant's mean evaluations and playouts a move."""
    moves = sum(len(game.moves) - game.opening for game in games) / 2
    if not moves:
        return "nothing"
    evaluations = sum(game.evaluations[index] for game in games) / moves
    playouts = sum(game.playouts[index] for game in games) / moves
    return f"{evaluations:.1f} evaluations, {playouts:.1f} playouts"
