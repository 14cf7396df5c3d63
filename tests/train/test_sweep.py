"""Sweeps: checked as a whole first, run side by side, and ending in a table."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from lzp.train.cli import config_folder
from lzp.train.config_values import ConfigError
from lzp.train.sweep import RunRecord, read_record, read_sweep, run_recorded, shown, table
from tests.train.runs import SMALL

SHORT = ("trainer.max_steps=3", "trainer.val_check_interval=3", "run_dir=sweep")


def sweep(folder: Path, store: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a sweep as a process of its own, as the shell would."""
    changes = (*SMALL, f"data.store={store}", *SHORT, *arguments)
    return subprocess.run(
        [sys.executable, "-m", "lzp.train.cli", "--multirun", *changes],
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PYTHONPATH": str(config_folder().parent), "PATH": "/usr/bin:/bin"},
        check=False,
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_two_runs_side_by_side_and_their_table(games_store: Path, tmp_path: Path) -> None:
    side_by_side = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    done = sweep(tmp_path, games_store, *side_by_side, "optimizer.lr=0.001,0.01")
    assert done.returncode == 0, done.stderr
    rows = rows_of(tmp_path / "sweep" / "sweep.csv")
    assert sorted(row["optimizer.lr"] for row in rows) == ["0.001", "0.01"]
    losses = [float(row["val/loss"]) for row in rows]
    assert losses == sorted(losses)
    assert losses[0] != losses[1]
    for row in rows:
        run = tmp_path / "sweep" / row["run"]
        assert f"lr: {row['optimizer.lr']}" in (run / "config.yaml").read_text()
        assert (run / "last.ckpt").is_file()
        metrics = next(run.glob("csv/*/metrics.csv"))
        logged = [r["val/loss"] for r in rows_of(metrics) if r["val/loss"]]
        assert float(row["val/loss"]) == pytest.approx(float(logged[-1]), rel=1e-5)
    assert "optimizer.lr  val/loss" in done.stdout


@pytest.mark.slow
def test_a_run_that_fails_does_not_end_the_others(games_store: Path, tmp_path: Path) -> None:
    done = sweep(tmp_path, games_store, "optimizer.lr=-1,0.01")  # -1 is known to SGD alone
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "sweep/0: optimizer or schedule: Invalid learning rate: -1" in done.stderr
    good, bad = rows_of(tmp_path / "sweep" / "sweep.csv")
    assert (good["run"], good["error"]) == ("1", "")
    assert (bad["run"], bad["val/loss"]) == ("0", "")
    again = sweep(tmp_path, games_store, "optimizer.lr=-1,0.02")
    assert again.returncode == 2
    assert "from an earlier sweep" in again.stderr
    assert rows_of(tmp_path / "sweep" / "sweep.csv") == [good, bad]


@pytest.mark.slow
def test_a_wrong_value_is_refused_before_the_first_run(games_store: Path, tmp_path: Path) -> None:
    for wrong, complaint in [
        ("optimizer.lr=0.001,fast", "optimizer.lr: 'fast', expected a number"),
        ("network.side=9,13", "network.side: 13, but data.side is 9"),
        ("network=tiny,colossal", "network=colossal: no such option"),
    ]:
        done = sweep(tmp_path, games_store, wrong)
        assert done.returncode == 2
        assert done.stderr.splitlines() == [line for line in done.stderr.splitlines() if line]
        assert done.stderr.splitlines()[-1].startswith(f"lzp-train: {complaint}")
        assert not (tmp_path / "sweep" / "0").exists()


RECORDS = {
    "0": RunRecord(overrides=("a=1", "seed=1"), figures={"val/loss": 3.0, "val/policy_top1": 0.25}),
    "1": RunRecord(overrides=("a=2", "seed=1"), figures={"val/loss": 2.0}),
    "10": RunRecord(overrides=("a=3", "seed=1"), error="no, not so"),
}


def test_the_table_has_the_best_first_and_what_differs(tmp_path: Path) -> None:
    for name, record in RECORDS.items():
        record.write(tmp_path / name)
    records = read_sweep(tmp_path)
    assert records == RECORDS
    assert list(records) == ["1", "0", "10"]
    assert table(records) == (
        'run,a,val/loss,val/policy_top1,error\n1,2,2.0,,\n0,1,3.0,0.25,\n10,3,,,"no, not so"\n'
    )
    assert shown(records).splitlines() == [
        "run  a  val/loss  val/policy_top1  val/value_mse",
        "1    2  2.0000    -                -",
        "0    1  3.0000    0.2500           -",
        "10   3  -         -                -",
    ]


def test_a_run_is_recorded_and_a_finished_one_keeps_its_figures(tmp_path: Path) -> None:
    assert run_recorded(tmp_path, ["a=1"], lambda: {"val/loss": 2.5}, (ConfigError,)) == 2.5
    # The same command again: the run has nothing left to do and measures nothing.
    assert run_recorded(tmp_path, ["a=1"], dict, (ConfigError,)) == 2.5
    with pytest.raises(ConfigError, match="from an earlier sweep, a=1; choose another name="):
        run_recorded(tmp_path, ["a=2"], dict, (ConfigError,))
    with pytest.raises(ZeroDivisionError):  # a fault of the program is no result
        run_recorded(tmp_path, ["a=1"], lambda: {"val/loss": 1 / 0}, (ConfigError,))


@pytest.mark.parametrize("text", ["", "[]", '{"overrides": [], "figures": {"a": "b"}}', "{}"])
def test_a_damaged_record_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text(text)
    with pytest.raises(ConfigError, match=r"result.json: damaged"):
        read_record(tmp_path)
    RECORDS["0"].write(tmp_path)
    assert json.loads((tmp_path / "result.json").read_text())["figures"]["val/loss"] == 3.0
