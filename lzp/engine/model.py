"""From a file to an evaluator: which form a model file has, and how it is run.

======================  ============================  =====================================
form                    known by                      run by
======================  ============================  =====================================
Leela Zero weights      gzip, or a text line          ONNX Runtime, as a graph made from it
ONNX                    protobuf's first byte         ONNX Runtime
checkpoint (.ckpt)      zip without code              ONNX Runtime; read by torch
TorchScript (.pt)       zip with code                 torch
======================  ============================  =====================================

The name's suffix does not count, except in what is said of files that are none of these.
"""

import re
import zipfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import onnx

from lzp.engine.evaluator import Evaluator, empty_planes, find_fault
from lzp.engine.onnx_file import check_onnx
from lzp.engine.onnx_graph import build_model
from lzp.engine.onnx_nested import NestedWeights, build_nested_model
from lzp.engine.onnxruntime_evaluator import OnnxEvaluator, RunOptions
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


def load_evaluator(path: Path | None, *, batch_size: int, threads: int) -> Evaluator:
    """Return an evaluator for a model file of any form.

    The network is run once, so that a file whose answers are unusable is refused here.

    Args:
        path: the file; None for the network that ships with the package.
        batch_size: most positions run at once; larger requests are split.
        threads: CPU threads of one evaluation.

    Raises:
        ModelError: the file is missing, damaged or no network.
        ValueError: batch_size or threads below 1.
    """
    options = RunOptions(batch_size=batch_size, threads=threads)
    path = shipped_network() if path is None else path
    try:
        evaluator = _open(path, options)
        sample = evaluator.evaluate(empty_planes(evaluator.side, 2))
        fault = find_fault(evaluator, sample, 2)
    except ModelError:
        raise
    except Exception as error:  # the runtimes' exceptions share no base class
        raise ModelError(f"{path}: {_one_line(error)}") from None
    if fault:
        raise ModelError(f"{path}: not a usable network: {fault}")
    return evaluator


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
        raise ModelError(f"{path}: {_needs_torch('a checkpoint')}") from None
    try:
        net, info = load_network(path)
    except CheckpointError as error:
        raise ModelError(str(error)) from None
    return net.shape.to_dict(), info.step


def _open(path: Path, options: RunOptions) -> Evaluator:
    """Return an evaluator that has not been run yet."""
    head = _head(path)
    if head.startswith(ZIP_MAGIC) and _has_code(path):
        return _open_torchscript(path, options)
    if head.startswith(ONNX_MAGIC) or path.suffix == ".onnx":
        model = path.read_bytes()
        return OnnxEvaluator(model, path.name, check_onnx(model), options)
    network = read_network(path)
    model = as_onnx(network, path.name).SerializeToString()
    return OnnxEvaluator(model, path.name, network.side, options)


def _open_torchscript(path: Path, options: RunOptions) -> Evaluator:
    try:
        from lzp.engine.torchscript_evaluator import TorchScriptEvaluator
    except ImportError:
        raise ModelError(f"{path}: {_needs_torch('a TorchScript file')}") from None
    return TorchScriptEvaluator(path, options)


def _read_checkpoint(path: Path) -> Network:
    try:
        from lzp.net import CheckpointError, LeelaNet, load_network, weights_from_network
    except ImportError:
        raise ModelError(f"{path}: {_needs_torch('a checkpoint')}") from None
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


def _one_line(error: Exception) -> str:
    """Return the first line of what was raised, without ONNX Runtime's codes before it."""
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    return re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "cannot be run: ", line)


def _needs_torch(what: str) -> str:
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
