"""How sessions of ONNX Runtime are opened: silent, and without threads that spin."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any

from lzp.engine.network_file import first_line

CPU_PROVIDER = "CPUExecutionProvider"
SILENT = 4

#: A provider by its name, and what it is told.
Provider = tuple[str, Mapping[str, str]]


def open_session(model: bytes, threads: int, providers: Sequence[Provider]) -> Any:
    """Return a session on the first of some providers; what it cannot do, the next does.

    Args:
        model: the serialized model.
        threads: CPU threads of one call, the caller's included.
        providers: best first.

    Raises:
        RuntimeError: ONNX Runtime refuses the model or the first provider.
    """
    ort = onnxruntime_module()
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = SILENT  # what fails is raised as well
    # Idle threads that spin take the cores from the search: half the speed on two cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Products of int8 in 16 bits would overflow on CPUs without instructions for them.
    options.add_session_config_entry("session.x64quantprecision", "1")
    try:
        # With its own fallback ONNX Runtime would print to stdout, which is GTP's.
        session = ort.InferenceSession(
            model,
            options,
            providers=[(name, dict(told)) for name, told in providers],
            enable_fallback=0,
        )
    except Exception as error:  # the bindings' exceptions share no public base class
        raise RuntimeError(first_line(error)) from None
    if session.get_providers()[0] != providers[0][0]:
        raise RuntimeError(f"{providers[0][0]} cannot be used on this machine")
    return session


@cache
def onnxruntime_module() -> ModuleType:
    """Return onnxruntime, imported without its warnings about devices that are not there."""
    with _without_stderr():
        import onnxruntime
    onnxruntime.set_default_logger_severity(SILENT)
    return onnxruntime  # type: ignore[no-any-return]


@contextmanager
def _without_stderr() -> Iterator[None]:
    """Send the process's stderr nowhere for a moment.

    ONNX Runtime looks for GPUs while it is imported and logs what it misses, before its
    log level can be set (microsoft/onnxruntime#27092).
    """
    try:
        kept = os.dup(2)
    except OSError:  # no stderr at all
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
