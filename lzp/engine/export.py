"""Networks written for playing, in the form that the file's name asks for.

Every form is made from Leela Zero weights, the one thing that all of them are exact to:
what cannot be written as such weights cannot come in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lzp.engine.model import shipped_network
from lzp.engine.onnx_graph import build_model
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
        write: writes weights to a path; replaces what is there only when complete.
    """

    name: str
    write: Callable[[Path, LeelaWeights], None]


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


def write_model(path: Path, weights: LeelaWeights) -> None:
    """Write a network in the form that the file's name asks for.

    Raises:
        ExportError: the name asks for no form, or the file cannot be written.
    """
    form = check_target(path)
    try:
        form.write(path, weights)
    except PermissionError:
        raise ExportError(f"{path.parent}: no permission to write here") from None
    except OSError as error:
        raise ExportError(f"{path}: {error.strerror or error}") from None
    except ImportError:
        raise ExportError(
            f"{path}: writing {form.name} needs torch: pip install 'lzp[train]'"
        ) from None


def _write_onnx(path: Path, weights: LeelaWeights) -> None:
    with replacing(path) as file:
        file.write(build_model(weights, path.name).SerializeToString(deterministic=True))


def _write_torchscript(path: Path, weights: LeelaWeights) -> None:
    # Here, since only this form needs torch.
    from lzp.engine.export_torchscript import serialize_network

    with replacing(path) as file:
        file.write(serialize_network(weights, path.name))


FORMS = {
    ".txt.gz": ModelForm("Leela Zero weights", write_weights),
    ".txt": ModelForm("Leela Zero weights", write_weights),
    ".onnx": ModelForm("ONNX", _write_onnx),
    ".pt": ModelForm("TorchScript", _write_torchscript),
}
