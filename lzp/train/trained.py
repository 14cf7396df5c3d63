"""Networks that were trained before: to learn from, or to train on."""

from pathlib import Path
from typing import cast

from lzp.net import CheckpointError, GoNet, LeelaNet, load_network, network_from_weights
from lzp.net.growth import can_grow, grow_into
from lzp.train.config import ConfigError
from lzp.weights import WeightsError, read_weights

_ZIP_MAGIC = b"PK\x03\x04"


def load_trained(path: Path) -> GoNet:
    """Return the network of a checkpoint, or of Leela Zero weights.

    Raises:
        ConfigError: the file is missing or no such network.
    """
    try:
        with path.open("rb") as file:
            is_checkpoint = file.read(4) == _ZIP_MAGIC
        return load_network(path)[0] if is_checkpoint else network_from_weights(read_weights(path))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except (CheckpointError, WeightsError) as error:
        raise ConfigError(str(error)) from None


def start_from(net: GoNet, path: Path) -> None:
    """Give a network the numbers of a trained one, or the answers of a smaller one.

    Heads that only training has, and the optimizer, begin anew.

    Raises:
        ConfigError: the file is missing, no such network, or larger or of another kind.
    """
    trained = load_trained(path)
    if trained.shape != net.shape:
        if can_grow(trained, net):
            grow_into(cast(LeelaNet, net), cast(LeelaNet, trained))
            return
        raise ConfigError(f"start_from: {path} is {trained.shape}, and network is {net.shape}")
    net.load_state_dict(trained.state_dict())
