"""Several stores as one stream: shares, order, duplicates, numbers of games."""

from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lzp.data import (
    Batch,
    GameFilter,
    GameStore,
    PositionSampler,
    SamplerParams,
    StoreError,
    StoreMixture,
)
from lzp.data.mixture import epoch_size, share_out
from tests.data.makers import mirrored, random_game, random_records, sgf_of, store_of
from tests.data.test_policies import dense, random_policies, row_of, store_of_rows

EVERYTHING = GameFilter(val_fraction=0.0, test_fraction=0.0)


def stores_of(folder: Path, *lists: list[str]) -> list[GameStore]:
    stores = []
    for number, records in enumerate(lists):
        (folder / str(number)).mkdir()
        stores.append(store_of(folder / str(number), records))
    return stores


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> list[GameStore]:
    """Three stores of 6, 3 and 10 games."""
    folder = tmp_path_factory.mktemp("mixture")
    return stores_of(folder, *(random_records(n, seed=n, plies=20) for n in (6, 3, 10)))


def places(batch: Batch) -> list[tuple[int, int]]:
    return list(zip(batch.game.tolist(), batch.ply.tolist(), strict=True))


def owners(stores: list[GameStore], batch: Batch) -> list[int]:
    """Which store each sample is from, by counting through the stores' games."""
    of_game = [index for index, store in enumerate(stores) for _ in range(store.games)]
    return [of_game[game] for game in batch.game.tolist()]


WEIGHTS = st.lists(st.integers(1, 1000), min_size=1, max_size=5)


@given(WEIGHTS, st.integers(0, 10**9), st.integers(1, 300), st.integers(0, 300))
def test_places_are_dealt_out_once_and_evenly(
    weights: list[int], first: int, count: int, cut: int
) -> None:
    shares = list(share_out(first, count, weights))
    assert sorted(np.concatenate([share.rows for share in shares])) == list(range(count))
    for share, weight in zip(shares, weights, strict=True):
        fair = Fraction(first * weight, sum(weights))
        assert abs(share.first - fair) <= len(weights)
        assert abs(len(share.rows) - Fraction(count * weight, sum(weights))) <= len(weights)
    # Asked for in two parts, each store goes on where it stopped.
    cut = min(cut, count)
    later = list(share_out(first + cut, count - cut, weights))
    for share, rest in zip(shares, later, strict=True):
        before = int(np.count_nonzero(share.rows < cut))
        assert rest.first == share.first + before
        assert (rest.rows + cut).tolist() == share.rows[before:].tolist()


@given(WEIGHTS, st.data())
def test_an_epoch_ends_where_a_store_would_begin_again(
    weights: list[int], data: st.DataObject
) -> None:
    sizes = [data.draw(st.integers(1, 500)) for _ in weights]
    size = epoch_size(sizes, weights)
    had = [len(share.rows) for share in share_out(0, size, weights)]
    assert all(count <= own for count, own in zip(had, sizes, strict=True))
    assert any(count + len(weights) + 1 > own for count, own in zip(had, sizes, strict=True))
    assert epoch_size(sizes, sizes) == sum(sizes)


def test_stores_without_weights_are_one_large_store(stores: list[GameStore]) -> None:
    sampler = PositionSampler(StoreMixture(stores), "train", SamplerParams(seed=2), EVERYTHING)
    assert sampler.positions == sum(store.positions for store in stores)
    assert sampler.games.tolist() == list(range(19))
    for epoch in range(2):
        seen = Counter(places(sampler.samples(epoch * sampler.positions, sampler.positions)))
        assert set(seen.values()) == {1}
        assert len(seen) == sampler.positions


def test_weights_are_shares_of_the_samples(stores: list[GameStore]) -> None:
    sampler = PositionSampler(StoreMixture(stores, [2, 1, 3]), "train", None, EVERYTHING)
    for first in (0, 600, 6 * 10**9):
        assert Counter(owners(stores, sampler.samples(first, 60))) == {0: 20, 1: 10, 2: 30}


def test_a_store_is_gone_through_before_it_begins_again(stores: list[GameStore]) -> None:
    mixture = StoreMixture(stores, [1, 5, 0.5])
    sampler = PositionSampler(mixture, "train", SamplerParams(seed=1), EVERYTHING)
    batch = sampler.samples(0, 4 * stores[1].positions)
    whose = np.array(owners(stores, batch))
    for index, store in enumerate(stores):
        alone = PositionSampler(store, "train", SamplerParams(seed=1), EVERYTHING)
        rows = np.flatnonzero(whose == index)
        own = alone.samples(0, len(rows))  # the very same samples in the same order
        assert np.array_equal(batch.planes[rows], own.planes)
        assert np.array_equal(batch.policy_target[rows], own.policy_target)
        assert np.array_equal(batch.game[rows] - mixture.first_games[index], own.game)
    small = [place for place, index in zip(places(batch), whose, strict=True) if index == 1]
    assert len(small) > 3 * stores[1].positions
    assert len(set(small[: stores[1].positions])) == stores[1].positions
    # An epoch is what is seen before the first store begins again.
    assert set(Counter(places(sampler.samples(0, sampler.positions))).values()) == {1}
    assert set(Counter(places(sampler.samples(0, sampler.positions + 3))).values()) == {1, 2}


@pytest.mark.parametrize("weights", [None, [1.0, 0.3, 0.7]])
def test_a_mixture_goes_on_from_a_number(
    stores: list[GameStore], weights: list[float] | None
) -> None:
    sampler = PositionSampler(StoreMixture(stores, weights), "train", None, EVERYTHING)
    whole = sampler.samples(500, 300)
    start = 500
    for size in (1, 7, 92, 200):
        part = sampler.samples(start, size)
        assert places(part) == places(whole)[start - 500 : start - 500 + size]
        assert np.array_equal(part.planes, whole.planes[start - 500 : start - 500 + size])
        start += size


def test_games_of_several_stores_count_once(tmp_path: Path) -> None:
    own, shared = random_records(4, seed=1, plies=20), random_records(3, seed=2, plies=20)
    copies = [mirrored(record) for record in shared]
    first, second = stores_of(tmp_path, own + shared, [*copies, *random_records(2, seed=3)])
    assert second.games == 5
    sampler = PositionSampler(StoreMixture([first, second]), "train", None, EVERYTHING)
    assert sampler.games.tolist() == [*range(7), 10, 11]
    # What the filter leaves out of the first store may come from the second.
    third = store_of(tmp_path, [copies[0].replace("SZ[9]", "SZ[9]BR[9d]WR[9d]"), *own])
    strong = GameFilter(min_rank="9d", val_fraction=0.0, test_fraction=0.0)
    with pytest.raises(StoreError, match="0 with both ranks from 9d"):
        PositionSampler(StoreMixture([first, third]), "train", None, strong)
    mixture = StoreMixture([third, first])
    assert PositionSampler(mixture, "train", None, EVERYTHING).games.tolist() == [
        0,
        1,
        2,
        3,
        4,
        10,
        11,
    ]
    with pytest.raises(StoreError, match=r"7 with a winner.* 0 in none of the stores named before"):
        PositionSampler(StoreMixture([first, first]), "train", None, EVERYTHING)


def test_a_game_is_located_by_its_number(stores: list[GameStore]) -> None:
    mixture = StoreMixture(stores)
    assert mixture.locate(0) == (stores[0], 0)
    assert mixture.locate(6) == (stores[1], 0)
    assert mixture.locate(18) == (stores[2], 9)
    with pytest.raises(IndexError):
        mixture.locate(19)


def test_stores_with_and_without_search_policies_mix(
    stores: list[GameStore], tmp_path: Path
) -> None:
    game = random_game(3, plies=12)
    policies = random_policies(game, 1)
    searched = store_of_rows(tmp_path / "searched", [row_of(game, policies)])
    params = SamplerParams(symmetries=False)
    sampler = PositionSampler(StoreMixture([stores[0], searched]), "train", params, EVERYTHING)
    batch = sampler.samples(0, sampler.positions)
    for row, (number, ply) in enumerate(places(batch)):
        searched_here = policies[ply] if number == stores[0].games else {}
        target = dense(searched_here, int(batch.policy_target[row]))
        assert np.array_equal(batch.policy[row], target)


def test_a_small_store_may_have_no_validation_games(tmp_path: Path) -> None:
    large, small = stores_of(tmp_path, random_records(60, plies=5), random_records(1, seed=7))
    chosen = GameFilter(val_fraction=0.2, test_fraction=0.2)
    split = next(s for s in ("val", "test") if split_is_empty(small, s, chosen))
    with_small = PositionSampler(StoreMixture([small, large], [1, 9]), split, None, chosen)
    alone = PositionSampler(large, split, None, chosen)
    assert with_small.games.tolist() == (alone.games + 1).tolist()
    assert with_small.positions == alone.positions
    with pytest.raises(StoreError, match=f"no games in the {split} split"):
        PositionSampler(StoreMixture([small]), split, None, chosen)


def split_is_empty(store: GameStore, split: str, chosen: GameFilter) -> bool:
    try:
        PositionSampler(store, split, None, chosen)
    except StoreError:
        return True
    return False


def test_wrong_mixtures_are_named(stores: list[GameStore], tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"games.lzps: its weight must be from 0.000001 to 1000000, got -1"
    ):
        StoreMixture(stores, [1, -1, 2])
    with pytest.raises(ValueError, match="no store"):
        StoreMixture([])
    other = store_of(tmp_path, [sgf_of(random_game(1, 13))], sides=(13,))
    with pytest.raises(StoreError, match=r"boards of sides \[9, 13\]: choose one"):
        PositionSampler(StoreMixture([*stores, other]), "train", None, EVERYTHING)
