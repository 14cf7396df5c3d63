"""A real run killed at 20 moments ends, bit for bit, like one that nobody touched."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from lzp.train.cli import config_folder
from tests.data.makers import random_records, write_records
from tests.train.comparing import assert_same
from tests.train.runs import SMALL

STEPS = 1000
CHANGES = (
    "data=sgf",
    "data.sources=[games.sgf]",
    "data.options.min_moves=1",
    "+extras=ema",
    f"trainer.max_steps={STEPS}",
    "trainer.val_check_interval=25",
    "callbacks.last.every_steps=5",
)
#: What is waited for in a killed life, and how many lives so.
MOMENTS = [
    *["converting"] * 2,
    *["at start"] * 2,
    *["saving .last.ckpt"] * 5,
    *["saving .best.ckpt"] * 3,
    *["training"] * 8,
]
_PATIENCE_S = 600.0


def start(run_dir: str) -> "subprocess.Popen[bytes]":
    """Start the command in the current folder, where `games.sgf` lies."""
    options = [option for option in SMALL if not option.startswith("data=")]
    command = [sys.executable, "-m", "lzp.train.cli", *options, *CHANGES, f"run_dir={run_dir}"]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def wait_for(happened: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    """Look again and again, every half a millisecond, until something happened."""
    end_s = time.monotonic() + _PATIENCE_S
    while not happened() and process.poll() is None:
        assert time.monotonic() < end_s
        time.sleep(0.0005)


def parts(run_dir: Path, beginning: str) -> bool:
    return any(
        name.startswith(beginning) and name.endswith(".part") for name in os.listdir(run_dir)
    )


def children(process: "subprocess.Popen[bytes]") -> list[Path]:
    """The folders in /proc of a process's children."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [Path("/proc") / number for number in listed.read_text().split()]


@dataclass
class Pace:
    """How long things take on this machine at the moment, so that no life is a whole one.

    Attributes:
        start_s: from the command to its first log.
        training_s: from there to the end of an untouched run.
    """

    start_s: float
    training_s: float

    @property
    def life_s(self) -> float:
        """The longest that a killed life trains: a twentieth of the run at twice the pace."""
        return self.training_s / 40


def is_training(run_dir: str, lives: int = 0) -> bool:
    return len(list(Path(run_dir, "csv").glob("*"))) > lives


def run_whole() -> Pace:
    """Run the command to its end."""
    begun_s = time.monotonic()
    with start("whole") as process:
        wait_for(lambda: is_training("whole"), process)
        training_s = time.monotonic()
        assert process.wait() == 0
    return Pace(training_s - begun_s, time.monotonic() - training_s)


def wait_for_moment(
    moment: str, process: "subprocess.Popen[bytes]", rng: random.Random, pace: Pace
) -> None:
    """Wait for a moment of a run's life."""
    lives = len(list(Path("pieces/csv").glob("*")))
    if moment == "at start":
        time.sleep(rng.uniform(0.0, pace.start_s + pace.life_s))
        return
    if moment == "converting":
        wait_for(lambda: any(Path("stores").glob(".*.partial-*")), process)
        time.sleep(rng.uniform(0.0, 1.0))
        return
    wait_for(lambda: is_training("pieces", lives), process)
    if moment == "training":
        time.sleep(rng.uniform(0.0, pace.life_s))
        return
    limit_s = time.monotonic() + 2 * pace.life_s
    name = moment.split()[1]
    wait_for(lambda: parts(Path("pieces"), name) or time.monotonic() > limit_s, process)


def kill(process: "subprocess.Popen[bytes]") -> bool:
    """Kill a process; its children are to end by themselves. False: it had ended before."""
    orphans = children(process) if process.poll() is None else []
    process.kill()
    killed = process.wait() == -signal.SIGKILL
    end_s = time.monotonic() + 20
    while any((child / "exe").exists() for child in orphans):
        assert time.monotonic() < end_s, "workers live on after their parent"
        time.sleep(0.05)
    return killed


def read_logs() -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in Path("pieces/csv").glob("*/metrics.csv")}


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_a_run_killed_20_times_ends_with_the_very_same_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("PYTHONPATH", str(config_folder().parent))
    write_records(tmp_path / "games.sgf", random_records(60))
    rng = random.Random(20)
    killed = broken_saves = 0
    steps, logs = [0], dict[Path, bytes]()
    pace = run_whole()
    shutil.rmtree("stores")  # the first lives are to make it again
    for moment in MOMENTS:
        with start("pieces") as process:
            wait_for_moment(moment, process, rng, pace)
            killed += kill(process)
        broken_saves += Path("pieces").exists() and parts(Path("pieces"), ".")
        now = read_logs()
        assert all(now[path] == text for path, text in logs.items())
        logs = now
        if Path("pieces/last.ckpt").exists():
            steps.append(torch.load("pieces/last.ckpt", weights_only=True)["global_step"])
    assert killed == 20
    assert broken_saves >= 2  # of the eight that were aimed at; a busy machine misses some
    assert steps == sorted(steps)
    assert 0 < steps[-1] < STEPS
    with start("pieces") as process:
        assert process.wait() == 0
    for name in ("last.ckpt", "best.ckpt"):
        whole = torch.load(f"whole/{name}", weights_only=True)
        pieces = torch.load(f"pieces/{name}", weights_only=True)
        assert_same(whole, pieces, tmp_path)
    assert not [path for path in tmp_path.rglob(".*") if path.is_file() or "partial" in path.name]
