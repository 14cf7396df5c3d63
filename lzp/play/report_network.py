"""What a model file says of its network, apart from the numbers: form, shape, steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import onnx

from lzp.engine.network_file import ONNX_MAGIC, ZIP_MAGIC, describe_checkpoint, is_checkpoint
from lzp.engine.onnx_nodes import METADATA_PREFIX
from lzp.weights import read_weights

#: Said elsewhere, or of no interest to people.
_UNSAID = ("name", "side", "planes_version", "value_for_black")


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a network.

    Attributes:
        form: of its file, for people.
        shape: "4 blocks, 32 filters" or so; empty where the file does not say.
        step: optimizer steps behind it, if known.
    """

    form: str
    shape: str
    step: int | None = None


def describe(path: Path) -> About:
    """Return what a model file that has been loaded before says of its network.

    Raises:
        ModelError: it is a checkpoint that cannot be read.
    """
    if is_checkpoint(path):
        shape, step = describe_checkpoint(path)
        return About("checkpoint", _text(shape), step)
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith(ZIP_MAGIC):
        return About("TorchScript", "")
    if head.startswith(ONNX_MAGIC):
        entries = onnx.load(path, load_external_data=False).metadata_props
        own = {e.key.removeprefix(METADATA_PREFIX): e.value for e in entries}
        return About("ONNX", _text(own))
    weights = read_weights(path)
    shape = {"blocks": len(weights.blocks), "filters": weights.filters}
    return About("Leela Zero weights", _text(shape))


def _text(shape: Mapping[str, str | int | bool]) -> str:
    """Return the entries that tell networks apart, as text of moderate length."""
    return ", ".join(
        value if name == "kind" else f"{value} {name.replace('_', ' ')}"
        for name, value in ((name, str(value)[:40]) for name, value in list(shape.items())[:12])
        if name not in _UNSAID
    )
