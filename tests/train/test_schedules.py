from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.optim.lr_scheduler import LRScheduler

from lzp.train import schedules


def rates(make: Callable[[torch.optim.Optimizer], LRScheduler], steps: int) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2.0)
    schedule = make(optimizer)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found


def test_linear_rises_then_falls_to_zero() -> None:
    found = rates(lambda o: schedules.linear(o, warmup_steps=3, total_steps=11), 13)
    rise = [0.5, 1.0, 1.5]
    fall = np.linspace(2.0, 0.0, 9)
    assert found == pytest.approx([*rise, *fall, 0.0])


def test_linear_can_hold_before_it_falls() -> None:
    def make(optimizer: torch.optim.Optimizer) -> LRScheduler:
        return schedules.linear(optimizer, warmup_steps=1, total_steps=8, hold_steps=3)

    assert rates(make, 9) == pytest.approx([1.0, 2.0, 2.0, 2.0, 2.0, 1.5, 1.0, 0.5, 0.0])


def test_cosine_is_half_way_at_half_time_and_ends_at_its_final_factor() -> None:
    found = rates(lambda o: schedules.cosine(o, warmup_steps=0, total_steps=10, final=0.1), 14)
    assert found[0] == pytest.approx(2.0)
    assert found[5] == pytest.approx(2.0 * 0.55)
    assert found[10:] == pytest.approx([0.2] * 4)
    assert all(np.diff(found) <= 1e-12)


def test_step_falls_at_each_milestone_counted_from_the_start() -> None:
    def make(optimizer: torch.optim.Optimizer) -> LRScheduler:
        return schedules.step(optimizer, warmup_steps=2, milestones=[4, 6], factor=0.5)

    assert rates(make, 8)[2:] == pytest.approx([2.0, 2.0, 1.0, 1.0, 0.5, 0.5])


def test_constant_stays() -> None:
    assert rates(lambda o: schedules.constant(o), 3) == pytest.approx([2.0] * 3)


def test_timed_falls_with_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr(schedules.time, "monotonic", lambda: next(clock))

    def make(optimizer: torch.optim.Optimizer) -> LRScheduler:
        return schedules.timed(optimizer, warmup_steps=1, max_time="00:00:01:40")

    # The clock is first read where the schedule is made, then once a step.
    found = rates(make, 12)
    assert found == pytest.approx([0.9, *(2.0 * (1 - s / 100) for s in range(20, 101, 10)), 0, 0])


def test_timed_goes_on_with_the_time_that_was_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 0.0
    monkeypatch.setattr(schedules.time, "monotonic", lambda: now_s)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2.0)
    first = schedules.timed(optimizer, warmup_steps=0, max_time="00:00:01:40")
    now_s = 40.0
    optimizer.step()
    first.step()
    now_s = 5000.0  # another process, its clock elsewhere
    second = schedules.timed(optimizer, warmup_steps=0, max_time="00:00:01:40")
    second.load_state_dict(first.state_dict())
    now_s = 5010.0
    second.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(2.0 * 0.5)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda o: schedules.timed(o, warmup_steps=0, max_time="10 minutes"), "max_time"),
        (lambda o: schedules.timed(o, warmup_steps=0, max_time="00:00:00:00"), "max_time"),
        (lambda o: schedules.linear(o, warmup_steps=5, total_steps=5), "total_steps"),
        (
            lambda o: schedules.linear(o, warmup_steps=1, total_steps=5, hold_steps=-1),
            "hold_steps",
        ),
        (
            lambda o: schedules.linear(o, warmup_steps=1, total_steps=5, hold_steps=4),
            "total_steps",
        ),
        (lambda o: schedules.constant(o, warmup_steps=-1), "warmup_steps"),
        (lambda o: schedules.cosine(o, warmup_steps=0, total_steps=5, final=2.0), "final"),
        (lambda o: schedules.step(o, warmup_steps=0, milestones=[5, 5]), "milestones"),
        (lambda o: schedules.step(o, warmup_steps=0, milestones=[5], factor=0.0), "factor"),
    ],
)
def test_bad_numbers_are_refused_by_name(
    make: Callable[[torch.optim.Optimizer], LRScheduler], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        rates(make, 1)


def test_state_holds_no_code() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    state = schedules.linear(optimizer, warmup_steps=1, total_steps=9).state_dict()
    assert state["lr_lambdas"] == [None]
