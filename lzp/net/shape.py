"""What is needed to build a network again, as plain data that a checkpoint can hold."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from lzp.weights.tensors import MAX_SIDE, MIN_SIDE

KIND = "leela"
MAX_BLOCKS = 256
MAX_FILTERS = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkShape:
    """The size of a Leela Zero network.

    Attributes:
        blocks: residual blocks of the tower, 1 to 256.
        filters: channels of the tower, C, 1 to 4096.
        side: lines of the board, S, 2 to 25.
        value_for_black: the value head gives Black's value (Leela Zero's version 2), which
            `LeelaNet.forward` turns into the side to move's.

    Raises:
        ValueError: a field is of the wrong type or outside its range; names the field.
    """

    blocks: int
    filters: int
    side: int = 19
    value_for_black: bool = False

    def __post_init__(self) -> None:
        _check_range("blocks", self.blocks, 1, MAX_BLOCKS)
        _check_range("filters", self.filters, 1, MAX_FILTERS)
        _check_range("side", self.side, MIN_SIDE, MAX_SIDE)
        if not isinstance(self.value_for_black, bool):
            raise ValueError(f"value_for_black: {self.value_for_black!r}, expected true or false")

    def to_dict(self) -> dict[str, str | int | bool]:
        """Return plain data from which `from_dict` makes an equal shape."""
        return {"kind": KIND, **asdict(self)}

    @classmethod
    def from_dict(cls, data: object) -> "NetworkShape":
        """Return the shape that `to_dict` wrote.

        Raises:
            ValueError: not such a dict; names the field.
        """
        if not isinstance(data, Mapping):
            raise ValueError(f"expected a dict, found {type(data).__name__}")
        fields = dict(data)
        kind = fields.pop("kind", None)
        if kind != KIND:
            raise ValueError(f"kind: {kind!r}, expected {KIND!r}")
        for name in ("blocks", "filters"):
            if name not in fields:
                raise ValueError(f"{name}: missing")
        unknown = sorted(str(name) for name in fields if name not in cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"{unknown[0]}: unknown field")
        return cls(**fields)


def _check_range(name: str, number: int, low: int, high: int) -> None:
    # A bool is an int to Python, but `filters: true` is a mistake.
    if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
        raise ValueError(f"{name}: {number!r}, expected a whole number from {low} to {high}")
