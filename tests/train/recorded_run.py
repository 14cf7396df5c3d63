"""A small run as a command of its own, which writes down what each of its processes saw.

python -m tests.train.recorded_run STORE FOLDER [OVERRIDE ...]

FOLDER gets the run's files, seen-RANK.npy (int64 [N, 2]: game and ply of each position
trained on) and metrics.json.
"""

import json
import sys
from pathlib import Path

import numpy as np
from torch import Tensor

from lzp.train.loader import TrainBatch
from lzp.train.run import run_training
from lzp.train.task import TrainTask
from tests.train.runs import small_run


def main() -> None:
    """Run, and write the record."""
    store, folder = map(Path, sys.argv[1:3])
    seen: list[np.ndarray] = []
    real_step = TrainTask.training_step

    def training_step(self: TrainTask, batch: TrainBatch, batch_idx: int) -> Tensor:
        seen.append(np.stack([batch.game.numpy(), batch.ply.numpy()], axis=1))
        return real_step(self, batch, batch_idx)

    TrainTask.training_step = training_step  # type: ignore[method-assign]
    result = run_training(small_run(store, folder, *sys.argv[3:]))
    np.save(folder / f"seen-{result.trainer.global_rank}.npy", np.concatenate(seen).astype(int))
    if result.trainer.is_global_zero:
        (folder / "metrics.json").write_text(json.dumps(result.metrics))


if __name__ == "__main__":
    main()
