"""Training: Hydra configuration in, checkpoints out; `lzp-train` is `cli.main`.

Start with `run.run_training` for what happens in which order, `task.TrainTask` for one
step, `datamodule.PositionDataModule` for where batches come from.
"""
