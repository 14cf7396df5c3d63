"""What games say about strength: share of the points, intervals, Elo, likelihood of superiority.

Games of a match come in pairs with the same opening and the colors exchanged. An opening
that favors a color ties the two results together, so errors are taken from pairs: there
are five kinds of them, by points (0, 1/2, 1, 3/2, 2), which is why the counts are called
pentanomial.
"""

import math
from dataclasses import dataclass

#: Two-sided 95 % of the normal distribution.
Z95 = 1.959963984540054
ELO_SCALE = 400.0
#: Points of a pair of games, over 2, of the five kinds.
PAIR_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
#: So many pairs of independent games are mixed into the variance of the pairs that were
#: seen: two pairs that happen to agree are no proof that all do.
_PRIOR_PAIRS = 4.0


@dataclass(frozen=True, slots=True)
class Tally:
    """The results of a match from one player's side.

    Attributes:
        wins: games won; losses and draws likewise.
        pairs: how many pairs of games brought 0, 1/2, 1, 3/2 and 2 points.
    """

    wins: int = 0
    losses: int = 0
    draws: int = 0
    pairs: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)

    @property
    def games(self) -> int:
        """Games counted."""
        return self.wins + self.losses + self.draws

    @property
    def points(self) -> float:
        """Wins, and half of the draws."""
        return self.wins + self.draws / 2

    @property
    def score(self) -> float:
        """Share of the points, in [0, 1]; a draw is half a win. One half without games."""
        return self.points / self.games if self.games else 0.5

    def reversed(self) -> "Tally":
        """Return the same match from the other player's side."""
        zero, one, two, three, four = self.pairs
        return Tally(self.losses, self.wins, self.draws, (four, three, two, one, zero))


@dataclass(frozen=True, kw_only=True, slots=True)
class Strength:
    """What a tally says about the difference of two players.

    Attributes:
        score: share of the points, in [0, 1].
        score_low: lower end of its 95 % interval; score_high is the upper one.
        elo: rating difference; ±inf where all points went one way.
        elo_low: of the interval's lower end; elo_high of the upper one.
        superiority: probability in [0, 1] that the player is the stronger one.
    """

    score: float
    score_low: float
    score_high: float
    elo: float
    elo_low: float
    elo_high: float
    superiority: float


def judge(tally: Tally) -> Strength:
    """Return the share of the points and the Elo difference with their 95 % intervals.

    The interval is Wilson's at the number of independent games that the pairs are worth, a
    little wider because their variance is itself an estimate.
    """
    worth = effective_games(tally)
    pairs = sum(tally.pairs)
    width = student_width(pairs - 1 + _PRIOR_PAIRS) if pairs and 0 < tally.score < 1 else Z95
    low, high = wilson_interval(tally.score, worth, width)
    return Strength(
        score=tally.score,
        score_low=low,
        score_high=high,
        elo=elo_difference(tally.score),
        elo_low=elo_difference(low),
        elo_high=elo_difference(high),
        superiority=normal_share((2 * tally.score - 1) * math.sqrt(worth)),
    )


def effective_games(tally: Tally) -> float:
    """Return how many independent games without draws would be known as exactly as these.

    The variance of a pair's points is estimated from the pairs, with a few independent ones
    mixed in. A match of one-sided openings is worth more games than were played in it, one
    in which an opening decides who of the two is lucky twice, fewer.
    """
    pairs = sum(tally.pairs)
    independent = tally.score * (1 - tally.score) / 2
    if pairs == 0 or independent == 0:
        return float(tally.games)
    seen = dict(zip(PAIR_SHARES, tally.pairs, strict=True))
    mean = sum(share * count for share, count in seen.items()) / pairs
    squares = sum(count * (share - mean) ** 2 for share, count in seen.items())
    # The first pair tells nothing of a variance, hence one pair less.
    variance = (squares + _PRIOR_PAIRS * independent) / (pairs - 1 + _PRIOR_PAIRS)
    return tally.games * independent / variance


def student_width(freedom: float) -> float:
    """Return about the two-sided 95 % quantile of Student's distribution.

    Args:
        freedom: degrees of freedom, 3 or more: exact to 4 % there and to 0.2 % from 10 on
            (Abramowitz and Stegun, 26.7.5, two terms).
    """
    first = (Z95**3 + Z95) / 4
    second = (5 * Z95**5 + 16 * Z95**3 + 3 * Z95) / 96
    return Z95 + first / freedom + second / freedom**2


def wilson_interval(share: float, games: float, z: float = Z95) -> tuple[float, float]:
    """Return the interval in [0, 1] that holds the true share of the points.

    (Wilson 1927.) Without games all is possible.

    Args:
        share: observed share of the points.
        games: games it was observed in, or what they are worth.
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
    return ELO_SCALE * math.log10(share / (1 - share))


def expected_score(elo: float) -> float:
    """Return the share of the points expected at a rating difference (Elo 1978)."""
    return 1 / (1 + 10 ** (-elo / ELO_SCALE))


def normal_share(z: float) -> float:
    """Return the share of the standard normal distribution that lies below z."""
    return (1 + math.erf(z / math.sqrt(2))) / 2
