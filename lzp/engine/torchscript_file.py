"""TorchScript files, looked at before torch reads them: TorchScript can write files.

The form is what `lzp-export ... out.pt` writes: a program, and beside it ``lzp.json`` with
the side of its board.
"""

import io
import json
import re
import zipfile

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


def check_torchscript(file: bytes) -> int:
    """Return the side that a file names, after a look at its program.

    Raises:
        ValueError: not a file of `lzp-export`, or a damaged one.
    """
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
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
