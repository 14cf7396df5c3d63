"""What is needed to build a network again, as plain data that a checkpoint can hold."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

from lzp.weights.tensors import MAX_SIDE, MIN_SIDE

MAX_BLOCKS = 256
MAX_FILTERS = 4096
#: Filters of a nested bottleneck network are halved in its blocks, and that again divided by 4.
FILTERS_STEP = 8


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

    KIND: ClassVar[str] = "leela"

    blocks: int
    filters: int
    side: int = 19
    value_for_black: bool = False

    def __post_init__(self) -> None:
        _check_sizes(self.blocks, self.filters, self.side)
        if not isinstance(self.value_for_black, bool):
            raise ValueError(f"value_for_black: {self.value_for_black!r}, expected true or false")

    def to_dict(self) -> dict[str, str | int | bool]:
        """Return plain data from which `from_dict` makes an equal shape."""
        return {"kind": self.KIND, **asdict(self)}

    @classmethod
    def from_dict(cls, data: object) -> Self:
        """Return the shape that `to_dict` wrote.

        Raises:
            ValueError: not such a dict; names the field.
        """
        return cls(**_fields(data, cls))


@dataclass(frozen=True, kw_only=True, slots=True)
class NestedBottleneckShape:
    """The size of a network of nested bottleneck blocks.

    Attributes:
        blocks: of the tower, each of six convolutions, 1 to 256.
        filters: channels of the tower, C, a multiple of 8 up to 4096.
        side: lines of the board, S, 2 to 25.

    Raises:
        ValueError: a field is of the wrong type or outside its range; names the field.
    """

    KIND: ClassVar[str] = "nested-bottleneck"

    blocks: int
    filters: int
    side: int = 19

    def __post_init__(self) -> None:
        _check_sizes(self.blocks, self.filters, self.side)
        if self.filters % FILTERS_STEP:
            raise ValueError(f"filters: {self.filters}, expected a multiple of {FILTERS_STEP}")

    def to_dict(self) -> dict[str, str | int | bool]:
        """Return plain data from which `from_dict` makes an equal shape."""
        return {"kind": self.KIND, **asdict(self)}

    @classmethod
    def from_dict(cls, data: object) -> Self:
        """Return the shape that `to_dict` wrote.

        Raises:
            ValueError: not such a dict; names the field.
        """
        return cls(**_fields(data, cls))


AnyShape = NetworkShape | NestedBottleneckShape


def shape_from_dict(data: object) -> AnyShape:
    """Return the shape of any network, of the kind that the data name.

    Raises:
        ValueError: not what a shape's `to_dict` wrote; names the field.
    """
    kind = _mapping(data).get("kind")
    if kind == NestedBottleneckShape.KIND:
        return NestedBottleneckShape.from_dict(data)
    if kind == NetworkShape.KIND:
        return NetworkShape.from_dict(data)
    raise ValueError(
        f"kind: {kind!r}, expected {NetworkShape.KIND!r} or {NestedBottleneckShape.KIND!r}"
    )


def _mapping(data: object) -> Mapping[str, object]:
    if not isinstance(data, Mapping):
        raise ValueError(f"expected a dict, found {type(data).__name__}")
    return data


def _fields(data: object, shape: type[AnyShape]) -> dict[str, Any]:
    """Return a shape's fields out of plain data; its constructor checks their values."""
    fields = dict(_mapping(data))
    kind = fields.pop("kind", None)
    if kind != shape.KIND:
        raise ValueError(f"kind: {kind!r}, expected {shape.KIND!r}")
    for name in ("blocks", "filters"):
        if name not in fields:
            raise ValueError(f"{name}: missing")
    unknown = sorted(str(name) for name in fields if name not in shape.__dataclass_fields__)
    if unknown:
        raise ValueError(f"{unknown[0]}: unknown field")
    return fields


def _check_sizes(blocks: int, filters: int, side: int) -> None:
    _check_range("blocks", blocks, 1, MAX_BLOCKS)
    _check_range("filters", filters, 1, MAX_FILTERS)
    _check_range("side", side, MIN_SIDE, MAX_SIDE)


def _check_range(name: str, number: int, low: int, high: int) -> None:
    # A bool is an int to Python, but `filters: true` is a mistake.
    if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
        raise ValueError(f"{name}: {number!r}, expected a whole number from {low} to {high}")
