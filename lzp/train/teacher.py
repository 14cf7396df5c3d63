"""Another network whose policy and value are part of what a network is taught."""

from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from lzp.net import NetOutput
from lzp.train.trained import load_trained


class Teacher:
    """Answers for the trained network's positions, and learns nothing.

    No torch module, so that it is in no checkpoint and no optimizer.

    Args:
        path: a checkpoint, or Leela Zero weights.

    Raises:
        ConfigError: the file is missing or no such network.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self._net = load_trained(self.path).requires_grad_(False).eval()

    @property
    def side(self) -> int:
        """Lines of the board that the network is for."""
        return self._net.shape.side

    @torch.no_grad()
    def answer(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        """Return the probabilities of all moves, and values.

        Args:
            planes: float [B, 18, S, S], on any device.

        Returns:
            float32 [B, S²+1], and float32 [B] in [-1, 1] for the side to move.
        """
        self._net.to(planes.device)
        output = cast(NetOutput, self._net(planes))
        return torch.softmax(output.policy_logits.float(), dim=1), output.value.float()
