"""What export needs torch for: TorchScript files, and running a checkpoint to compare.

A TorchScript file has the inputs and outputs of the ONNX form: `planes` uint8 [N, 18, S, S] in, and
(policy float32 [N, S²+1], value float32 [N]) out, for the side to move.
"""

import io
import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lzp.engine.torchscript_evaluator import without_jit_warnings
from lzp.engine.torchscript_file import METADATA_FILE
from lzp.features import PLANES, PLANES_VERSION
from lzp.net import LeelaNet, NetOutput, load_network, network_from_weights
from lzp.weights import LeelaWeights


class PlayedNet(nn.Module):
    """A network as playing needs it: bytes in, probabilities out."""

    def __init__(self, net: LeelaNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        """Return policy [B, S²+1], which sums to 1, and value [B], both float32."""
        output = cast(NetOutput, self.net(planes.float()))
        return torch.softmax(output.policy_logits, dim=1), output.value


def serialize_network(weights: LeelaWeights, name: str) -> bytes:
    """Return the bytes of a TorchScript file.

    Args:
        weights: the network; either version.
        name: what to call it in the file's metadata.
    """
    net = PlayedNet(network_from_weights(weights)).eval()
    example = torch.zeros((2, PLANES, weights.side, weights.side), dtype=torch.uint8)
    metadata = {"name": name, "side": weights.side, "planes_version": PLANES_VERSION}
    jit: Any = torch.jit  # which is annotated in parts only
    packed = io.BytesIO()
    with torch.no_grad(), without_jit_warnings():
        # Freezing folds the norms into the convolutions.
        module = jit.freeze(jit.trace(net, example))
        jit.save(module, packed, _extra_files={METADATA_FILE: json.dumps(metadata).encode()})
    return packed.getvalue()


def run_checkpoint(
    path: Path, planes: NDArray[np.uint8]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return policy [B, S²+1] and value [B] of a checkpoint's network, computed in float64.

    Args:
        path: the checkpoint.
        planes: uint8 [B, 18, S, S].

    Raises:
        CheckpointError: the checkpoint cannot be used.
    """
    net, _ = load_network(path)
    with torch.inference_mode():
        output = cast(NetOutput, net.double()(torch.from_numpy(planes).double()))
        policy = torch.softmax(output.policy_logits, dim=1)
    return policy.numpy(), output.value.numpy()
