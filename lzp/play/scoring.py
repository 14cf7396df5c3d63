"""What a number of wins says about strength: score, interval, Elo."""

import math
from dataclasses import dataclass

#: Two-sided 95 % of the normal distribution.
_Z95 = 1.959963984540054
_ELO_SCALE = 400.0


@dataclass(frozen=True, slots=True)
class Tally:
    """The results of a match from one player's side."""

    wins: int = 0
    losses: int = 0
    draws: int = 0

    @property
    def games(self) -> int:
        """Games counted."""
        return self.wins + self.losses + self.draws

    @property
    def score(self) -> float:
        """Share of the points, in [0, 1]; a draw is half a win. One half without games."""
        return (self.wins + self.draws / 2) / self.games if self.games else 0.5


def wilson_interval(share: float, games: int, z: float = _Z95) -> tuple[float, float]:
    """Return the interval in [0, 1] that holds the true share of the points.

    (Wilson 1927.) Draws make it a little wider than need be. Without games all is possible.

    Args:
        share: observed share of the points.
        games: games it was observed in.
        z: width in standard deviations; 95 % by default.
    """
    if games == 0:
        return 0.0, 1.0
    weight = z * z / games
    center = (share + weight / 2) / (1 + weight)
    reach = z * math.sqrt(share * (1 - share) / games + weight / (4 * games)) / (1 + weight)
    return max(0.0, center - reach), min(1.0, center + reach)


def elo_difference(share: float) -> float:
    """Return the rating difference at which a share of the points is expected; ±inf at 0 and 1.

    E = 1 / (1 + 10^(-d / 400)), solved for d (Elo 1978).
    """
    if share <= 0:
        return -math.inf
    if share >= 1:
        return math.inf
    return _ELO_SCALE * math.log10(share / (1 - share))
