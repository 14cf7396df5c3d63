"""Random torch networks whose norms are as unlike the identity as training makes them."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lzp.net import GoNet, LeelaNet, NestedBottleneckNet, network_from_weights
from tests.networks import random_weights


def random_net(side: int = 19, blocks: int = 2, filters: int = 16, seed: int = 0) -> LeelaNet:
    """A network with scales of both signs and one of zero, in eval mode."""
    net = network_from_weights(random_weights(side, blocks, filters, seed))
    rng = np.random.default_rng(seed)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            scale = rng.uniform(0.5, 1.5, module.num_features)
            if module.num_features == filters:  # a head turned negative would say nothing
                scale *= rng.choice([-1, 1], filters, p=[0.2, 0.8])
                scale[0] = 0
            with torch.no_grad():
                module.weight.copy_(torch.from_numpy(scale))
    return net.eval()


def random_nested_net(
    side: int = 19, blocks: int = 2, filters: int = 16, seed: int = 0
) -> NestedBottleneckNet:
    """A network with scales of both signs and statistics of a batch, in eval mode.

    Nothing in it is at its start: the blocks are not the identity, the policy is not flat.
    """
    generator = torch.Generator().manual_seed(seed)
    net = NestedBottleneckNet(blocks, filters, side)
    for name, tensor in net.named_parameters():
        fan_in = tensor[0].numel() if tensor.ndim > 1 else 9
        tensor.data.normal_(0, 1.5 * fan_in**-0.5, generator=generator)
        if "norm.weight" in name:
            tensor.data += torch.where(
                torch.rand(tensor.shape, generator=generator) < 0.8, 1.0, -1.0
            )
    for norm in net.modules():
        if isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d):
            norm.momentum = None  # the statistics become those of the one batch
    net(torch.from_numpy(_planes_of_chance(side, seed)))
    return net.eval()


def _planes_of_chance(side: int, seed: int) -> NDArray[np.float32]:
    """Planes with stones at random, float32 [64, 18, S, S]."""
    rng = np.random.default_rng(seed)
    planes = (rng.random((64, 18, side, side)) < 0.2).astype(np.float32)
    planes[:, 16] = rng.integers(0, 2, 64)[:, None, None]
    planes[:, 17] = 1 - planes[:, 16]
    return planes


def save_checkpoint(net: GoNet, path: str) -> None:
    """Write a checkpoint with what `load_network` reads."""
    torch.save(
        {
            "hyper_parameters": {"network": net.shape.to_dict()},
            "state_dict": {f"net.{name}": tensor for name, tensor in net.state_dict().items()},
        },
        path,
    )
