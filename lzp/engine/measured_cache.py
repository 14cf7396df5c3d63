"""What was measured on this machine, kept on disk under everything that it depends on.

An entry is a JSON file named by a hash of its key. One that is damaged, or of another
form, counts as missing and is written anew. Where nothing can be written, nothing is kept.
"""

import contextlib
import hashlib
import json
import os
import platform
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from lzp import __version__
from lzp.engine.backends import BACKENDS
from lzp.engine.engine_cache import engine_cache
from lzp.engine.gpu import gpu_name
from lzp.weights.atomic import replacing

#: A change makes everything that was measured before count as missing.
_FORM = 1
_FOLDER = "measured"

Key = Mapping[str, Any]


def machine_key() -> dict[str, Any]:
    """Return what speed and exactness depend on, apart from the network: chips and versions."""
    return {
        "form": _FORM,
        "lzp": __version__,
        "cpu": _cpu(),
        "cores": usable_cores(),
        "gpu": gpu_name(),
        "versions": _versions(),
    }


def usable_cores() -> int:
    """Return how many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def read_measured(key: Key) -> dict[str, Any] | None:
    """Return what was kept under a key; None if nothing was, or it cannot be read."""
    path = _path(key)
    if path is None:
        return None
    try:
        entry = json.loads(path.read_bytes())
        # A file of another key has the same hash, or was put there by hand.
        return entry["measured"] if entry["key"] == dict(key) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def write_measured(key: Key, measured: Mapping[str, Any]) -> None:
    """Keep something under a key, in place of what was there; does nothing if it cannot."""
    path = _path(key)
    if path is None:
        return
    text = json.dumps({"key": dict(key), "measured": dict(measured)}, indent=1)
    with contextlib.suppress(OSError), replacing(path) as file:
        file.write(text.encode())


def _path(key: Key) -> Path | None:
    folder = engine_cache(_FOLDER)
    name = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:24]
    return None if folder is None else folder / f"{name}.json"


def _cpu() -> str:
    """Return the processor's name and a hash of its abilities."""
    if sys.platform != "linux":
        return f"{platform.machine()} {platform.processor()}"
    lines: dict[str, str] = {}
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            name, _, value = line.partition(":")
            lines.setdefault(name.strip(), value.strip())
    abilities = "".join(
        lines.get(name, "") for name in ("cpu family", "model", "flags", "Features")
    )
    digest = hashlib.sha256(abilities.encode()).hexdigest()[:8]
    return f"{platform.machine()} {lines.get('model name', '')} {digest}"


def _versions() -> dict[str, str]:
    """Return the versions of the packages that run networks; those there are."""
    found = {}
    for backend in BACKENDS.values():
        for name in (*backend.distributions, "numba", "numpy"):
            with contextlib.suppress(metadata.PackageNotFoundError):
                found[name] = metadata.version(name)
    return found
