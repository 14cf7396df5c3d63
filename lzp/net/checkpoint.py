"""Networks out of training checkpoints, which are read as data: nothing in them runs.

A checkpoint (pytorch_lightning's, a zip file) is used as far as:

* ``hyper_parameters["network"]``: what a shape's `to_dict` gives; its kind, and nothing
  else, decides what is built;
* ``hyper_parameters["planes_version"]``: the planes it was trained on; 1 if it does not say;
* ``state_dict``: the network's tensors, their names after ``net.``;
* ``ema_state_dict``, if there is one: the same, averaged over steps; it wins;
* ``epoch`` and ``global_step``, if there are any, for people.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from lzp.features import PLANES_VERSION
from lzp.net.nested_bottleneck import NestedBottleneckNet
from lzp.net.network import LeelaNet
from lzp.net.plain_data import CheckpointError, read_plain
from lzp.net.shape import AnyShape, NestedBottleneckShape, shape_from_dict

PREFIX = "net."

AnyNet = LeelaNet | NestedBottleneckNet


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckpointInfo:
    """What a checkpoint says of itself.

    Attributes:
        epoch: finished epochs of training, if it says.
        step: optimizer steps taken, if it says.
        averaged: the tensors are the ones averaged over training.
    """

    epoch: int | None
    step: int | None
    averaged: bool


def load_network(path: Path) -> tuple[AnyNet, CheckpointInfo]:
    """Return the network of a checkpoint, in eval mode on the CPU, and where it comes from.

    Raises:
        CheckpointError: the file is missing, cut off, holds code, or lacks what is needed.
    """
    checkpoint = read_plain(path)
    try:
        shape = _shape(checkpoint)
        averaged = "ema_state_dict" in checkpoint
        net = _build(shape, checkpoint, "ema_state_dict" if averaged else "state_dict")
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}") from None
    info = CheckpointInfo(
        epoch=_count(checkpoint, "epoch"),
        step=_count(checkpoint, "global_step"),
        averaged=averaged,
    )
    return net.eval(), info


def build_network(shape: AnyShape) -> AnyNet:
    """Return a new network of a shape."""
    if isinstance(shape, NestedBottleneckShape):
        return NestedBottleneckNet(shape.blocks, shape.filters, shape.side)
    return LeelaNet(shape.blocks, shape.filters, shape.side, shape.value_for_black)


def _shape(checkpoint: Mapping[str, object]) -> AnyShape:
    parameters = checkpoint.get("hyper_parameters")
    if not isinstance(parameters, Mapping) or "network" not in parameters:
        raise ValueError("hyper_parameters.network: missing, so this is no checkpoint of lzp-train")
    version = parameters.get("planes_version", 1)  # the first checkpoints did not say
    if version != PLANES_VERSION:
        raise ValueError(
            f"hyper_parameters.planes_version: {version!r:.20}, this program makes {PLANES_VERSION}"
        )
    try:
        return shape_from_dict(parameters["network"])
    except ValueError as error:
        raise ValueError(f"hyper_parameters.network: {error}") from None


def _build(shape: AnyShape, checkpoint: Mapping[str, object], field: str) -> AnyNet:
    """Return a network that holds the checkpoint's tensors, which are checked first."""
    stored = checkpoint.get(field)
    if not isinstance(stored, Mapping):
        raise ValueError(f"{field}: missing")
    # A network on "meta" has shapes but no memory: none is taken for a number in the file.
    with torch.device("meta"):
        net = build_network(shape)
    expected = net.state_dict()
    tensors = {}
    for name, like in expected.items():
        tensors[name] = _checked(f"{field}.{PREFIX}{name}", stored.get(PREFIX + name), like)
    extra = [
        str(name)
        for name in stored
        if str(name).startswith(PREFIX) and str(name)[len(PREFIX) :] not in expected
    ]
    if extra:
        raise ValueError(f"{field}.{extra[0]}: not part of the network described")
    net.load_state_dict(tensors, assign=True)
    return net


def _checked(name: str, tensor: object, like: Tensor) -> Tensor:
    """Return a tensor of the checkpoint in the type of `like`, its shape and memory checked."""
    if not isinstance(tensor, Tensor):
        raise ValueError(f"{name}: missing")
    if tensor.shape != like.shape:
        raise ValueError(f"{name}: shape {list(tensor.shape)}, expected {list(like.shape)}")
    if tensor.is_floating_point() != like.is_floating_point() or tensor.layout != torch.strided:
        raise ValueError(f"{name}: {tensor.dtype} numbers, expected {like.dtype}")
    # A few bytes can pose as a huge tensor by strides of 0.
    if tensor.untyped_storage().nbytes() < tensor.numel() * tensor.element_size():
        raise ValueError(f"{name}: holds fewer numbers than its shape says")
    tensor = tensor.detach().to(like.dtype).contiguous()
    if not bool(torch.isfinite(tensor).all()):
        raise ValueError(f"{name}: a number is not finite")
    return tensor


def _count(checkpoint: Mapping[str, object], field: str) -> int | None:
    number = checkpoint.get(field)
    return number if isinstance(number, int) and not isinstance(number, bool) else None
