"""Networks run as TorchScript; the one part of playing that needs torch.

The file is what `lzp-export ... out.pt` writes: a module that takes `planes` uint8
[N, 18, S, S] and returns (policy, value), and beside it ``lzp.json`` with its side.
"""

import json
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lzp.engine.evaluator import Answer, in_parts
from lzp.engine.onnxruntime_evaluator import RunOptions
from lzp.weights.tensors import MAX_SIDE, MIN_SIDE

METADATA_FILE = "lzp.json"
_MAX_PROGRAM_BYTES = 1 << 20
_OWN_TYPE = re.compile(r"self: __torch__[\w.]+")
_AFTER_A_DOT = re.compile(r"\.\s*([^\W\d]\w*)")
#: What `lzp-export` writes, of both versions of weights, and the constants' names.
_HARMLESS = re.compile(
    "to|_convolution|relu|add|sub|mul|linear|flatten|squeeze|select|slice|softmax|tanh"
    r"|c\d+"
)


class TorchScriptEvaluator:
    """An `Evaluator` that runs a TorchScript file on the CPU.

    Args:
        path: the file.
        options: threads, which hold for all of torch in this process, and batch size.

    Raises:
        ValueError: not a file of `lzp-export`, or a damaged one.
    """

    def __init__(self, path: Path, options: RunOptions) -> None:
        self.name = path.name
        self._batch_size = options.batch_size
        self._module, self.side = _load(path)
        torch.set_num_threads(options.threads)

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        """See `Evaluator.evaluate`."""
        with torch.inference_mode():
            # Copies, since torch warns of arrays that may not be written to.
            parts = [
                self._module(torch.from_numpy(part.copy()))
                for part in in_parts(planes, self._batch_size)
            ]
            policy = torch.cat([part[0] for part in parts])
            value = torch.cat([part[1] for part in parts])
        return policy.numpy(), ((1.0 + value) / 2).numpy()


def _load(path: Path) -> tuple[Any, int]:
    """Return the module of a file and the side of its board."""
    side = _check_archive(path)
    load: Any = torch.jit.load  # which has no annotations
    try:
        with without_jit_warnings():
            module = load(str(path), map_location="cpu")
    except Exception as error:  # torch documents no exceptions here; mostly RuntimeError
        line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"not a TorchScript file, or a damaged one ({line[:120]})") from None
    return module.eval(), side


def _check_archive(path: Path) -> int:
    """Return the side that a file names, after a look at its program.

    TorchScript can write files, so that a network of others could do harm.
    """
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if len(set(names)) < len(names):
            raise ValueError("a damaged file: an archive with two entries of one name")
        found = [name for name in names if name.endswith(f"/extra/{METADATA_FILE}")]
        metadata = archive.read(found[0])[:_MAX_PROGRAM_BYTES] if found else b""
        side = _side(metadata)
        for entry in archive.infolist():
            if "/code/" in entry.filename and entry.filename.endswith(".py"):
                if entry.file_size > _MAX_PROGRAM_BYTES:
                    raise ValueError("its program is too large: not written by lzp-export")
                _check_program(archive.read(entry).decode())
    return side


def _side(metadata: bytes) -> int:
    try:
        side = json.loads(metadata)["side"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"no side in {METADATA_FILE}: not written by lzp-export") from None
    if not isinstance(side, int) or not MIN_SIDE <= side <= MAX_SIDE:
        raise ValueError(f"{METADATA_FILE}: side {side!r}, expected {MIN_SIDE} to {MAX_SIDE}")
    return side


def _check_program(program: str) -> None:
    """Refuse a program that names more than the operators of a network.

    Whatever can do harm is named after a dot: `torch.save`, `x.save`, `ops.image.read_file`.
    """
    for name in _AFTER_A_DOT.findall(_OWN_TYPE.sub("", program)):
        if not _HARMLESS.fullmatch(name):
            raise ValueError(f"its program uses {name[:40]}: not written by lzp-export")


@contextmanager
def without_jit_warnings() -> Iterator[None]:
    """Silence torch's notes that TorchScript gets no new features: the form is fixed here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r".*torch\.jit\.\w+` is", DeprecationWarning)
        yield
