import numpy as np
import pytest
import torch

from lzp.train.metrics import ValueSignAccuracy, policy_metrics, value_metrics


def test_policy_metrics_equal_a_sort_by_numpy() -> None:
    rng = np.random.default_rng(1)
    metrics = policy_metrics(9, "val/")
    first, five, count = 0, 0, 0
    for size in (7, 50, 1):  # unequal batches: a mean of means would be wrong
        logits = rng.normal(size=(size, 82)).astype(np.float32)
        played = rng.integers(0, 82, size)
        logits[np.arange(size), played] += 1.5
        order = np.argsort(-logits, axis=1)
        first += int((order[:, 0] == played).sum())
        five += int((order[:, :5] == played[:, None]).any(axis=1).sum())
        count += size
        metrics.update(torch.from_numpy(logits), torch.from_numpy(played))
    found = metrics.compute()
    assert 0 < first < five < count
    assert float(found["val/policy_top1"]) == pytest.approx(first / count)
    assert float(found["val/policy_top5"]) == pytest.approx(five / count)


def test_value_metrics_equal_numpy() -> None:
    rng = np.random.default_rng(2)
    value = rng.uniform(-1, 1, 60).astype(np.float32)
    result = rng.choice([-1.0, 0.0, 1.0], 60).astype(np.float32)
    metrics = value_metrics("test/")
    for part in (slice(0, 13), slice(13, 60)):
        metrics.update(torch.from_numpy(value[part]), torch.from_numpy(result[part]))
    found = metrics.compute()
    decided = result != 0
    right = np.sign(value[decided]) == result[decided]
    assert float(found["test/value_mse"]) == pytest.approx(((value - result) ** 2).mean())
    assert float(found["test/value_accuracy"]) == pytest.approx(right.mean())


def test_a_value_of_zero_names_no_winner() -> None:
    metric = ValueSignAccuracy()
    metric.update(torch.tensor([0.0, 0.5]), torch.tensor([1.0, 1.0]))
    assert float(metric.compute()) == 0.5
