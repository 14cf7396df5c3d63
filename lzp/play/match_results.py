"""The results of a match: what is kept of a game, and what the games add up to."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lzp.go import BLACK, EMPTY, WHITE
from lzp.play.match_rules import FAULTS
from lzp.play.scoring import Tally


@dataclass(frozen=True, kw_only=True, slots=True)
class PlayedGame:
    """One line of a match's results.

    Attributes:
        number: counted from 0; games 2k and 2k + 1 have one opening and the colors exchanged.
        black: number of the player with Black, counted from 0.
        white: number of the player with White.
        winner: BLACK, WHITE or EMPTY.
        ending: one of ENDINGS.
        points: the lead, where it was counted.
        detail: one line for people.
        moves: length, opening included.
        seconds: wall time.
    """

    number: int
    black: int
    white: int
    winner: int
    ending: str
    points: float
    detail: str
    moves: int
    seconds: float

    def color_of(self, player: int) -> int:
        """Return a player's color; EMPTY for one who did not take part."""
        return BLACK if player == self.black else WHITE if player == self.white else EMPTY

    def result_of(self, player: int) -> float | None:
        """Return a player's points: 1, 0.5 or 0; None without a result or without the player."""
        color = self.color_of(player)
        if color == EMPTY:
            return None
        if self.winner == EMPTY:
            return 0.5 if self.ending == "score" else None
        return 1.0 if self.winner == color else 0.0


def games_between(games: Iterable[PlayedGame], player: int, other: int) -> list[PlayedGame]:
    """Return the games of two players."""
    return [game for game in games if {game.black, game.white} == {player, other}]


def tally(games: Iterable[PlayedGame], player: int = 0, other: int = 1) -> Tally:
    """Return what a player won, lost and drew against another.

    Games without a result do not count, and pairs with such a game are no pairs.
    """
    found = {game.number: game.result_of(player) for game in games_between(games, player, other)}
    results = list(found.values())
    pairs = [0] * 5
    for number, first in found.items():
        second = found.get(number + 1)
        if number % 2 == 0 and first is not None and second is not None:
            pairs[round(2 * (first + second))] += 1
    one, two, three, four, five = pairs
    counts = (results.count(1.0), results.count(0.0), results.count(0.5))
    return Tally(*counts, pairs=(one, two, three, four, five))


def points_table(games: Iterable[PlayedGame], players: int) -> NDArray[np.float64]:
    """Return float64 [players, players]: the points of each player against each other."""
    table = np.zeros((players, players))
    for game in games:
        for player, other in ((game.black, game.white), (game.white, game.black)):
            table[player, other] += game.result_of(player) or 0.0
    return table


def faults_of(games: Iterable[PlayedGame], player: int) -> dict[str, int]:
    """Return how many games a player lost by each of FAULTS; those that never happened too."""
    lost = [game.ending for game in games if game.result_of(player) == 0.0]
    return {fault: lost.count(fault) for fault in FAULTS}
