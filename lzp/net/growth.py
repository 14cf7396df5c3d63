"""A larger network that begins with the answers of a smaller one.

The idea is Net2Net's (Chen, Goodfellow and Shlens 2016), in another way: what is new is
computed from the start and heard by nobody yet. Filters of the smaller network take nothing
from new ones, and blocks after its last are the identity, as every new block is. So the
function stays, and all that is new has a gradient.
"""

import torch

from lzp.net.interface import GoNet
from lzp.net.network import ConvNorm, LeelaNet, ResidualBlock


def can_grow(smaller: GoNet, net: GoNet) -> bool:
    """Return whether a network could begin with the answers of a smaller one."""
    if not (isinstance(smaller, LeelaNet) and isinstance(net, LeelaNet)):
        return False
    old, new = smaller.shape, net.shape
    is_same_kind = (old.side, old.value_for_black) == (new.side, new.value_for_black)
    return is_same_kind and old.blocks <= new.blocks and old.filters <= new.filters


def grow_into(net: LeelaNet, smaller: LeelaNet) -> None:
    """Change a new network so that in eval mode it answers as a smaller one does.

    Args:
        net: as it was made: blocks that the other lacks have to be the identity.
        smaller: stays as it is; see `can_grow`.
    """
    with torch.no_grad():
        _grow(net.input, smaller.input)
        for block, old in zip(net.blocks, smaller.blocks, strict=False):
            assert isinstance(block, ResidualBlock)
            assert isinstance(old, ResidualBlock)
            _grow(block.first, old.first)
            _grow(block.second, old.second)
        _grow(net.policy.conv, smaller.policy.conv)
        _grow(net.value.conv, smaller.value.conv)
    net.policy.dense.load_state_dict(smaller.policy.dense.state_dict())
    net.value.hidden.load_state_dict(smaller.value.hidden.state_dict())
    net.value.dense.load_state_dict(smaller.value.dense.state_dict())


def _grow(layer: ConvNorm, old: ConvNorm) -> None:
    """Copy a layer into the first filters of one with more of them, or with more inputs."""
    filters, planes = old.conv.weight.shape[:2]
    layer.conv.weight[:filters, :planes] = old.conv.weight
    layer.conv.weight[:filters, planes:] = 0.0
    for name in ("weight", "bias", "running_mean", "running_var"):
        getattr(layer.norm, name)[:filters] = getattr(old.norm, name)
