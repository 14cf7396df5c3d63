"""From a file to what evaluates positions with it."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from lzp.engine.backends import BACKENDS, REFERENCE, Backend, default_backend, why_unusable
from lzp.engine.evaluator import Evaluator, empty_planes, find_fault
from lzp.engine.network_file import (
    ModelError,
    Network,
    NetworkFile,
    as_onnx,
    describe_checkpoint,
    first_line,
    is_checkpoint,
    read_network,
    shipped_network,
)
from lzp.engine.run_options import RunOptions

__all__ = [
    "ModelError",
    "Network",
    "as_onnx",
    "describe_checkpoint",
    "is_checkpoint",
    "load_evaluator",
    "open_evaluator",
    "open_evaluators",
    "open_network",
    "read_network",
    "shipped_network",
]


def open_network(path: Path | None) -> NetworkFile:
    """Return the network of a file, or the one that ships for None.

    Raises:
        ModelError: the file is missing, damaged or no network.
    """
    return NetworkFile(shipped_network() if path is None else path)


def load_evaluator(path: Path | None, *, batch_size: int, threads: int) -> Evaluator:
    """Return an evaluator for a model file of any form, in float32 and without measuring.

    On an NVIDIA GPU where there is one, else on the CPU.

    Args:
        path: the file; None for the network that ships with the package.
        batch_size: most positions run at once; larger requests are split.
        threads: CPU threads of one evaluation.

    Raises:
        ModelError: the file is missing, damaged or no network.
        ValueError: batch_size or threads below 1.
    """
    return open_evaluator(open_network(path), batch_size=batch_size, threads=threads)


def open_evaluator(file: NetworkFile, *, batch_size: int, threads: int) -> Evaluator:
    """Return an evaluator for a network that was read; see `load_evaluator`."""
    options = RunOptions(batch_size=batch_size, threads=threads)
    backend = default_backend(file)
    if backend.is_on_gpu:
        try:
            return open_evaluators(file, backend, options)[0]
        except ModelError as error:
            print(f"the GPU cannot be used, taking the CPU: {error}", file=sys.stderr)
            backend = BACKENDS[REFERENCE]
    return open_evaluators(file, backend, options)[0]


def open_evaluators(
    file: NetworkFile, backend: Backend, options: RunOptions
) -> Sequence[Evaluator]:
    """Return an evaluator for each lane.

    One is run once, so that a network whose answers are unusable is refused here.

    Raises:
        ModelError: the backend cannot be used, or not for this network.
    """
    reason = why_unusable(backend, file)
    if reason is None and options.precision not in (able := backend.precisions()):
        reason = f"{options.precision}: {backend.name} has {' and '.join(able)} on this machine"
    if reason is not None:
        raise ModelError(f"{file.path}: {reason}")
    try:
        evaluators = backend.open(file, options)
        sample = evaluators[0].evaluate(empty_planes(file.side, 2))
        fault = find_fault(evaluators[0], sample, 2)
    except ModelError:
        raise
    except Exception as error:  # the runtimes' exceptions share no base class
        raise ModelError(f"{file.path}: {_one_line(error)}") from None
    if fault:
        raise ModelError(f"{file.path}: not a usable network: {fault}")
    return evaluators


def _one_line(error: Exception) -> str:
    """Return the first line of what was raised, without ONNX Runtime's codes before it."""
    return re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "cannot be run: ", first_line(error))
