"""Files of torch.save read as plain data: nothing in them runs, whoever wrote them.

Such a file is a zip archive of numbers and of one pickle, a small program that puts the
numbers together. A pickle can call whatever Python can import. So the archive and that
program are checked before torch reads either, with `weights_only=True` on top, and what
comes out is checked again: tensors, numbers, text, lists and dicts, of which none names
something to be built by others.
"""

import pickletools
import re
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor, nn

#: Packages whose classes and functions a configuration or a checkpoint may name.
ALLOWED_PACKAGES = ("lzp.", "torch.optim.", "pytorch_lightning.", "torchmetrics.")

#: Keys by which hydra and pytorch_lightning's command line name what they will call.
_NAMING_KEYS = frozenset({"_target_", "_instantiator", "class_path", "hparams_type"})
_ZIP_MAGIC = b"PK\x03\x04"
_MAX_PROGRAM_BYTES = 1 << 26
_MAX_DEPTH = 64

#: Everything that torch.save writes for plain data; in particular no import by a computed
#: name, no objects made without a call, no extension codes.
_INSTRUCTIONS = re.compile(
    r"PROTO|STOP|MARK|POP|NONE|NEW(TRUE|FALSE)|BININT[12]?|LONG1|BINFLOAT|BINUNICODE"
    r"|(EMPTY_)?TUPLE|TUPLE[123]|EMPTY_LIST|APPENDS?|EMPTY_DICT|SETITEMS?"
    r"|(LONG_)?BIN(PUT|GET)|GLOBAL|REDUCE|BUILD|BINPERSID"
)
_GLOBALS = re.compile(
    r"collections OrderedDict|torch Size|torch\._utils _rebuild_(tensor_v2|parameter)"
    r"|torch (Float|Double|Half|BFloat16|Long|Int|Short|Char|Byte|Bool)Storage"
    r"|torch (b?float|u?int)\d+|torch bool"
)
_PLAIN_TYPES = (type(None), bool, int, float, str)


class CheckpointError(ValueError):
    """A checkpoint that cannot be used; one line that names the file and the field."""


def read_plain(path: Path) -> dict[str, object]:
    """Return what a file holds: a dict of tensors on the CPU, numbers, text, lists and dicts.

    Raises:
        CheckpointError: the file is missing, cut off, larger inside than outside, no such
            dict, or holds or names code.
    """
    try:
        with path.open("rb") as file:
            contents = _load(file)
        if not isinstance(contents, dict):
            raise CheckpointError(f"holds a {type(contents).__name__}, not a checkpoint")
        check_plain(contents)
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such file") from None
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror or error}") from None
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from None
    return contents


def check_plain(contents: Mapping[str, object]) -> None:
    """Check that there is nothing but plain data, and tensors as large as they say.

    Raises:
        CheckpointError: names the field and what is wrong with it.
    """
    # By the depth at which a container was seen: shared ones are gone through again only
    # where they lie deeper, so that one that holds itself ends at the limit.
    seen: dict[int, int] = {}
    waiting: list[tuple[str, object, int]] = [("", contents, 0)]
    while waiting:
        name, value, depth = waiting.pop()
        if depth > _MAX_DEPTH:
            raise CheckpointError(f"{name[:80]}: nested too deep")
        if seen.get(id(value), -1) < depth:
            if isinstance(value, (dict, list, tuple)):
                seen[id(value)] = depth
            waiting += [(child, part, depth + 1) for child, part in _parts(name, value)]


def _parts(name: str, value: object) -> Iterator[tuple[str, object]]:
    """Yield names and values of what lies directly in a value, which is itself checked."""
    kind = type(value)
    if kind is dict or kind is OrderedDict:
        assert isinstance(value, dict)
        for key, child in (value | _attributes(name, value)).items():
            yield _key_name(name, key, child), child
    elif kind is list or kind is tuple or kind is torch.Size:
        assert isinstance(value, (list, tuple))
        yield from ((f"{name}[{index}]", child) for index, child in enumerate(value))
    elif kind is Tensor or kind is nn.Parameter:
        assert isinstance(value, Tensor)
        _check_tensor(name, value)
    elif kind not in _PLAIN_TYPES and kind is not torch.dtype:
        raise CheckpointError(f"{name}: a {kind.__module__}.{kind.__name__}, expected plain data")


def _attributes(name: str, value: dict[object, object]) -> dict[object, object]:
    """Return what hangs on a dict, which torch does to state dicts."""
    attributes = getattr(value, "__dict__", {})
    if attributes.keys() - {"_metadata"}:
        raise CheckpointError(f"{name}: a dict with the attribute {sorted(attributes)[0]}")
    return dict(attributes)


def _key_name(name: str, key: object, child: object) -> str:
    """Return the full name of a dict's entry.

    Raises:
        CheckpointError: the key is no text or number, or its value names what may not be
            called.
    """
    if type(key) not in _PLAIN_TYPES:
        raise CheckpointError(f"{name}: a key of type {type(key).__name__}")
    full = f"{name}.{key}" if name else str(key)
    if key in _NAMING_KEYS and child is not None:
        allowed = ", ".join(ALLOWED_PACKAGES)
        if key == "_instantiator" or not isinstance(child, str):
            raise CheckpointError(f"{full}: {_short(child)}, but a checkpoint may name no code")
        if not child.startswith(ALLOWED_PACKAGES):
            raise CheckpointError(f"{full}: {_short(child)} is not one of {allowed}")
    return full


def _short(value: object) -> str:
    return repr(value[:80]) if isinstance(value, str) else f"a {type(value).__name__}"


def _check_tensor(name: str, tensor: Tensor) -> None:
    if tensor.layout != torch.strided:
        raise CheckpointError(f"{name}: a tensor of layout {tensor.layout}")
    # A few bytes can pose as a huge tensor by strides of 0.
    if tensor.untyped_storage().nbytes() < tensor.numel() * tensor.element_size():
        raise CheckpointError(f"{name}: holds fewer numbers than its shape says")


def _load(file: BinaryIO) -> object:
    """Return what torch reads from an open file, which is checked first."""
    if file.read(4) != _ZIP_MAGIC:
        raise CheckpointError("not a checkpoint (or an empty file, or one of an old torch)")
    try:
        _check_program(_open_program(file))
        file.seek(0)
        contents: object = torch.load(file, map_location="cpu", weights_only=True)
    except (CheckpointError, OSError):
        raise
    except Exception as error:  # zipfile, pickletools and torch raise nearly anything
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:120]
        raise CheckpointError(f"cut off or damaged checkpoint ({reason})") from None
    return contents


def _open_program(file: BinaryIO) -> bytes:
    """Return the archive's pickle, after a look at everything that the archive declares."""
    file_bytes = file.seek(0, 2)
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        names = [entry.filename for entry in entries]
        root = names[0].split("/")[0] if names else ""
        for entry in entries:
            _check_entry(entry, root)
        if len(set(names)) < len(names) or archive.comment:
            raise CheckpointError("damaged checkpoint (an archive with two faces)")
        if sum(entry.file_size for entry in entries) > file_bytes:
            raise CheckpointError("damaged checkpoint (declares more data than there is)")
        if f"{root}/data.pkl" not in names:
            raise CheckpointError("damaged checkpoint (no data.pkl), or another zip file")
        if archive.getinfo(f"{root}/data.pkl").file_size > _MAX_PROGRAM_BYTES:
            raise CheckpointError("not a checkpoint (its description is too large)")
        return archive.read(f"{root}/data.pkl")


def _check_entry(entry: zipfile.ZipInfo, root: str) -> None:
    """Refuse what torch.save does not write: other folders, packed or encrypted data."""
    parts = entry.filename.split("/")
    if parts[0] != root or len(parts) < 2 or {"", ".", ".."} & set(parts) or "\\" in root:
        raise CheckpointError(f"damaged checkpoint (an entry named {entry.filename[:80]!r})")
    packed = entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1
    if packed or entry.file_size != entry.compress_size:
        raise CheckpointError(f"damaged checkpoint ({entry.filename[:80]!r} is packed)")


def _check_program(program: bytes) -> None:
    """Refuse a pickle that does more than put tensors and plain data together."""
    for instruction, argument, _ in pickletools.genops(program):
        if instruction.name == "GLOBAL" and not _GLOBALS.fullmatch(str(argument)):
            named = str(argument).replace(" ", ".")[:80]
            raise CheckpointError(
                f"not loaded, since it refers to {named}: a checkpoint may hold data, no code"
            )
        if not _INSTRUCTIONS.fullmatch(instruction.name):
            raise CheckpointError(
                f"not loaded, since its pickle uses {instruction.name}: a checkpoint may hold "
                "data, no code"
            )
