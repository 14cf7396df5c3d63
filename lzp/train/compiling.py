"""Whether torch.compile has what it needs on this machine, known before the first step."""

import os
import shutil
import sys
import sysconfig
from pathlib import Path

from lzp.train.config import ConfigError


def check_compiler() -> None:
    """Check that there is what torch.compile makes machine code with.

    Raises:
        ConfigError: there is no C++ compiler, or Python's headers are missing.
    """
    # The same choice as torch's.
    compiler = os.environ.get("CXX", "clang++" if sys.platform == "darwin" else "g++")
    if shutil.which(compiler) is None:
        raise ConfigError(f"task.compile: needs a C++ compiler, and there is no {compiler}")
    headers = Path(sysconfig.get_path("include"))
    if not (headers / "Python.h").is_file():
        raise ConfigError(f"task.compile: needs Python's headers, and {headers} has no Python.h")
