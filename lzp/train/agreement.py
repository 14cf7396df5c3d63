"""What one group of the configuration demands of another, checked before any work starts.

The side of the board and the number of planes are said once, in `data`, and flow to the
network by interpolation; whoever says them twice is told so here rather than by a tensor.
"""

from typing import Any

from lzp.train.config import ConfigError, Plain
from lzp.train.precision import check_precision

#: Each pair must be equal where both are there: what follows, and where it is said.
_FOLLOWERS = (
    ("network.side", "data.side"),
    ("network.planes", "data.planes"),
    ("data.games.side", "data.side"),
)


def check_agreement(plain: Plain) -> None:
    """Check a configuration that `checked` has passed.

    Raises:
        ConfigError: two groups contradict each other; names both keys.
    """
    for follower, leader in _FOLLOWERS:
        _check_follows(plain, follower, leader)
    _check_sides(plain)
    _check_ownership(plain)
    check_precision(plain["trainer"])


def _check_follows(plain: Plain, follower: str, leader: str) -> None:
    found, wanted = _value(plain, follower), _value(plain, leader)
    if found is not None and wanted is not None and found != wanted:
        raise ConfigError(f"{follower}: {found}, but {leader} is {wanted}; say only {leader}=")


def _check_sides(plain: Plain) -> None:
    """Refuse a conversion that leaves out the games to train on."""
    sides, side = _value(plain, "data.options.sides"), _value(plain, "data.side")
    if sides and side not in sides:
        raise ConfigError(f"data.options.sides: {sides}, without data.side, {side}")


def _check_ownership(plain: Plain) -> None:
    """Refuse to train on owners that are not sampled."""
    weight = _value(plain, "task.weights.ownership") or 0.0
    if weight > 0 and not _value(plain, "data.ownership"):
        raise ConfigError(f"task.weights.ownership: {weight}, needs data.ownership=true")


def _value(plain: Plain, key: str) -> Any:
    """Return the value of a full key; None where there is no such key."""
    value: Any = plain
    for name in key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
