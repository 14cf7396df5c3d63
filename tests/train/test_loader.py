import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from lzp.data import GameFilter, GameStore, PositionSampler, SamplerParams
from lzp.train.loader import BatchLoader, ReadPlan, TrainBatch, read_ahead

BLANK = TrainBatch(*[torch.zeros(1)] * len(TrainBatch._fields))


def loader_of(store: Path, *, drop_last: bool = True, **plan: int | bool) -> BatchLoader:
    params = SamplerParams(batch_size=64, seed=3, drop_last=drop_last)
    sampler = PositionSampler(GameStore.open(store), "train", params, GameFilter(val_fraction=0.1))
    return BatchLoader(sampler, ReadPlan(**plan))  # type: ignore[arg-type]


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


def test_ranks_share_an_epoch_without_overlap(games_store: Path) -> None:
    alone = list(loader_of(games_store))
    ranks = [list(loader_of(games_store, rank=rank, world=2)) for rank in range(2)]
    lengths = [len(loader_of(games_store, rank=rank, world=2)) for rank in range(2)]
    assert lengths == [len(batches) for batches in ranks] == [len(alone) // 2] * 2
    for index, batch in enumerate(alone[: 2 * lengths[0]]):
        assert same(batch, ranks[index % 2][index // 2])


def test_length_counts_the_ragged_end(games_store: Path) -> None:
    ragged = loader_of(games_store, drop_last=False)
    batches = list(ragged)
    assert len(ragged) == len(batches) == len(loader_of(games_store)) + 1
    assert len(batches[-1].planes) < 64


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
