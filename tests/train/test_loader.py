import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from lzp.data import GameFilter, GameStore, PositionSampler, SamplerParams
from lzp.train.loader import BatchLoader, ReadPlan, TrainBatch, read_ahead

BLANK = TrainBatch(*[torch.zeros(1)] * len(TrainBatch._fields))


def loader_of(store: Path, batch_size: int = 64, **plan: int | bool) -> BatchLoader:
    params = SamplerParams(batch_size=batch_size, seed=3)
    sampler = PositionSampler(GameStore.open(store), "train", params, GameFilter(val_fraction=0.1))
    return BatchLoader(sampler, ReadPlan(**plan))  # type: ignore[arg-type]


def places(*batches: TrainBatch) -> list[tuple[int, int]]:
    """(game, ply) of every sample, in order."""
    return [place for b in batches for place in zip(b.game.tolist(), b.ply.tolist(), strict=True)]


def same(first: TrainBatch, second: TrainBatch) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_reading_ahead_changes_nothing(games_store: Path) -> None:
    pairs = list(zip(loader_of(games_store, ahead=3), loader_of(games_store, ahead=0), strict=True))
    assert len(pairs) == len(loader_of(games_store)) > 5
    assert all(same(a, b) for a, b in pairs)


def test_a_restored_loader_goes_on_where_the_other_stopped(games_store: Path) -> None:
    whole = loader_of(games_store)
    batches = [*whole, *whole]  # two epochs
    for stop in (1, len(whole), len(whole) + 2):
        stopped, restored = loader_of(games_store), loader_of(games_store)
        seen = 0
        while seen < stop:
            for _ in stopped:
                seen += 1
                if seen == stop:
                    break
        restored.load_state_dict(stopped.state_dict())
        assert same(next(iter(restored)), batches[stop])


def test_epochs_differ_and_measuring_repeats(games_store: Path) -> None:
    training, measuring = loader_of(games_store), loader_of(games_store, repeat=True)
    first_epoch, second_epoch = list(training), list(training)
    assert not same(first_epoch[0], second_epoch[0])
    first_pass, second_pass = list(measuring), list(measuring)
    assert all(same(a, b) for a, b in zip(first_pass, second_pass, strict=True))


def epochs_of(loader: BatchLoader, samples: int) -> list[tuple[int, int]]:
    """The first samples of a loader's passes."""
    seen: list[tuple[int, int]] = []
    while len(seen) < samples:
        seen += places(*loader)
    return seen[:samples]


def test_no_position_of_an_epoch_is_left_out(games_store: Path) -> None:
    loader = loader_of(games_store)
    positions = sum(len(batch.planes) for batch in loader_of(games_store, repeat=True))
    assert positions % 64 != 0
    assert len(loader) == positions // 64 + 1
    seen = epochs_of(loader, 3 * positions)
    epochs = [seen[start : start + positions] for start in range(0, len(seen), positions)]
    assert [len(set(epoch)) for epoch in epochs] == [positions] * 3
    assert set(epochs[0]) == set(epochs[1]) == set(epochs[2])
    assert epochs[0] != epochs[1] != epochs[2]
    assert {len(batch.planes) for batch in loader} == {64}


@pytest.mark.parametrize("world", [2, 3])
def test_processes_together_see_what_one_with_the_larger_batch_sees(
    games_store: Path, world: int
) -> None:
    alone = loader_of(games_store, 16 * world)
    shares = [loader_of(games_store, 16, rank=rank, world=world) for rank in range(world)]
    assert {len(share) for share in shares} == {len(alone)}
    for _ in range(2):  # over the end of an epoch
        for whole, *parts in zip(alone, *shares, strict=True):
            for column, pieces in zip(whole, zip(*parts, strict=True), strict=True):
                assert torch.equal(column, torch.cat(pieces))


def test_a_run_goes_on_with_other_batches_and_processes(games_store: Path) -> None:
    before = loader_of(games_store, 32)
    first = next(iter(before))
    assert before.state_dict() == {"samples": 32}
    shares = [loader_of(games_store, 8, rank=rank, world=2) for rank in range(2)]
    for share in shares:
        share.load_state_dict(before.state_dict())
    later = places(*(next(iter(share)) for share in shares))
    whole = places(next(iter(loader_of(games_store, 48))))
    assert places(first) + later == whole


def test_a_state_of_an_earlier_version_is_understood(games_store: Path) -> None:
    positions = sum(len(batch.planes) for batch in loader_of(games_store, repeat=True))
    old = loader_of(games_store, world=2)
    old.load_state_dict({"epoch": 1, "batch": 3})
    assert old.state_dict() == {"samples": positions + 3 * 2 * 64}


@pytest.mark.parametrize("world", [1, 2, 3])
@pytest.mark.parametrize("batch_size", [7, 64, 5000])
def test_measuring_goes_through_the_split_once(
    games_store: Path, world: int, batch_size: int
) -> None:
    shares = [
        list(loader_of(games_store, batch_size, rank=rank, world=world, repeat=True))
        for rank in range(world)
    ]
    assert len({len(share) for share in shares}) == 1
    sizes = [[len(batch.planes) for batch in step] for step in zip(*shares, strict=True)]
    assert all(size == [batch_size] * world for size in sizes[:-1])
    assert max(sizes[-1]) - min(sizes[-1]) <= 1
    seen = places(*(batch for share in shares for batch in share))
    assert len(set(seen)) == len(seen)
    assert set(seen) == set(epochs_of(loader_of(games_store), len(seen)))


def test_no_process_waits_for_one_without_a_batch(games_store: Path) -> None:
    whole = [batch for batch in loader_of(games_store, repeat=True)]
    positions = sum(len(batch.planes) for batch in whole)
    world = 4
    size = (positions - 1) // world  # leaves 1 to 4 positions for the last step
    shares = [
        list(loader_of(games_store, size, rank=rank, world=world, repeat=True))
        for rank in range(world)
    ]
    assert [len(share) for share in shares] == [2] * world
    assert all(len(share[-1].planes) == 1 for share in shares)
    seen = places(*(batch for share in shares for batch in share))
    assert set(seen) == set(places(*whole))


def test_an_error_in_the_thread_reaches_the_reader() -> None:
    def failing() -> Iterator[TrainBatch]:
        yield BLANK
        raise OSError("disk gone")

    batches = read_ahead(failing(), 2)
    next(batches)
    with pytest.raises(OSError, match="disk gone"):
        next(batches)


def test_leaving_early_ends_the_thread() -> None:
    def endless() -> Iterator[TrainBatch]:
        while True:
            yield BLANK

    before = threading.active_count()
    batches = read_ahead(endless(), 1)
    next(batches)
    assert threading.active_count() == before + 1
    time.sleep(0.05)  # let it wait for room
    batches.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_the_time_spent_waiting_for_batches_is_added_up(games_store: Path) -> None:
    loader = loader_of(games_store, ahead=0)
    started_s = time.perf_counter()
    batches = iter(loader)
    next(batches)
    first_s = loader.waited_s
    assert 0 < first_s <= time.perf_counter() - started_s
    time.sleep(0.05)  # the reader's own time does not count
    started_s = time.perf_counter()
    next(batches)
    assert first_s < loader.waited_s <= first_s + time.perf_counter() - started_s
