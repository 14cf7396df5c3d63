"""Model files: which form one has, and what is read of it before anything runs it.

======================  ============================  =====================================
form                    known by                      becomes
======================  ============================  =====================================
Leela Zero weights      gzip, or a text line          tensors, and an ONNX graph of them
ONNX                    protobuf's first byte         its graph
checkpoint (.ckpt)      zip without code              tensors, read by torch, and a graph
TorchScript (.pt)       zip with code                 its bytes, for torch alone
======================  ============================  =====================================

The name's suffix does not count, except in what is said of files that are none of these.
"""

import hashlib
import zipfile
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import onnx

from lzp.engine.onnx_file import check_onnx
from lzp.engine.onnx_graph import build_model
from lzp.engine.onnx_nested import NestedWeights, build_nested_model
from lzp.engine.onnx_nodes import METADATA_PREFIX
from lzp.engine.torchscript_file import check_torchscript
from lzp.weights import LeelaWeights, WeightsError, read_weights
from lzp.weights.tensors import EPSILON

if TYPE_CHECKING:
    from lzp.net import NestedBottleneckNet

#: What a network is read as, of whatever kind it is.
Network = LeelaWeights | NestedWeights

SHIPPED_NETWORK = "default.txt.gz"
ZIP_MAGIC = b"PK\x03\x04"
#: Field 1 (ir_version) as a varint: how every ONNX file begins.
ONNX_MAGIC = b"\x08"


class ModelError(ValueError):
    """A model file that cannot be used; one line that names the file and what is wrong."""


class NetworkFile:
    """A network as a file holds it; nothing is run.

    Attributes:
        path: the file.
        name: what to call the network, for people: the file's name.
        side: lines of its board.
        network: its tensors; None for ONNX and TorchScript, which are programs.
        torchscript: the bytes of a TorchScript file; None for all other forms.
    """

    def __init__(self, path: Path) -> None:
        """Read a file and check it.

        Raises:
            ModelError: the file is missing, damaged or no network.
        """
        self.path = path
        self.name = path.name
        self.network: Network | None = None
        self.torchscript: bytes | None = None
        self._onnx: bytes | None = None
        head = _head(path)
        try:
            if head.startswith(ZIP_MAGIC) and _has_code(path):
                self.torchscript = path.read_bytes()
                self.side = check_torchscript(self.torchscript)
            elif head.startswith(ONNX_MAGIC) or path.suffix == ".onnx":
                self._onnx = path.read_bytes()
                self.side = check_onnx(self._onnx)
            else:
                self.network = read_network(path)
                self.side = self.network.side
        except ModelError:
            raise
        except Exception as error:  # what zipfile raises shares no base class
            raise ModelError(f"{path}: {first_line(error)}") from None

    @cached_property
    def onnx(self) -> onnx.ModelProto:
        """Its graph, framed as `lzp.engine.onnx_nodes` shows; not to be changed.

        Raises:
            ValueError: a TorchScript file, which has none.
        """
        if self._onnx is not None:
            return onnx.load_model_from_string(self._onnx)
        if self.network is None:
            raise ValueError("a TorchScript file has no ONNX graph")
        return as_onnx(self.network, self.name)

    @cached_property
    def digest(self) -> str:
        """A hash of the file's bytes, as hexadecimal digits."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @property
    def architecture(self) -> str:
        """Blocks and filters, as 6x64, with the kind of other networks than Leela Zero's."""
        if isinstance(self.network, LeelaWeights):
            return f"{len(self.network.blocks)}x{self.network.filters}"
        if self.torchscript is not None:
            return "torchscript"
        entries = {e.key.removeprefix(METADATA_PREFIX): e.value for e in self.onnx.metadata_props}
        size = f"{entries.get('blocks', '?')}x{entries.get('filters', '?')}"
        return f"{entries['kind']} {size}" if "kind" in entries else size


def shipped_network() -> Path:
    """Return the path of the network that ships with the package.

    Raises:
        ModelError: this installation has none.
    """
    path = Path(str(resources.files("lzp").joinpath("networks", SHIPPED_NETWORK)))
    if not path.is_file():
        raise ModelError(f"{path}: the shipped network is missing; name a model file instead")
    return path


def is_checkpoint(path: Path) -> bool:
    """Tell whether a file has the form of a checkpoint: a zip file without code.

    Raises:
        ModelError: the file is missing or a damaged zip file.
    """
    return _head(path).startswith(ZIP_MAGIC) and not _has_code(path)


def read_network(path: Path) -> Network:
    """Return the network that a weight file or a checkpoint holds.

    Raises:
        ModelError: the file is missing, damaged, or of a form that is not read as tensors.
    """
    if is_checkpoint(path):
        return _read_checkpoint(path)
    head = _head(path)
    if head.startswith(ZIP_MAGIC):
        raise ModelError(f"{path}: a TorchScript file; expected a checkpoint or Leela Zero weights")
    if head.startswith(ONNX_MAGIC) or path.suffix == ".onnx":
        raise ModelError(f"{path}: an ONNX file; expected a checkpoint or Leela Zero weights")
    if path.suffix in (".ckpt", ".pt"):
        raise ModelError(f"{path}: neither a checkpoint nor TorchScript, or an empty file")
    try:
        return read_weights(path)
    except WeightsError as error:
        raise ModelError(str(error)) from None


def as_onnx(network: Network, name: str) -> onnx.ModelProto:
    """Return the checked ONNX model of a network, with a name for people."""
    if isinstance(network, NestedWeights):
        return build_nested_model(network, name)
    return build_model(network, name)


def describe_checkpoint(path: Path) -> tuple[dict[str, str | int | bool], int | None]:
    """Return a checkpoint's network as plain data, and the optimizer steps behind it, if known.

    Raises:
        ModelError: the file cannot be read as a checkpoint, or torch is not installed.
    """
    try:
        from lzp.net import CheckpointError, load_network
    except ImportError:
        raise ModelError(f"{path}: {needs_torch('a checkpoint')}") from None
    try:
        net, info = load_network(path)
    except CheckpointError as error:
        raise ModelError(str(error)) from None
    return net.shape.to_dict(), info.step


def _read_checkpoint(path: Path) -> Network:
    try:
        from lzp.net import CheckpointError, LeelaNet, load_network, weights_from_network
    except ImportError:
        raise ModelError(f"{path}: {needs_torch('a checkpoint')}") from None
    try:
        net, _ = load_network(path)
        return weights_from_network(net) if isinstance(net, LeelaNet) else _nested_weights(net)
    except CheckpointError as error:
        raise ModelError(str(error)) from None
    except WeightsError as error:
        raise ModelError(f"{path}: {error}") from None


def _nested_weights(net: "NestedBottleneckNet") -> NestedWeights:
    """Return a torch network's tensors for the builder of its graph."""
    shape, state = net.shape, net.state_dict()
    return NestedWeights(
        # Whole numbers are counts of training.
        tensors={n: t.double().numpy() for n, t in state.items() if t.is_floating_point()},
        blocks=shape.blocks,
        filters=shape.filters,
        side=shape.side,
        epsilon=EPSILON,
    )


def first_line(error: Exception) -> str:
    """Return the first line of what was raised, or at least its kind."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def needs_torch(what: str) -> str:
    """Say that something needs torch, and how to get it."""
    return f"{what} needs torch, which is not installed: pip install 'lzp[train]'"


def _head(path: Path) -> bytes:
    """Return a file's first bytes, of which its form is known."""
    try:
        with path.open("rb") as file:
            return file.read(4)
    except FileNotFoundError:
        raise ModelError(f"{path}: no such file") from None
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}") from None


def _has_code(path: Path) -> bool:
    """Tell whether a zip file is TorchScript, which carries its program beside its tensors."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any("/code/" in name for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        raise ModelError(
            f"{path}: cut off or damaged zip file (checkpoint or TorchScript)"
        ) from None
