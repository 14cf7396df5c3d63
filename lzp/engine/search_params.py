"""What a search is told: its constants, and when to stop.

`SearchParams()` has every technique off, `SearchParams.strong()` has those on that win games,
and `SearchParams.leela()` is Leela Zero 0.17: the same network plays the same way.
"""

from dataclasses import dataclass
from typing import Any, Literal

from lzp.engine.pacing import Pacing
from lzp.go.rules import TERRITORY, Rules

#: Leela Zero 0.17, by field of `SearchParams`.
_LEELA: dict[str, Any] = {
    "cpuct": 0.5,
    "cpuct_scale": 0.015,
    "cpuct_offset": 1.7,
    "fpu_reduction": 0.25,
    "root_fpu_reduction": 0.25,
    "fpu_from_mean": False,
    "spread_weight": 0.0,
    "bias_share": 0.0,
    "halving_visits": 0,
    "policy_exponent": 1.0,
    "tactics_weight": 0.0,
    "rollouts": 0,
    "settling_playouts": 0,
    "merge_equal": False,
    "slack_margin": 0.0,
    "cache": "transpositions",
    "virtual_loss": 3,
    "visits_per_leaf": 0,
    "batch_size": 1,
    "lcb_min_visit_ratio": 0.1,
}

#: What wins games at equal evaluations (docs/search.md), by field of `SearchParams`.
_STRONG: dict[str, Any] = {
    "cpuct": 0.6,
    "fpu_reduction": 0.12,
    "root_fpu_reduction": 0.12,
    "bias_share": 0.35,
    "tactics_weight": 1.0,
    "rollouts": 8,
    "lead_share": 0.5,
    "settling_playouts": 16,
    "cache": "transpositions",
}

#: Random games where a game ends whose territory is counted, at least.
_TERRITORY_PLAYOUTS = 64


def _check(name: str, value: float, low: float, high: float) -> None:
    """Raise ValueError unless low <= value <= high (a NaN never is)."""
    if not low <= value <= high:
        raise ValueError(f"{name} must be {low:g} to {high:g}, not {value:g}")


def _check_optional(name: str, value: float | None, low: float, high: float) -> None:
    """Raise ValueError unless the value is None or within its range."""
    if value is not None:
        _check(name, value, low, high)


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchParams:
    """The constants of one search. Winrates are in [0, 1] throughout.

    Attributes:
        cpuct: weight of the prior against the winrate.
        cpuct_scale: s of the growth factor sqrt(ln(s * N + c)) on the prior's weight.
        cpuct_offset: c of the same factor.
        fpu_reduction: how much worse than its parent an unvisited move is taken to be,
            times the root of the priors already visited.
        root_fpu_reduction: the same at the root, where noise is off.
        fpu_from_mean: whether that parent's winrate is the mean of its playouts, not the
            network's.
        spread_weight: how much the spread of a node's winrates scales its cpuct; 0 for not.
        typical_spread: the spread that leaves cpuct as it is.
        bias_share: of the bias found for a kind of position that is taken off the
            network's winrate; 0 for no correction.
        halving_visits: searches of so few playouts compare root moves by sequential
            halving (halving.py); 0 for never.
        halving_moves: how many moves are compared then at first.
        halving_value: nats of the prior that a winrate of 1 is worth there.
        policy_exponent: power that the network's probabilities are raised to; below 1 more
            moves are looked at.
        tactics_weight: of what reading says of a move beside the policy
            (tactics_kernels.py); 1 as fitted, 0 for none.
        rollouts: games played on from a leaf at most, whose results count beside the network's
            winrate, and for more the fuller the board is (rollout_kernels.py); 0 for none.
        rollout_share: what share of the winrate they make where the board is full.
        rollout_from: share of occupied points up to which they make none of it.
        rollout_to: share of occupied points from which on they make that share.
        lead_share: share of what a game played on is worth that follows from the points of
            its lead, so that more of them are better, though less and less; the rest is for
            whoever has more.
        lead_points: a lead of so many is worth e to 1, one of twice as many e squared to 1.
        settling_playouts: random games that decide which stones are dead where two passes
            end a game; 0 counts all stones as alive.
        merge_equal: whether the root keeps one of the moves that a symmetric board makes
            equal (equal_moves.py).
        slack_margin: winrate that a move may cost if it is worth points in a decided game
            (slack.py); 0 for none.
        virtual_loss: lost playouts counted for each visit that waits for the network.
        batch_size: most positions evaluated in one call.
        visits_per_leaf: visits of the root for each leaf that waits for the network, so that
            the first batches of a search are small; 0 for no such limit.
        batches_in_flight: batches on their way to the network at once; 1 waits for each.
        cache: by what answers of the network are remembered and shared: "exact" by all that
            it sees, "transpositions" by the position however it came about, "off" not.
        cache_mib: most memory for that, in MiB.
        max_nodes: bound of the tree; about 1.6 KB a node on a 19x19 board.
        noise: whether Dirichlet noise is mixed into the root's priors, for self-play.
        noise_alpha: concentration of that noise on 19x19; it scales with 361 / side².
        noise_weight: its share.
        dumb_pass: whether passing is always a candidate, and never second-guessed.
        random_moves: as long as fewer moves than this were played, the move is drawn.
        random_visits: only moves with more visits than this are drawn.
        random_temperature: 1 draws in proportion to visits, 0.1 hardly ever the second.
        lcb_min_visit_ratio: share of the most visited move's visits from which on moves
            are ordered by their lower confidence bound.
        symmetry: 0..7 evaluates every position under that symmetry; None draws one each.
        seed: of everything that is drawn; None takes one from the system.
    """

    cpuct: float = 0.5
    cpuct_scale: float = 0.015
    cpuct_offset: float = 1.7
    fpu_reduction: float = 0.25
    root_fpu_reduction: float = 0.25
    fpu_from_mean: bool = False
    spread_weight: float = 0.0
    typical_spread: float = 0.15
    bias_share: float = 0.0
    halving_visits: int = 0
    halving_moves: int = 8
    halving_value: float = 20.0
    policy_exponent: float = 1.0
    tactics_weight: float = 0.0
    rollouts: int = 0
    rollout_share: float = 0.6
    rollout_from: float = 0.25
    rollout_to: float = 0.85
    lead_share: float = 0.0
    lead_points: float = 15.0
    settling_playouts: int = 0
    merge_equal: bool = False
    slack_margin: float = 0.0
    virtual_loss: int = 3
    batch_size: int = 8
    visits_per_leaf: int = 0
    batches_in_flight: int = 1
    cache: Literal["off", "exact", "transpositions"] = "exact"
    cache_mib: int = 128
    max_nodes: int = 500_000
    noise: bool = False
    noise_alpha: float = 0.03
    noise_weight: float = 0.25
    dumb_pass: bool = False
    random_moves: int = 0
    random_visits: int = 1
    random_temperature: float = 1.0
    lcb_min_visit_ratio: float = 0.1
    symmetry: int | None = None
    seed: int | None = None

    @classmethod
    def leela(cls, **changes: Any) -> "SearchParams":
        """Return the constants of Leela Zero 0.17, whatever our defaults are.

        With symmetric networks, one thread and no noise the tree is that of the real
        `leelaz`, visit for visit (tests/engine/test_search_leelaz.py).

        Args:
            changes: fields of ours that are set as well, such as `seed` or `batch_size`.

        Raises:
            ValueError: a field is out of range.
        """
        return cls(**{**_LEELA, **changes})

    @classmethod
    def strong(cls, **changes: Any) -> "SearchParams":
        """Return the constants that `lzp-gtp` plays with at full strength.

        The priors are then no longer the network's: reading changes them.

        Args:
            changes: fields that are set as well, over the strong ones.

        Raises:
            ValueError: a field is out of range.
        """
        return cls(**{**_STRONG, **changes})

    def settling_under(self, rules: Rules) -> int:
        """Return how many random games find the dead stones; 0 where all count as alive.

        Where dead stones must be taken to count, none is looked for. Where territory is
        counted they always are: they stay on the board there, since it costs points to
        take them.
        """
        playouts = self.settling_playouts if rules.friendly_pass else 0
        return max(playouts, _TERRITORY_PLAYOUTS if rules.scoring == TERRITORY else 0)

    def __post_init__(self) -> None:
        """Check every range.

        Raises:
            ValueError: naming the field, its range and its value.
        """
        _check("cpuct", self.cpuct, 0, 100)
        _check("cpuct_scale", self.cpuct_scale, 0, 100)
        _check("cpuct_offset", self.cpuct_offset, 1, 1e6)
        _check("fpu_reduction", self.fpu_reduction, 0, 10)
        _check("root_fpu_reduction", self.root_fpu_reduction, 0, 10)
        _check("spread_weight", self.spread_weight, 0, 1)
        _check("typical_spread", self.typical_spread, 1e-3, 1)
        _check("bias_share", self.bias_share, 0, 1)
        _check("halving_visits", self.halving_visits, 0, 1_000_000)
        _check("halving_moves", self.halving_moves, 2, 361)
        _check("halving_value", self.halving_value, 0, 1000)
        _check("policy_exponent", self.policy_exponent, 0.1, 10)
        _check("tactics_weight", self.tactics_weight, 0, 2)
        _check("rollouts", self.rollouts, 0, 1000)
        _check("rollout_share", self.rollout_share, 0, 1)
        _check("rollout_from", self.rollout_from, 0, 0.99)
        _check("rollout_to", self.rollout_to, self.rollout_from + 0.01, 1)
        _check("lead_share", self.lead_share, 0, 1)
        _check("lead_points", self.lead_points, 0.1, 1000)
        _check("settling_playouts", self.settling_playouts, 0, 10_000)
        _check("slack_margin", self.slack_margin, 0, 1)
        _check("virtual_loss", self.virtual_loss, 1, 1000)
        _check("batch_size", self.batch_size, 1, 4096)
        _check("visits_per_leaf", self.visits_per_leaf, 0, 1_000_000)
        _check("batches_in_flight", self.batches_in_flight, 1, 64)
        if self.cache not in ("off", "exact", "transpositions"):
            raise ValueError(f"cache must be off, exact or transpositions, not {self.cache!r}")
        _check("cache_mib", self.cache_mib, 0, 1_000_000)
        _check("max_nodes", self.max_nodes, 16, 100_000_000)
        _check("noise_alpha", self.noise_alpha, 1e-4, 100)
        _check("noise_weight", self.noise_weight, 0, 1)
        _check("random_moves", self.random_moves, 0, 1_000_000)
        _check("random_visits", self.random_visits, 0, 1_000_000_000)
        _check("random_temperature", self.random_temperature, 0.01, 100)
        _check("lcb_min_visit_ratio", self.lcb_min_visit_ratio, 0, 1)
        _check_optional("symmetry", self.symmetry, 0, 7)
        _check_optional("seed", self.seed, 0, 2**64 - 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchLimits:
    """When a search ends; the first limit that is reached ends it, None is no limit.

    One playout is always made, so that there is a move to play.

    Attributes:
        visits: of the root, those kept from earlier searches included.
        playouts: made by this search.
        time_s: seconds of this search.
        prune: whether root moves that can no longer become the best are left out.
        stop_when_decided: whether the search ends when only one such move is left.
        pacing: decides on the time as the search goes, in place of `time_s`; without any
            time left, no playout is made. For one search only.
    """

    visits: int | None = None
    playouts: int | None = None
    time_s: float | None = None
    prune: bool = False
    stop_when_decided: bool = False
    pacing: Pacing | None = None

    def __post_init__(self) -> None:
        """Check every range.

        Raises:
            ValueError: naming the field, its range and its value.
        """
        _check("visits", 1 if self.visits is None else self.visits, 1, 2**31 - 1)
        _check("playouts", 1 if self.playouts is None else self.playouts, 1, 2**31 - 1)
        _check("time_s", self.time_s or 0.0, 0, 1e9)
