"""Recipes compared at equal samples: the rows of docs/recipe.md, run and tabulated.

    python -m lzp.train.ablation --store stores/train --out runs/ablation

Every row is `lzp-train experiment=ablation` with a few changes. Runs that are finished are
not run again, and killed ones go on.
"""

import argparse
import csv
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from lzp.command_line import OneLineParser

FIGURES = ("val/policy_loss", "val/policy_top1", "val/value_mse", "val/value_accuracy")
#: Validation positions at the end of each run; the same ones for all.
MEASURED = 10_240


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What distinguishes one row from the others.

    Attributes:
        batch: positions a step.
        experiment: the recipe that is begun from.
        changes: what is changed of it.
    """

    batch: int = 64
    experiment: str = "ablation"
    changes: tuple[str, ...] = ()

    def overrides(self, network: str, samples: int) -> list[str]:
        """Return the command line of `lzp-train` but for the store, the seed and the folder."""
        steps = samples // self.batch
        common = [
            f"experiment={self.experiment}",
            f"network={network}",
            "data=store",
            "data.games.even_only=true",
            f"data.batch_size={self.batch}",
            "logger=csv",
            "task.channels_last=true",
            "trainer.accelerator=cpu",
            "trainer.precision=32-true",
            f"trainer.max_steps={steps}",
            f"trainer.val_check_interval={steps}",
            f"trainer.limit_val_batches={MEASURED // self.batch}",
        ]
        return [*common, *self.changes]


ROWS = {
    "original": Row(batch=512, experiment="original"),
    "muon": Row(),
    "adamw": Row(changes=("optimizer=adamw", "optimizer.lr=0.003", "optimizer.weight_decay=0.02")),
    "sgd": Row(changes=("optimizer=sgd", "optimizer.lr=0.05", "optimizer.weight_decay=0.0001")),
    "muon at 0.02": Row(changes=("optimizer.lr=0.02",)),
    "batch 32": Row(batch=32),
    "reply": Row(changes=("task.weights.reply=0.15",)),
    "ownership": Row(changes=("data.ownership=true", "task.weights.ownership=1")),
    "smoothing": Row(changes=("task.weights.smoothing=0.05",)),
    "value 0.5": Row(changes=("task.weights.value=0.5",)),
    "distillation": Row(
        changes=(
            "task.teacher={_target_: lzp.train.teacher.Teacher, path: lzp/networks/default.txt.gz}",
            "task.weights.distillation=0.5",
        )
    ),
    "averaged": Row(changes=("extras=[ema]", "callbacks.average.decay=0.99")),
    "best": Row(experiment="best"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rows asked for and print the table; 1 if a run failed."""
    options = _parser().parse_args(arguments)
    jobs = [(row, seed) for row in options.rows for seed in range(1, options.seeds + 1)]
    with ThreadPoolExecutor(options.jobs) as pool:
        done = list(pool.map(lambda job: _run(job[0], job[1], options), jobs))
    print("\n".join(_table(options)))
    return 0 if all(done) else 1


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(prog="lzp.train.ablation", description=__doc__.split("\n")[0])
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--network", default="mini", help="of conf/network (default: mini)")
    parser.add_argument("--samples", type=int, default=32_768, help="each run trains on")
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=ROWS, metavar="ROW")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=2)
    return parser


def _run(row: str, seed: int, options: argparse.Namespace) -> bool:
    """Run one row with one seed, unless that is done; return whether it is."""
    folder = _folder(options.out, row, seed)
    if _figures(folder):
        return True
    command = [sys.executable, "-m", "lzp.train.cli"]
    command += ROWS[row].overrides(options.network, options.samples)
    command += [f"data.store={options.store}", f"run_dir={folder}", f"seed={seed}"]
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with (folder / "log.txt").open("ab") as log:
        run = subprocess.run(command, stdout=log, stderr=log, env=environment, check=False)
    print(f"{row}, seed {seed}: {_figures(folder) or f'failed, see {folder}/log.txt'}", flush=True)
    return run.returncode == 0


def _folder(out: Path, row: str, seed: int) -> Path:
    return out / f"{row.replace(' ', '-')}-{seed}"


def _figures(folder: Path) -> dict[str, float]:
    """Return the last validation's figures of a run; nothing if it has none yet."""
    found = {}
    for path in sorted(folder.glob("csv/*/metrics.csv")):
        with path.open() as file:
            for line in csv.DictReader(file):
                if line.get("val/policy_loss"):
                    found = {name: float(line[name]) for name in FIGURES}
    return found


def _table(options: argparse.Namespace) -> Iterator[str]:
    """Yield the rows as a table in Markdown: the mean over seeds, and the spread in nats."""
    yield "| row | nats | ± | top-1 | value MSE | value accuracy |"
    yield "|---|---|---|---|---|---|"
    for row in options.rows:
        runs = [_figures(_folder(options.out, row, seed)) for seed in range(1, options.seeds + 1)]
        runs = [run for run in runs if run]
        if not runs:
            continue
        nats, top1, error, names = ([run[name] for run in runs] for name in FIGURES)
        spread = (max(nats) - min(nats)) / 2
        yield (
            f"| {row} | {mean(nats):.3f} | {spread:.3f} | {mean(top1):.1%} "
            f"| {mean(error):.3f} | {mean(names):.1%} |"
        )


if __name__ == "__main__":
    sys.exit(main())
