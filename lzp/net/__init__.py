"""Networks as plain torch modules: tower, heads, losses; Leela Zero weights in and out.

Nothing here knows a trainer. Start with `LeelaNet`; `GoNet` is what all of them have in common.
"""

from lzp.net.checkpoint import AnyNet, CheckpointInfo, load_network
from lzp.net.interface import GoNet, NetOutput
from lzp.net.leela import network_from_weights, weights_from_network
from lzp.net.losses import LossTerms, LossWeights, Targets, leela_losses
from lzp.net.nested_bottleneck import NestedBottleneckNet
from lzp.net.network import LeelaNet
from lzp.net.plain_data import CheckpointError
from lzp.net.shape import NestedBottleneckShape, NetworkShape, shape_from_dict

__all__ = [
    "AnyNet",
    "CheckpointError",
    "CheckpointInfo",
    "GoNet",
    "LeelaNet",
    "LossTerms",
    "LossWeights",
    "NestedBottleneckNet",
    "NestedBottleneckShape",
    "NetOutput",
    "NetworkShape",
    "Targets",
    "leela_losses",
    "load_network",
    "network_from_weights",
    "shape_from_dict",
    "weights_from_network",
]
