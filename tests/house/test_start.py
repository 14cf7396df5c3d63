"""What a start of the engine loads: playing needs no torch, and the name needs nothing heavy."""

import subprocess
import sys
from pathlib import Path

from tests.networks import write_random_network

#: Top-level packages that belong to training, pictures or the shell's tables.
TRAINING = {"torch", "torchmetrics", "pytorch_lightning", "hydra", "omegaconf", "tensorboard"}
STORES = {"pyarrow", "pandas", "matplotlib"}
COMPUTING = {"numpy", "numba", "onnx", "onnxruntime"}


#: Runs a module as a program and writes down what is loaded when it leaves, however it does.
WATCHER = """
import atexit, os, runpy, sys
report, leave = sys.argv.pop(1), os._exit
def write_report():
    with open(report, "w") as file:
        file.write(" ".join(name.split(".")[0] for name in sys.modules))
def write_and_leave(code):
    write_report()
    leave(code)
os._exit = write_and_leave
atexit.register(write_report)
runpy.run_module(sys.argv.pop(1), run_name="__main__")
"""


def loaded_packages(report: Path, *command: str, lines: str = "") -> tuple[set[str], str]:
    """Run a module with arguments; return the packages it has loaded at its end, and stdout."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHER, str(report), *command],
        input=lines,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    return set(report.read_text().split()), done.stdout


def test_a_whole_game_over_gtp_loads_nothing_of_training(tmp_path: Path) -> None:
    network = write_random_network(tmp_path / "net.txt.gz", side=9)
    packages, answers = loaded_packages(
        tmp_path / "report",
        "lzp.engine.gtp.cli",
        *("-w", str(network), "-v", "4", "--noponder", "-q"),
        lines="name\nboardsize 9\ngenmove b\nlz-analyze 1\nundo\nfinal_score\nquit\n",
    )
    assert answers.count("\n\n") == 7
    assert "numba" in packages  # the engine did run
    assert not packages & (TRAINING | STORES)


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    packages, text = loaded_packages(tmp_path / "report", "lzp.engine.gtp.cli", "--help")
    assert "--visits" in text
    assert not packages & (COMPUTING | TRAINING | STORES)
