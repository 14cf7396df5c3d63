"""`lzp-train`: finds its configuration files and whatever is not installed, then runs.

Imports little, so that a missing part of the installation gets one line.
"""

import os
import sys
from pathlib import Path

import lzp
from lzp.train.threads import let_threads_sleep

_EXIT_BAD_INPUT = 2
_TRACEBACKS = "LZP_TRAIN_TRACEBACKS"


def main() -> None:
    """Run the command; bad input gives one line on stderr and exit code 2.

    With HYDRA_FULL_ERROR=1 in the environment errors keep their traceback.
    """
    # Kept under another name for the processes that a run on several devices starts.
    wanted = os.environ.setdefault(_TRACEBACKS, os.environ.get("HYDRA_FULL_ERROR", "0"))
    # Hydra then raises what it would otherwise print in many lines.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    let_threads_sleep()
    try:
        from lzp.train.entry import run_command
    except ModuleNotFoundError as error:
        missing = f"needs {error.name}, which is not installed: pip install 'lzp[train]'"
        print(f"lzp-train: {missing}", file=sys.stderr)
        sys.exit(_EXIT_BAD_INPUT)
    run_command(config_folder(), tracebacks=wanted == "1")


def config_folder() -> Path:
    """Return the folder of configuration files: in the package, or beside it in a checkout."""
    package = Path(lzp.__file__).resolve().parent
    installed = package / "conf"
    return installed if installed.is_dir() else package.parent / "conf"


if __name__ == "__main__":
    main()
