"""What a start of the engine loads: playing needs no torch, and the name needs nothing heavy."""

import subprocess
import sys
from pathlib import Path

from tests.networks import write_random_network

#: Top-level packages that belong to training, pictures or the shell's tables.
TRAINING = {"torch", "torchmetrics", "pytorch_lightning", "hydra", "omegaconf", "tensorboard"}
STORES = {"pyarrow", "pandas", "matplotlib"}
COMPUTING = {"numpy", "numba", "onnx", "onnxruntime"}


def imported_packages(module: str, *arguments: str, lines: str = "") -> tuple[set[str], str]:
    """Run a module as a program; return the top-level packages it loaded, and its stdout."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", module, *arguments],
        input=lines,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    timed = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.split("|")[2].strip().split(".")[0] for line in timed}, done.stdout


def test_a_whole_game_over_gtp_loads_nothing_of_training(tmp_path: Path) -> None:
    network = write_random_network(tmp_path / "net.txt.gz", side=9)
    packages, answers = imported_packages(
        "lzp.engine.gtp.cli",
        *("-w", str(network), "-v", "4", "--noponder", "-q"),
        lines="name\nboardsize 9\ngenmove b\nlz-analyze 1\nundo\nfinal_score\nquit\n",
    )
    assert answers.count("\n\n") == 7
    assert "numba" in packages  # the engine did run
    assert "onnxruntime" in packages
    assert not packages & (TRAINING | STORES)


def test_help_loads_nothing_heavy() -> None:
    packages, text = imported_packages("lzp.engine.gtp.cli", "--help")
    assert "--visits" in text
    assert not packages & (COMPUTING | TRAINING | STORES)
