"""A network of nested bottleneck blocks with global pooling, for any side of the board.

::

    planes [B, 18, S, S]
      │ conv 3x3
      │ blocks: ┌ norm, ReLU, conv 1x1 to C/2
      │         │   two pairs: (norm, ReLU, conv 3x3 (+ pooled), norm, ReLU, conv 3x3) + input
      │         └ norm, ReLU, conv 1x1 to C, + input
      │ norm, ReLU                                                             = the tower
      ├── conv 1x1 (+ pooled), norm, ReLU, conv 1x1 ─┬─────► policy_logits [B, S²+1]
      │              pooled, dense ──── pass ────────┘
      └── conv 1x1, norm, ReLU ─┬─ pooled ───────────┬─ norm, dense, ReLU, dense, tanh
                                └─ conv 1x1 = owners ┘                   ─► value [B]

No weight depends on S: what the board decides as a whole travels through pooling, the
mean and the maximum of a few planes over all points, which adds one number to each plane.

Sources: global pooling, also in the policy head, and the owners of the points in the value
head are Wu 2019, "Accelerating Self-Play Learning in Go", sections 3.3 and 4.1; the blocks
are KataGo's docs/KataGoMethods.md, "Nested Bottleneck Residual Nets"; norms before the
convolutions are He et al. 2016, "Identity Mappings in Deep Residual Networks". KataGo pools
a third number, the mean times the side, since it learns several sides at once; here one
network learns one side, where that is a multiple of the mean.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lzp.net.interface import GoNet, NetOutput
from lzp.net.shape import NestedBottleneckShape
from lzp.weights.tensors import EPSILON, INPUT_PLANES

#: Every so many blocks, one pools; the first does not.
POOL_EVERY = 2
#: Planes of each branch of the heads, and hidden units of the value.
HEAD_FILTERS = 32
VALUE_HIDDEN = 64
#: Standard deviation of the last layers' first weights: near-uniform policy, value near 0.
LAST_LAYER_STD = 0.01


class NestedBottleneckNet(GoNet):
    """A network that only ONNX can hold: most of its layers have no place in Leela Zero's format.

    In training mode a batch needs two positions or more.

    Args:
        blocks: nested bottleneck blocks, each as costly as 0.56 of a `LeelaNet`'s at the
            same filters.
        filters: channels of the tower, a multiple of 8.
        side: lines of the board the network is for.
        planes: of a position; the engine knows 18 only.

    Raises:
        ValueError: a size outside its range.
    """

    shape: NestedBottleneckShape

    def __init__(
        self, blocks: int, filters: int, side: int = 19, planes: int = INPUT_PLANES
    ) -> None:
        super().__init__()
        if planes != INPUT_PLANES:
            raise ValueError(f"planes: {planes}, positions have {INPUT_PLANES}")
        self.shape = NestedBottleneckShape(blocks=blocks, filters=filters, side=side)
        self.input = convolution(INPUT_PLANES, filters, 3)
        pooled = [index % POOL_EVERY == POOL_EVERY - 1 for index in range(blocks)]
        self.blocks = nn.Sequential(*(NestedBlock(filters, pools) for pools in pooled))
        self.norm = norm_of(filters)
        self.policy = PolicyHead(filters)
        self.value = ValueHead(filters)

    def tower(self, planes: Tensor) -> Tensor:
        """See `GoNet.tower`."""
        return F.relu(self.norm(self.blocks(self.input(planes))))

    def heads(self, x: Tensor, planes: Tensor) -> NetOutput:
        """See `GoNet.heads`."""
        value, owners = self.value(x)
        return NetOutput(self.policy(x), value, owners)


class NestedBlock(nn.Module):
    """Two residual pairs at half the channels, between two 1x1 convolutions.

    The last convolution starts at zero, so that a new block is the identity and a deep
    tower trains from the first step.
    """

    def __init__(self, filters: int, pools: bool) -> None:
        super().__init__()
        middle = filters // 2
        self.down_norm = norm_of(filters)
        self.down = convolution(filters, middle, 1)
        self.pairs = nn.Sequential(ResidualPair(middle, pools), ResidualPair(middle, False))
        self.up_norm = norm_of(middle)
        self.up = convolution(middle, filters, 1)
        nn.init.zeros_(self.up.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Return float [B, filters, S, S] of the same shape."""
        y = self.pairs(self.down(F.relu(self.down_norm(x))))
        return cast(Tensor, x + self.up(F.relu(self.up_norm(y))))


class ResidualPair(nn.Module):
    """Two 3x3 convolutions whose result is added to their input; pooled planes may join."""

    def __init__(self, filters: int, pools: bool) -> None:
        super().__init__()
        self.first_norm = norm_of(filters)
        self.first = convolution(filters, filters, 3)
        self.pool = PoolBias(filters, filters // 4, filters, 3) if pools else None
        self.second_norm = norm_of(filters)
        self.second = convolution(filters, filters, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Return float [B, filters, S, S] of the same shape."""
        y = F.relu(self.first_norm(x))
        z = self.first(y)
        if self.pool is not None:
            z = z + self.pool(y)[:, :, None, None]
        return cast(Tensor, x + self.second(F.relu(self.second_norm(z))))


class GlobalPool(nn.Module):
    """The mean and the maximum of some planes over the board."""

    def __init__(self, filters: int, planes: int, size: int) -> None:
        super().__init__()
        self.conv = convolution(filters, planes, size)
        self.norm = norm_of(planes)

    def forward(self, x: Tensor) -> Tensor:
        """Return float [B, 2·planes], means before maxima, of float [B, filters, S, S]."""
        return pooled(F.relu(self.norm(self.conv(x))))


class PoolBias(GlobalPool):
    """Pooled planes as one number for each plane of another branch."""

    def __init__(self, filters: int, planes: int, outputs: int, size: int) -> None:
        super().__init__(filters, planes, size)
        self.dense = nn.Linear(2 * planes, outputs, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return float [B, outputs] of float [B, filters, S, S]."""
        return cast(Tensor, self.dense(super().forward(x)))


class PolicyHead(nn.Module):
    """From the tower to the logits of all moves; the pass is judged by the whole board."""

    def __init__(self, filters: int) -> None:
        super().__init__()
        self.conv = convolution(filters, HEAD_FILTERS, 1)
        self.pool = GlobalPool(filters, HEAD_FILTERS, 1)
        self.bias = nn.Linear(2 * HEAD_FILTERS, HEAD_FILTERS, bias=False)
        self.norm = norm_of(HEAD_FILTERS)
        self.points = convolution(HEAD_FILTERS, 1, 1)
        self.passing = nn.Linear(2 * HEAD_FILTERS, 1)
        for layer in (self.points, self.passing):
            nn.init.normal_(layer.weight, std=LAST_LAYER_STD)
        nn.init.zeros_(self.passing.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, float [B, S²+1], of float [B, filters, S, S]."""
        board = self.pool(x)
        y = self.conv(x) + self.bias(board)[:, :, None, None]
        points = self.points(F.relu(self.norm(y))).flatten(1)
        return torch.cat((points, self.passing(board)), dim=1)


class ValueHead(nn.Module):
    """From the tower to the value of the position, by way of whose each point is.

    The result of a game is a sum over the board. The value reads pooled planes, and of a
    plane of log-odds that a point is the side to move's the mean of 2p - 1. Pooling makes
    the planes' differences between positions small beside their means; a norm after it
    brings both to one scale, so that the value learns from the first steps.
    """

    def __init__(self, filters: int) -> None:
        super().__init__()
        self.conv = convolution(filters, HEAD_FILTERS, 1)
        self.norm = norm_of(HEAD_FILTERS)
        self.owners = nn.Conv2d(HEAD_FILTERS, 1, 1)
        self.pooled_norm = nn.BatchNorm1d(2 * HEAD_FILTERS + 1, eps=EPSILON)
        self.hidden = nn.Linear(2 * HEAD_FILTERS + 1, VALUE_HIDDEN)
        self.dense = nn.Linear(VALUE_HIDDEN, 1)
        nn.init.normal_(self.owners.weight, std=HEAD_FILTERS**-0.5)
        nn.init.normal_(self.dense.weight, std=LAST_LAYER_STD)
        for layer in (self.owners, self.dense):
            nn.init.zeros_(cast(Tensor, layer.bias))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the value in (-1, 1), float [B], and the points' log-odds, [B, S²]."""
        y = F.relu(self.norm(self.conv(x)))
        owners = self.owners(y).flatten(1)
        lead = torch.tanh(owners / 2).mean(dim=1, keepdim=True)
        board = self.pooled_norm(torch.cat((pooled(y), lead), dim=1))
        value = self.dense(F.relu(self.hidden(board)))
        return torch.tanh(value).squeeze(1), owners


def convolution(planes: int, filters: int, size: int) -> nn.Conv2d:
    """Return a new convolution without bias that keeps the board's size."""
    layer = nn.Conv2d(planes, filters, size, padding=size // 2, bias=False)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return layer


def norm_of(filters: int) -> nn.BatchNorm2d:
    """Return a new batch norm over planes."""
    return nn.BatchNorm2d(filters, eps=EPSILON)


def pooled(x: Tensor) -> Tensor:
    """Return means and maxima over the board, float [B, 2·C] of float [B, C, S, S]."""
    return torch.cat((x.mean(dim=(2, 3)), x.amax(dim=(2, 3))), dim=1)
