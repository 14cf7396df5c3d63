"""Checkpoints of two runs, `whole` and `pieces` in one folder, compared bit for bit."""

from pathlib import Path
from typing import Any

import numpy as np
import torch


def assert_same(first: Any, second: Any, folder: Path, where: str = "") -> None:
    """Compare checkpoints bit for bit, but for the two runs' folders in their texts."""
    assert type(first) is type(second), where
    if isinstance(first, dict):
        keys = [key_of(key, folder) for key in first]
        assert keys == [key_of(key, folder) for key in second], where
        for key, mine, other in zip(keys, first.values(), second.values(), strict=True):
            assert_same(mine, other, folder, f"{where}.{key}")
    elif isinstance(first, (list, tuple)):
        assert len(first) == len(second), where
        for index, (mine, other) in enumerate(zip(first, second, strict=True)):
            assert_same(mine, other, folder, f"{where}[{index}]")
    elif isinstance(first, torch.Tensor):
        assert first.dtype == second.dtype, where
        assert np.array_equal(first.numpy(), second.numpy(), equal_nan=True), where
    else:
        assert key_of(first, folder) == key_of(second, folder), where


def key_of(value: Any, folder: Path) -> Any:
    """Return text without the name of the run's folder."""
    if not isinstance(value, str):
        return value
    return value.replace(str(folder / "whole"), "RUN").replace(str(folder / "pieces"), "RUN")
