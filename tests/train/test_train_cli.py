"""The command: its help, its one-line complaints, and a run from game records to a checkpoint."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hydra.core.global_hydra import GlobalHydra

from lzp.train.cli import config_folder, main
from lzp.train.help import first_comment
from lzp.train.loader import TrainBatch
from lzp.train.task import TrainTask
from lzp.train.threads import let_threads_sleep
from tests.data.makers import random_records, write_records
from tests.train.runs import GROUPS, SMALL, options_of

# Hydra's logging would stay configured for the tests that come after.
QUIET = ("hydra/job_logging=disabled", "hydra/hydra_logging=disabled")


def run_main(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    """Run the command in this process and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["lzp-train", *arguments])
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")
    GlobalHydra.instance().clear()
    try:
        main()
    except SystemExit as stop:
        return stop.code
    finally:
        GlobalHydra.instance().clear()
    return 0


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_help_names_groups_options_and_examples(
    in_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_main(monkeypatch, "--help") == 0
    text = capsys.readouterr().out
    for group in GROUPS:
        assert f"\n{group}:\n" in text
        for option in options_of(group):
            said = first_comment(config_folder() / group / f"{option}.yaml")
            assert said, f"{group}/{option} begins with no comment"
            assert f"{option:14} {said}" in text
    assert "lzp-train network=small data=sgf data.sources=[games/]" in text
    assert not list(in_folder.iterdir())


BAD = [
    (["data=store", "data.store=x", "optimizer.lr=fast"], "optimizer.lr: 'fast', expected a num"),
    (
        ["network=colossal", "data.sources=[x]"],
        "network=colossal: no such option; options are big, ",
    ),
    (["trainer.max_stepps=3", "data.sources=[x]"], "'trainer.max_stepps'"),
    (["seed=", "data.sources=[x]"], "seed: '', expected a whole number"),
    (["seed=[", "data.sources=[x]"], "seed=["),
    (["network=null", "data.sources=[x]"], "Config group override must be a string or a list"),
    (
        ["extras=[ema,avarage]", "data.sources=[x]"],
        "extras=avarage: no such option; options are early_stopping, ema",
    ),
    ([], "data: name game records (data.sources=[...])"),
    (["data.sources=[nowhere.sgf]", "network=tiny"], "nowhere.sgf"),
    (["data=store", "data.store=nowhere", "network=tiny"], "nowhere: no such game store"),
    (["data.sources=[x]", "run_dir=file/run"], "file"),
    (["data=store", "data.store=x", "resume=none.ckpt", "network=tiny"], "none.ckpt: no such"),
    (["data=store", "data.store=x", "resume=true", "network=tiny"], "last.ckpt: no such"),
]


@pytest.mark.parametrize(("arguments", "complaint"), BAD)
def test_bad_input_gets_one_line_and_exit_code_2(
    arguments: list[str],
    complaint: str,
    in_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (in_folder / "file").write_text("no folder")
    assert run_main(monkeypatch, *QUIET, *arguments) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    complaints = [line for line in lines if not line.startswith("lzp-train: converting")]
    assert len(complaints) == 1, lines
    assert complaints[0].startswith("lzp-train: ")
    assert complaint in complaints[0]


@pytest.mark.parametrize(
    ("happens", "code", "line"),
    [
        ("SIGINT", 130, "SIGINT: stopped after step 3; the same command goes on from"),
        ("SIGTERM", 143, "SIGTERM: stopped after step 3; the same command goes on from"),
        ("nan", 1, "step 3: the loss is nan; games of its batch: "),
    ],
)
def test_an_early_end_gets_one_line_and_a_code_that_tells_it(
    happens: str,
    code: int,
    line: str,
    games_store: Path,
    in_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    real = TrainTask.training_step

    def training_step(task: TrainTask, batch: TrainBatch, batch_idx: int) -> torch.Tensor:
        loss = real(task, batch, batch_idx)
        if task.global_step != 2:
            return loss
        if happens != "nan":
            signal.raise_signal(signal.Signals[happens])
        return loss * (float("nan") if happens == "nan" else 1.0)

    monkeypatch.setattr(TrainTask, "training_step", training_step)
    assert run_main(monkeypatch, *QUIET, *SMALL, f"data.store={games_store}") == code
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"lzp-train: {line}")


def test_a_missing_extra_gets_one_line(
    in_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "lzp.train.entry", raising=False)
    monkeypatch.setitem(sys.modules, "hydra", None)
    monkeypatch.setattr(sys, "argv", ["lzp-train"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    assert capsys.readouterr().err == (
        "lzp-train: needs hydra, which is not installed: pip install 'lzp[train]'\n"
    )


def completions(folder: Path, line: str) -> list[str]:
    """Return what bash offers for a command line, by Hydra's own completion function."""
    command = folder / "lzp-train"  # as pip would write it
    command.write_text(f"#!{sys.executable}\nfrom lzp.train.cli import main\nmain()\n")
    command.chmod(0o755)
    words = len(line.split()) - 1
    script = (
        'eval "$(lzp-train -sc install=bash)"; complete -p lzp-train >/dev/null || exit 1; '
        f"COMP_LINE='{line}' COMP_POINT={len(line)} COMP_CWORD={words} hydra_bash_completion; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    environment = {"PYTHONPATH": str(config_folder().parent), "PATH": f"{folder}:/usr/bin:/bin"}
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return sorted(done.stdout.split())


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("lzp-train network=s", ["network=small"]),
        ("lzp-train network=m", [f"network={o}" for o in options_of("network") if o[0] == "m"]),
        ("lzp-train optimizer=adamw optimizer.l", ["optimizer.lr="]),
    ],
)
def test_bash_completes_options_and_keys(line: str, offered: list[str], in_folder: Path) -> None:
    assert completions(in_folder, line) == offered


def test_the_process_goes_from_records_to_a_checkpoint(in_folder: Path) -> None:
    write_records(in_folder / "games.sgf", random_records(60))
    small = [change for change in SMALL if change != "data=store"]
    sources = ["data=sgf", "data.sources=[games.sgf]", "name=mine", "logger=default"]
    command = [sys.executable, "-m", "lzp.train.cli", *small, *sources]
    environment = {"PYTHONPATH": str(config_folder().parent), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert "60 games" in done.stderr
    assert "step 12 of 12" in done.stderr
    assert "arning" not in done.stderr
    run = in_folder / "runs" / "mine"
    assert {"best.ckpt", "last.ckpt", "config.yaml", "tensorboard", "csv"} <= {
        path.name for path in run.iterdir()
    }


def test_threads_are_told_to_sleep_before_torch_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import lzp.train.cli, lzp.train.threads, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    let_threads_sleep()
    assert os.environ["OMP_WAIT_POLICY"] == "passive"
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    let_threads_sleep()
    assert os.environ["OMP_WAIT_POLICY"] == "active"
