"""Who plays whom with which color: pairs of games, each pairing in turn."""

from dataclasses import dataclass
from itertools import combinations


@dataclass(frozen=True, slots=True)
class Seating:
    """One game to be played.

    Attributes:
        number: of the game, counted from 0; games 2k and 2k + 1 are a pair.
        black: number of the player with Black.
        white: number of the player with White.
        opening: number of the opening; the same for both games of a pair.
    """

    number: int
    black: int
    white: int
    opening: int


def schedule(players: int, games: int, *, gauntlet: bool = False) -> list[Seating]:
    """Return the games of a match or a round robin in the order in which they are played.

    Every pairing has a pair of games with one opening and both colors before any has the
    next, so that a table is fair at any time. A schedule of more games begins with the
    same ones.

    Args:
        players: how many, 2 or more.
        games: of each pairing.
        gauntlet: whether only the first player meets the others.
    """
    pairings = [pair for pair in combinations(range(players), 2) if pair[0] == 0 or not gauntlet]
    seatings = []
    for opening in range((games + 1) // 2):
        for index, (first, second) in enumerate(pairings):
            number = 2 * (opening * len(pairings) + index)
            seatings.append(Seating(number, first, second, opening))
            if 2 * opening + 1 < games:
                seatings.append(Seating(number + 1, second, first, opening))
    return seatings
