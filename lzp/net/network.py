"""Leela Zero's network: a residual tower, a policy head and a value head.

::

    planes [B, 18, S, S]
      │ conv 3x3, norm, ReLU
      │ residual blocks: (conv 3x3, norm, ReLU, conv 3x3, norm) + input, ReLU
      ├── conv 1x1 to 2 planes, norm, ReLU, dense ─────────────► policy_logits [B, S²+1]
      └── conv 1x1 to 1 plane, norm, ReLU, dense 256, ReLU, dense 1, tanh ─► value [B]

The widths of the heads are fixed: leelaz has them compiled in. The norms have a scale,
which the weight format lacks but export folds into the convolution exactly.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lzp.net.convolution import BoardConv2d
from lzp.net.interface import GoNet, NetOutput
from lzp.net.shape import NetworkShape
from lzp.weights.tensors import EPSILON, INPUT_PLANES, POLICY_PLANES, VALUE_HIDDEN, VALUE_PLANES

#: Standard deviation of the last layers' first weights: near-uniform policy, value near 0.
LAST_LAYER_STD = 0.01

#: Weight with which a point's logit begins to follow its planes, and how faint these are.
READOUT, READOUT_PLANE_STD = 4.0, 0.1

#: Mean of max(0, x) for x from a normal distribution of mean 1 and variance 1.
MEAN_OF_RELU = 1.0833


class ConvNorm(nn.Module):
    """A convolution that keeps the board's size, then batch norm; no activation."""

    def __init__(self, planes: int, filters: int, size: int) -> None:
        super().__init__()
        self.conv = BoardConv2d(planes, filters, size)
        self.norm = nn.BatchNorm2d(filters, eps=EPSILON)
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """Return float [B, filters, S, S] of float [B, planes, S, S]."""
        return cast(Tensor, self.norm(self.conv(x)))


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions whose result is added to their input.

    The last norm's scale starts at zero, so that a new block is the identity and a deep
    tower trains from the first step (Goyal et al. 2017, "Accurate, Large Minibatch SGD").
    """

    def __init__(self, filters: int) -> None:
        super().__init__()
        self.first = ConvNorm(filters, filters, 3)
        self.second = ConvNorm(filters, filters, 3)
        nn.init.zeros_(self.second.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Return float [B, filters, S, S] of the same shape."""
        # In place in training: on a CPU new memory costs more than what is written into it.
        y = self.second(F.relu(self.first(x), inplace=self.training))
        y = y.add_(x) if self.training else y + x
        return F.relu(y, inplace=self.training)


class PolicyHead(nn.Module):
    """From the tower to the logits of all moves."""

    def __init__(self, filters: int, side: int) -> None:
        super().__init__()
        self.conv = ConvNorm(filters, POLICY_PLANES, 1)
        self.dense = nn.Linear(POLICY_PLANES * side * side, side * side + 1)
        self._start_as_convolution(side * side)

    def _start_as_convolution(self, area: int) -> None:
        """Let every point's logit begin as the first plane less the second at that point.

        What makes a move good is at first the same all over the board, and so a pattern
        learned at one point serves at all. From random weights a dense layer has to learn
        it 361 times over, and meanwhile sends nothing but noise down to the tower: see
        docs/recipe.md for what that costs. The planes are shifted up, so that their ReLU
        cuts little off; they are faint, so that their sums are near 0, and the readout is
        strong, so that they need not grow far.
        """
        nn.init.normal_(self.conv.conv.weight, std=0.1 * self.conv.conv.in_channels**-0.5)
        nn.init.constant_(self.conv.norm.weight, READOUT_PLANE_STD)
        nn.init.constant_(self.conv.norm.bias, 2 * READOUT_PLANE_STD)
        _start_small(self.dense)
        with torch.no_grad():
            points = torch.arange(area)
            self.dense.weight[points, points] += READOUT
            self.dense.weight[points, area + points] -= READOUT

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, float [B, S²+1], of float [B, filters, S, S]."""
        return cast(Tensor, self.dense(F.relu(self.conv(x)).flatten(1)))


class ValueHead(nn.Module):
    """From the tower to the value of the position."""

    def __init__(self, filters: int, side: int) -> None:
        super().__init__()
        self.conv = ConvNorm(filters, VALUE_PLANES, 1)
        self.hidden = nn.Linear(VALUE_PLANES * side * side, VALUE_HIDDEN)
        self.dense = nn.Linear(VALUE_HIDDEN, 1)
        self._start_as_pooling()
        nn.init.normal_(self.dense.weight, std=LAST_LAYER_STD / 10)  # the sums are large
        nn.init.zeros_(self.dense.bias)

    def _start_as_pooling(self) -> None:
        """Let every hidden unit begin as a multiple of the plane's mean over the board.

        Who leads is a sum over the board. From random weights a small network does not find
        that: the noise of the first steps closes the plane's ReLU instead, and the value
        stays at 0 (measured on 6x64: mean square error 1.00 after 400,000 positions; a head
        begun like this fell below 0.98 within 60,000 on the same tower). The plane is
        shifted up, so that its ReLU cuts little off; its weights are small, so that they
        turn fast.
        """
        nn.init.normal_(self.conv.conv.weight, std=0.1 * self.conv.conv.in_channels**-0.5)
        nn.init.ones_(self.conv.norm.bias)
        scale = torch.randn(VALUE_HIDDEN, 1) / self.hidden.in_features**0.5
        with torch.no_grad():
            self.hidden.weight.copy_(scale.expand_as(self.hidden.weight))
            self.hidden.bias.copy_(-self.hidden.in_features * MEAN_OF_RELU * scale[:, 0])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the value in (-1, 1), float [B], and the plane, [B, S²], it is made from."""
        plane = self.conv(x).flatten(1)
        hidden = F.relu(self.hidden(F.relu(plane)))
        return torch.tanh(self.dense(hidden)).squeeze(1), plane


class LeelaNet(GoNet):
    """A network that can be written as Leela Zero weights.

    Args:
        blocks: residual blocks.
        filters: channels of the tower.
        side: lines of the board the network is for.
        value_for_black: the value head gives Black's value; see `NetworkShape`.
        planes: of a position; Leela Zero's format knows 18 only.

    Raises:
        ValueError: a size outside its range.
    """

    shape: NetworkShape

    def __init__(
        self,
        blocks: int,
        filters: int,
        side: int = 19,
        value_for_black: bool = False,
        planes: int = INPUT_PLANES,
    ) -> None:
        super().__init__()
        if planes != INPUT_PLANES:
            raise ValueError(f"planes: {planes}, Leela Zero's networks have {INPUT_PLANES}")
        self.shape = NetworkShape(
            blocks=blocks, filters=filters, side=side, value_for_black=value_for_black
        )
        self.input = ConvNorm(INPUT_PLANES, filters, 3)
        self.blocks = nn.Sequential(*(ResidualBlock(filters) for _ in range(blocks)))
        self.policy = PolicyHead(filters, side)
        self.value = ValueHead(filters, side)

    def tower(self, planes: Tensor) -> Tensor:
        """See `GoNet.tower`."""
        return cast(Tensor, self.blocks(F.relu(self.input(planes), inplace=self.training)))

    def heads(self, x: Tensor, planes: Tensor) -> NetOutput:
        """See `GoNet.heads`."""
        value, plane = self.value(x)
        if self.shape.value_for_black:
            # +1 where Black is to move, -1 where White is.
            value = value * (planes[:, 16, 0, 0] - planes[:, 17, 0, 0])
        return NetOutput(self.policy(x), value, plane)


def _start_small(layer: nn.Linear) -> None:
    nn.init.normal_(layer.weight, std=LAST_LAYER_STD)
    nn.init.zeros_(layer.bias)
