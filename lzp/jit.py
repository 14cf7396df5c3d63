"""The one way to compile a kernel: the flags, and the folder its machine code is kept in.

Numba's own cache looks only at the file of the outermost function, so an edit in a
callee of another file would be answered with old machine code. The folder used here is
named by a hash of every file that kernels are made of, so that any edit opens a new one.

Where the folder cannot be written (a read-only home), a private one under the system's
temporary folder is taken; where that fails too, kernels are compiled without a cache.
"""

import hashlib
import os
import platform
import stat
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

F = TypeVar("F", bound=Callable[..., object])

#: Whether kernels are machine code, and not the plain Python that they are written in.
IS_COMPILED = not numba.config.DISABLE_JIT  # type: ignore[attr-defined]

#: Widens a number read from a record, so that arithmetic is 64-bit in both modes: narrow
#: integers wrap in plain Python and not in compiled code. Just np.int64, typed as an int.
int64 = cast("Callable[[Any], int]", np.int64)
#: The same for winrates and sums of them, which records keep as float32 or float64.
float64 = cast("Callable[[Any], float]", np.float64)

#: Overrides where compiled kernels are kept.
CACHE_VARIABLE = "LZP_CACHE_DIR"

_SOURCE_PATTERNS = ("**/*_kernels.py", "**/*_state.py", "**/constants.py", "jit.py")
#: Reductions (softmax, maximum) become SIMD only if the order of additions is free. NaN
#: and infinity keep their meaning, so that a broken network output can still be seen.
_FAST_FLAGS = {"reassoc", "contract", "nsz", "arcp"}


def source_hash() -> str:
    """Return a short hash of every file that compiled code depends on."""
    root = Path(__file__).parent
    paths = {path for pattern in _SOURCE_PATTERNS for path in root.glob(pattern)}
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    digest.update(str(numba.config.BOUNDSCHECK).encode())  # type: ignore[attr-defined]
    return digest.hexdigest()[:16]


def _user_cache() -> Path:
    """Return the platform's folder for files that can be made again."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _candidates() -> list[Path]:
    """Return the folders to try for compiled kernels, best first."""
    override = os.environ.get(CACHE_VARIABLE)
    if override:
        return [Path(override)]
    try:
        return [_user_cache() / "lzp", _temporary_cache()]
    except RuntimeError:  # no home folder at all
        return [_temporary_cache()]


def _temporary_cache() -> Path:
    """Return this user's folder under the system's temporary one."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"lzp-{user}"


def _is_private(folder: Path) -> bool:
    """Return whether nobody else can plant files here: a cache holds pickled code."""
    if not hasattr(os, "getuid"):
        return True
    status = folder.stat()
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def cache_folder() -> Path | None:
    """Return the folder for compiled kernels, made if needed; None if none is writable."""
    python = f"{sys.implementation.cache_tag}-{platform.machine()}"
    name = f"numba-{numba.__version__}-{python}-{source_hash()}"
    for base in _candidates():
        folder = base / "kernels" / name
        try:
            base.mkdir(parents=True, exist_ok=True, mode=0o700)
            if base == _temporary_cache() and not _is_private(base):
                continue  # somebody else made it first
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return None


_FOLDER = cache_folder()
if _FOLDER is not None:
    numba.config.CACHE_DIR = str(_FOLDER)  # type: ignore[attr-defined]


def _compile(function: F, **flags: Any) -> F:
    """Compile a function with the flags of all kernels and some more."""
    njit = cast(Any, numba.njit)  # its types leave out _nrt
    flags = {"cache": _FOLDER is not None, "nogil": True, "error_model": "numpy"} | flags
    return cast(F, njit(**flags)(function))


def kernel(function: F) -> F:
    """Compile a function to machine code that runs without the interpreter lock.

    With NUMBA_DISABLE_JIT=1 the function stays plain Python. Compilation happens at the
    first call; its result is kept on disk. Divisions follow NumPy (x/0 is inf, no error).
    """
    # Said although it is the default: else the caller's flag would be taken over.
    return _compile(function, _nrt=True)


def fast_kernel(function: F) -> F:
    """Compile like `kernel`, with the order of float additions free.

    For loops over floats with a measured gain only: the last bits of a sum then depend on
    the processor's vector width.
    """
    return _compile(function, _nrt=True, fastmath=_FAST_FLAGS)


def lean_kernel(function: F) -> F:
    """Compile like `kernel`, without counting references to arrays.

    For kernels of the search that allocate nothing and return no array; those that do
    are refused when they are compiled. Counting takes an atomic addition for every view
    of an array, several at every node: without, a leaf takes a fifth less time.
    """
    return _compile(function, _nrt=False)


def _array_at(_: Any, address: Any, lengths: Any, element: Any) -> tuple[Any, Any]:
    """Type and write `array_at`; Numba's `carray` needs references to be counted."""
    kind = types.Array(element.dtype, len(lengths), "C")
    code, arrays = cast(Any, cgutils), cast(Any, arrayobj)  # which have no annotations

    def write(context: Any, builder: ir.IRBuilder, _: Any, values: Any) -> ir.Value:
        array = arrays.make_array(kind)(context, builder)
        size = context.get_abi_sizeof(context.get_data_type(kind.dtype))
        sizes = code.unpack_tuple(builder, values[1])
        steps = [context.get_constant(types.intp, size)]
        for length in sizes[:0:-1]:
            steps.insert(0, builder.mul(steps[0], length))
        start = builder.inttoptr(values[0], array.data.type)
        arrays.populate_array(
            array, data=start, shape=sizes, strides=steps, itemsize=steps[-1], meminfo=None
        )
        return array._getvalue()

    return kind(address, lengths, element), write


#: In a kernel: ``array_at(address, lengths, dtype)`` is what lies there, as an array without
#: gaps. Nothing is checked, and somebody else keeps it alive. Not for plain Python.
array_at = cast(Any, intrinsic(_array_at))
