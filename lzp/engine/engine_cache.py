"""Where the engine keeps what it can make again: beside the compiled kernels."""

from pathlib import Path

from lzp.jit import cache_folder


def engine_cache(name: str) -> Path | None:
    """Return the folder of that name among the user's caches, made if needed.

    None where nothing can be written.
    """
    kernels = cache_folder()
    if kernels is None:
        return None
    folder = kernels.parents[1] / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder
