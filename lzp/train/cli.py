"""`lzp-train`: Hydra's command line around `run.run_training`.

Imports little until it runs, so that a missing part of the installation gets one line.
"""

import os
import sys
from pathlib import Path
from typing import NoReturn

import lzp

_EXIT_BAD_INPUT = 2
_EXIT_INTERRUPTED = 130


def main() -> None:
    """Run the command; bad input gives one line on stderr and exit code 2.

    With HYDRA_FULL_ERROR=1 in the environment errors keep their traceback.
    """
    debugging = os.environ.get("HYDRA_FULL_ERROR") == "1"
    # Hydra then raises what it would otherwise print in many lines.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        import hydra

        from lzp.train.entry import expected_errors, explain, train
    except ModuleNotFoundError as error:
        _stop(f"needs {error.name}, which is not installed: pip install 'lzp[train]'")
    run = hydra.main(version_base="1.3", config_path=str(config_folder()), config_name="train")
    try:
        run(train)()
    except expected_errors() as error:
        if debugging:
            raise
        _stop(explain(error))
    except KeyboardInterrupt:
        sys.exit(_EXIT_INTERRUPTED)


def config_folder() -> Path:
    """Return the folder of configuration files: in the package, or beside it in a checkout."""
    package = Path(lzp.__file__).resolve().parent
    installed = package / "conf"
    return installed if installed.is_dir() else package.parent / "conf"


def _stop(text: str) -> NoReturn:
    print(f"lzp-train: {text}", file=sys.stderr)
    sys.exit(_EXIT_BAD_INPUT)


if __name__ == "__main__":
    main()
