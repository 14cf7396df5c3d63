"""What this project's commands have in common: a wrong command line is one line and code 2."""

import argparse
from typing import NoReturn


class OneLineParser(argparse.ArgumentParser):
    """Argument parser whose errors are one line, without the usage, and exit code 2."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where help is."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog.split()[0]} --help)\n")
