"""Random torch networks whose norms are as unlike the identity as training makes them."""

import numpy as np
import torch
from torch import nn

from lzp.net import LeelaNet, network_from_weights
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


def save_checkpoint(net: LeelaNet, path: str) -> None:
    """Write a checkpoint with what `load_network` reads."""
    torch.save(
        {
            "hyper_parameters": {"network": net.shape.to_dict()},
            "state_dict": {f"net.{name}": tensor for name, tensor in net.state_dict().items()},
        },
        path,
    )
