"""Networks written for playing, in the form that the file's name asks for.

Every form but ONNX is made from Leela Zero weights: what has no place in them goes to ONNX
alone, and is refused by the name of its first such layer where it is to go elsewhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lzp.engine.model import Network, as_onnx, shipped_network
from lzp.engine.onnx_nested import WHY_NOT_LEELA, NestedWeights
from lzp.weights import LeelaWeights, write_weights
from lzp.weights.atomic import replacing

#: The word that stands for the shipped network where a file is expected.
DEFAULT = "default"


class ExportError(ValueError):
    """An export that cannot be done; one line that names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class ModelForm:
    """A form of model file.

    Attributes:
        name: for people.
        holds_all: takes networks of every kind, not only Leela Zero's.
        write: writes weights to a path; replaces what is there only when complete.
    """

    name: str
    holds_all: bool
    write: Callable[[Path, Any], None]


def find_source(source: str) -> Path:
    """Return the path that a source names: itself, or the shipped network's for ``default``.

    Raises:
        ModelError: this installation has no shipped network.
    """
    return shipped_network() if source == DEFAULT else Path(source)


def form_of(path: Path) -> ModelForm:
    """Return the form that a file's name asks for.

    Raises:
        ExportError: the name asks for none.
    """
    for suffix, form in FORMS.items():
        if path.name.endswith(suffix) and path.name != suffix:
            return form
    raise ExportError(f"{path}: the name must end in one of {', '.join(FORMS)}")


def check_target(path: Path) -> ModelForm:
    """Return the form a file asks for, if there is a folder to write it to.

    Raises:
        ExportError: the name asks for no form, or its folder is missing.
    """
    form = form_of(path)
    if not path.parent.is_dir():
        raise ExportError(f"{path.parent}: no such folder")
    if path.is_dir():
        raise ExportError(f"{path}: is a folder")
    return form


def write_model(path: Path, network: Network) -> None:
    """Write a network in the form that the file's name asks for.

    Raises:
        ExportError: the name asks for no form or for one that has no place for the
            network, or the file cannot be written.
    """
    form = check_target(path)
    if isinstance(network, NestedWeights) and not form.holds_all:
        raise ExportError(f"{path}: only .onnx can hold this network: {WHY_NOT_LEELA}")
    try:
        form.write(path, network)
    except PermissionError:
        raise ExportError(f"{path.parent}: no permission to write here") from None
    except OSError as error:
        raise ExportError(f"{path}: {error.strerror or error}") from None
    except ImportError:
        raise ExportError(
            f"{path}: writing {form.name} needs torch: pip install 'lzp[train]'"
        ) from None


def _write_onnx(path: Path, network: Network) -> None:
    with replacing(path) as file:
        file.write(as_onnx(network, path.name).SerializeToString(deterministic=True))


def _write_torchscript(path: Path, weights: LeelaWeights) -> None:
    # Here, since only this form needs torch.
    from lzp.engine.export_torchscript import serialize_network

    with replacing(path) as file:
        file.write(serialize_network(weights, path.name))


FORMS = {
    ".txt.gz": ModelForm("Leela Zero weights", False, write_weights),
    ".txt": ModelForm("Leela Zero weights", False, write_weights),
    ".onnx": ModelForm("ONNX", True, _write_onnx),
    ".pt": ModelForm("TorchScript", False, _write_torchscript),
}
