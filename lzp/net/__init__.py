"""Networks as plain torch modules: tower, heads, losses; Leela Zero weights in and out.

Nothing here knows a trainer. Start with `LeelaNet`.
"""

from lzp.net.checkpoint import CheckpointError, CheckpointInfo, load_network
from lzp.net.interface import GoNet, NetOutput
from lzp.net.leela import network_from_weights, weights_from_network
from lzp.net.losses import LossTerms, LossWeights, Targets, leela_losses
from lzp.net.network import LeelaNet
from lzp.net.shape import NetworkShape

__all__ = [
    "CheckpointError",
    "CheckpointInfo",
    "GoNet",
    "LeelaNet",
    "LossTerms",
    "LossWeights",
    "NetOutput",
    "NetworkShape",
    "Targets",
    "leela_losses",
    "load_network",
    "network_from_weights",
    "weights_from_network",
]
