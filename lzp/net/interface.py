"""What every network here looks like from outside: one tower, then heads that read it.

Whoever trains, compares or extends a network needs no more than this file. A module that
is trained with a network but not played with reads what `tower` returns.
"""

from typing import NamedTuple, Protocol

from torch import Tensor, nn


class NetOutput(NamedTuple):
    """What a network says of B positions, each for the side to move.

    Attributes:
        policy_logits: float [B, S²+1]; the last is the pass.
        value: float [B] in (-1, 1).
        ownership_logits: float [B, S²], the value head's plane before its ReLU. Trained
            with a weight on ownership, the log-odds that a point ends up the side to
            move's; otherwise whatever the value makes of it.
    """

    policy_logits: Tensor
    value: Tensor
    ownership_logits: Tensor


class Shape(Protocol):
    """What is needed to build a network again; see `lzp.net.shape`."""

    @property
    def side(self) -> int:
        """Lines of the board the network is for, S."""
        ...

    @property
    def filters(self) -> int:
        """Channels of the tower's output, C."""
        ...

    def to_dict(self) -> dict[str, str | int | bool]:
        """Return plain data that a checkpoint can hold."""
        ...


class GoNet(nn.Module):
    """A network for Go: what `LeelaNet` and its kin have in common.

    Attributes:
        shape: what it takes to build the network again.
    """

    shape: Shape

    def tower(self, planes: Tensor) -> Tensor:
        """Return what the heads read, float [B, C, S, S], none below 0.

        Args:
            planes: float [B, 18, S, S], as `lzp.features` describes them.
        """
        raise NotImplementedError

    def heads(self, x: Tensor, planes: Tensor) -> NetOutput:
        """Return the answers of the tower's output.

        Args:
            x: float [B, C, S, S], what `tower` returned.
            planes: float [B, 18, S, S], what it was given.
        """
        raise NotImplementedError

    def forward(self, planes: Tensor) -> NetOutput:
        """Return policy logits and value for the side to move.

        Args:
            planes: float [B, 18, S, S], as `lzp.features` describes them.
        """
        return self.heads(self.tower(planes), planes)
