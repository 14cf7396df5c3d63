"""The sampler against a slow twin, and its order: complete, repeatable, divisible."""

from collections import Counter
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
    owners,
)
from lzp.data.game_filter import split_of
from lzp.data.mixing_kernels import mix, mix_pair, permute
from lzp.data.sampler_kernels import OWNERSHIP_PLAYOUTS
from lzp.go import BLACK
from tests.data.makers import random_game, random_records, sgf_of, store_of, write_records
from tests.naive import NaiveGo

EVERYTHING = GameFilter(val_fraction=0.0, test_fraction=0.0)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> GameStore:
    games = [random_game(seed, 9, plies=70, handicap=[0, 2][seed % 3 == 0]) for seed in range(16)]
    records = [sgf_of(game, ["B+R", "W+R"][index % 2]) for index, game in enumerate(games)]
    # Free handicap: two moves of one color in a row, then White.
    records.append("(;SZ[9]RE[W+1]HA[2];B[cc];B[gg];W[ee];B[];W[ed];B[df];W[fd])")
    return store_of(tmp_path_factory.mktemp("sampler"), records, shard_moves=300)


def naive_sample(store: GameStore, game: int, ply: int) -> tuple[np.ndarray, int, float]:
    """Planes [18, S, S], move and value without any kernel, symmetry 0."""
    board = NaiveGo(9)
    board.stones = {move: color for color, move in store.setup(game)}
    boards = [dict(board.stones)]
    for color, move in store.moves(game)[:ply]:
        if move < 81:
            board.stones = board.result(move, color)[0]
        boards.append(dict(board.stones))
    color, target = store.moves(game)[ply]
    planes = np.zeros((18, 81), np.uint8)
    for ago, stones in enumerate(boards[::-1][:8]):
        for move, stone in stones.items():
            planes[ago + (0 if stone == color else 8), move] = 1
    planes[16 if color == BLACK else 17] = 1
    result = int(store.numbers("result")[game])
    return planes.reshape(18, 9, 9), target, float(result if color == BLACK else -result)


def naive_reply(store: GameStore, game: int, ply: int) -> int | None:
    """The move after the target, symmetry 0; None after the last."""
    later = store.moves(game)[ply + 1 :]
    return later[0][1] if later else None


def turned(planes: np.ndarray, target: int, symmetry: int) -> tuple[np.ndarray, int]:
    """A sample seen under a symmetry: out[y, x] = in[T(x, y)], axes are (plane, y, x)."""
    image = np.full((9, 9), -1)
    marks = np.arange(81).reshape(9, 9)
    for y in range(9):
        for x in range(9):
            to_x, to_y = (y, x) if symmetry & 4 else (x, y)
            to_x = 8 - to_x if symmetry & 2 else to_x
            to_y = 8 - to_y if symmetry & 1 else to_y
            image[y, x] = marks[to_y, to_x]
    turned_target = target if target == 81 else int(np.flatnonzero(image == target)[0])
    return planes.reshape(-1, 81)[:, image], turned_target


def epoch_of(sampler: PositionSampler, epoch: int = 0) -> Batch:
    return joined(list(sampler.batches(epoch)))


def joined(parts: list[Batch]) -> Batch:
    return Batch(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def same(first: Batch, second: Batch) -> bool:
    columns: zip[tuple[np.ndarray, np.ndarray]] = zip(first, second, strict=True)
    return all(np.array_equal(a, b) for a, b in columns)


def test_every_position_under_symmetry_0_equals_the_twin(store: GameStore) -> None:
    params = SamplerParams(batch_size=64, symmetries=False)
    batch = epoch_of(PositionSampler(store, "train", params, EVERYTHING))
    assert len(batch.ply) == store.positions
    for row in range(len(batch.ply)):
        planes, move, value = naive_sample(store, int(batch.game[row]), int(batch.ply[row]))
        assert np.array_equal(batch.planes[row], planes)
        assert (batch.policy_target[row], batch.value_target[row]) == (move, value)
        reply = naive_reply(store, int(batch.game[row]), int(batch.ply[row]))
        assert batch.reply_known[row] == (reply is not None)
        assert batch.reply_target[row] == (81 if reply is None else reply)


def test_every_symmetry_equals_the_twin(store: GameStore) -> None:
    sampler = PositionSampler(store, "train", SamplerParams(batch_size=200, seed=3), EVERYTHING)
    batch = sampler.batch(1, 0)
    seen = set()
    for row in range(200):
        planes, move, value = naive_sample(store, int(batch.game[row]), int(batch.ply[row]))
        fits = [
            symmetry
            for symmetry in range(8)
            if np.array_equal(batch.planes[row], turned(planes, move, symmetry)[0])
            and batch.policy_target[row] == turned(planes, move, symmetry)[1]
        ]
        assert fits, f"row {row} is no picture of its position"
        reply = naive_reply(store, int(batch.game[row]), int(batch.ply[row]))
        replies = {turned(planes, 81 if reply is None else reply, fit)[1] for fit in fits}
        assert batch.reply_target[row] in replies
        assert batch.value_target[row] == value
        seen.update(fits if len(fits) == 1 else [])
    assert seen == set(range(8))


def ownership_of(store: GameStore, symmetries: bool, size: int = 64) -> Batch:
    params = SamplerParams(batch_size=size, symmetries=symmetries, seed=3, ownership=True)
    return epoch_of(PositionSampler(store, "train", params, EVERYTHING))


@pytest.mark.compiled
def test_ownership_is_asked_for_and_changes_nothing_else(store: GameStore) -> None:
    plain = PositionSampler(store, "train", SamplerParams(batch_size=64, seed=3), EVERYTHING)
    params = SamplerParams(batch_size=64, seed=3, ownership=True)
    batch = PositionSampler(store, "train", params, EVERYTHING).batch(0, 1)
    assert plain.batch(0, 1).ownership.shape == (64, 0)
    assert batch.ownership.shape == (64, 81)
    same = plain.batch(0, 1)
    assert np.array_equal(batch.planes, same.planes)
    assert np.array_equal(batch.policy_target, same.policy_target)
    assert np.array_equal(batch.value_target, same.value_target)
    assert places(batch) == places(same)


@pytest.mark.compiled
def test_ownership_turns_with_the_planes_and_changes_sides_with_the_turn(store: GameStore) -> None:
    straight, mixed = ownership_of(store, False), ownership_of(store, True)
    by_game: dict[int, np.ndarray] = {}
    for row, (game, _ply) in enumerate(places(straight)):
        mine = 1 if straight.planes[row, 16, 0, 0] else -1
        final = by_game.setdefault(game, straight.ownership[row] * mine)
        assert np.array_equal(straight.ownership[row], final * mine)
    rows = {place: row for row, place in enumerate(places(straight))}
    for row, place in enumerate(places(mixed)):
        original = rows[place]
        move = int(straight.policy_target[original])
        assert any(
            np.array_equal(mixed.planes[row], planes) and np.array_equal(mixed.ownership[row], own)
            for planes, own in (
                (
                    turned(straight.planes[original], move, symmetry)[0],
                    turned(straight.ownership[original], move, symmetry)[0].ravel(),
                )
                for symmetry in range(8)
            )
        )


def test_a_dead_stone_belongs_to_those_around_it(tmp_path: Path) -> None:
    # Black's wall on column C and White's on G; a White stone has no room in Black's corner.
    walls = "".join(f"AB[c{y}]AW[g{y}]" for y in "abcdefghi")
    record = f"(;SZ[9]RE[B+1]AW[bb]{walls};B[aa];W[ib])"
    batch = ownership_of(store_of(tmp_path, [record], exclude=frozenset()), False, size=1)
    black = batch.ownership[0].reshape(9, 9) * (1 if batch.planes[0, 16, 0, 0] else -1)
    assert (black[:, :3] == 1).all()  # rows from the bottom up, columns A to C
    assert (black[:, 6:] == -1).all()


@pytest.mark.compiled
@pytest.mark.parametrize("side", [9, 10])  # 81 points leave one in the last byte, 100 none
def test_stored_ownership_is_what_the_sampler_would_find(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, side: int
) -> None:
    monkeypatch.setattr(owners, "STORED_PLAYOUTS", OWNERSHIP_PLAYOUTS)
    records = random_records(6, side)
    found, kept = tmp_path / "found", tmp_path / "kept"
    for folder in (found, kept):
        folder.mkdir()
    plain = store_of(found, records, sides=(side,))
    stored = store_of(kept, records, sides=(side,), ownership=True, shard_moves=60)
    assert len(stored.shards) > 1
    for symmetries in (False, True):
        expected, batch = (ownership_of(store, symmetries) for store in (plain, stored))
        assert same(expected, batch)
        assert {-1, 1} <= set(batch.ownership.ravel().tolist())


@pytest.mark.compiled
def test_stored_ownership_has_two_bits_a_point(tmp_path: Path) -> None:
    walls = "".join(f"AB[c{y}]AW[g{y}]" for y in "abcdefghi")
    record = f"(;SZ[9]RE[B+1]AW[bb]{walls};B[aa];W[ib])"
    store = store_of(tmp_path, [record], exclude=frozenset(), ownership=True)
    values, starts = store.shards[0].optional["ownership"]
    assert starts.tolist() == [0, 21]
    bits = np.unpackbits(values, bitorder="little").reshape(-1, 2)
    owners = (bits[:, 0] + 2 * bits[:, 1])[:81].reshape(9, 9)
    assert (owners[:, :3] == 1).all()
    assert (owners[:, 6:] == 2).all()
    batch = ownership_of(store, False, size=1)
    black = batch.ownership[0].reshape(9, 9) * (1 if batch.planes[0, 16, 0, 0] else -1)
    assert np.array_equal(black, np.choose(owners, [0, 1, -1]))


def places(batch: Batch) -> list[tuple[int, int]]:
    return list(zip(batch.game.tolist(), batch.ply.tolist(), strict=True))


def test_an_epoch_has_every_position_once(store: GameStore) -> None:
    params = SamplerParams(batch_size=50)
    sampler = PositionSampler(store, "train", params, EVERYTHING)
    everything = Counter(places(epoch_of(sampler)))
    assert set(everything.values()) == {1}
    assert len(everything) == sampler.positions == store.positions
    lengths = store.lengths
    assert all(ply < lengths[game] for game, ply in everything)


@pytest.mark.compiled
def test_the_order_follows_from_seed_and_epoch(store: GameStore) -> None:
    orders = {}
    for seed in (1, 2):
        for epoch in (0, 1):
            params = SamplerParams(batch_size=50, seed=seed)
            batch = epoch_of(PositionSampler(store, "train", params, EVERYTHING), epoch)
            again = epoch_of(PositionSampler(store, "train", params, EVERYTHING), epoch)
            assert [bytes(column) for column in batch] == [bytes(column) for column in again]
            orders[seed, epoch] = tuple(places(batch))
    assert len(set(orders.values())) == 4


@pytest.mark.parametrize("per_game", [pytest.param(None, marks=pytest.mark.compiled), 3])
def test_the_stream_is_one_epoch_after_another(store: GameStore, per_game: int | None) -> None:
    params = SamplerParams(batch_size=50, seed=4, per_game=per_game)
    sampler = PositionSampler(store, "train", params, EVERYTHING)
    epochs = [epoch_of(sampler, epoch) for epoch in range(3)]
    whole = sampler.samples(0, 3 * sampler.positions)
    assert same(whole, joined(epochs))
    start, count = sampler.positions - 7, sampler.positions + 20  # over two ends of epochs
    part = Batch._make(column[start : start + count] for column in whole)
    assert same(sampler.samples(start, count), part)


def test_a_batch_larger_than_the_split_goes_on_with_further_epochs(tmp_path: Path) -> None:
    store = store_of(tmp_path, random_records(1, plies=5))
    sampler = PositionSampler(store, "train", SamplerParams(batch_size=64), EVERYTHING)
    seen = Counter(places(sampler.samples(0, 10 * store.positions)))
    assert len(seen) == store.positions
    assert set(seen.values()) == {10}
    assert len(sampler) == 1
    assert len(sampler.batch(0, 0).ply) == store.positions


def test_positions_by_game(store: GameStore) -> None:
    params = SamplerParams(batch_size=16, per_game=4)
    sampler = PositionSampler(store, "train", params, EVERYTHING)
    first, second = (places(epoch_of(sampler, epoch)) for epoch in (0, 1))
    assert sampler.positions == len(first) == 4 * store.games
    for game, length in enumerate(store.lengths.tolist()):
        plies = sorted(ply for owner, ply in first if owner == game)
        # One from each quarter of the game.
        quarters = [(length * k // 4, -(-length * (k + 1) // 4)) for k in range(4)]
        assert all(low <= ply < high for ply, (low, high) in zip(plies, quarters, strict=True))
    assert Counter(first) != Counter(second)


def test_filters(store: GameStore, tmp_path: Path) -> None:
    def games(**changes: object) -> set[int]:
        chosen = GameFilter(val_fraction=0.0, test_fraction=0.0, **changes)  # type: ignore[arg-type]
        return set(PositionSampler(store, "train", None, chosen).games.tolist())

    handicaps = store.numbers("handicap")
    assert games(even_only=True) == set(np.flatnonzero(handicaps == 0).tolist())
    assert 0 < len(games(even_only=True)) < len(games()) == store.games
    record = sgf_of(random_game(1), "B+R", BR="5d", WR="6d")
    ranked = store_of(tmp_path, [record, sgf_of(random_game(2), "B+R", BR="6d", WR="6d")])
    chosen = GameFilter(min_rank=6, val_fraction=0.0, test_fraction=0.0)
    assert PositionSampler(ranked, "train", None, chosen).games.tolist() == [1]


def test_undecided_games_are_left_out_unless_wanted(tmp_path: Path) -> None:
    records = [sgf_of(random_game(1), "Jigo"), sgf_of(random_game(2), "B+R")]
    drawn = store_of(tmp_path, records, exclude=frozenset({"duplicate"}))
    assert PositionSampler(drawn, "train", None, EVERYTHING).games.tolist() == [1]
    chosen = GameFilter(undecided=True, val_fraction=0.0, test_fraction=0.0)
    sampler = PositionSampler(drawn, "train", SamplerParams(batch_size=8), chosen)
    batch = epoch_of(sampler)
    assert set(batch.value_target[batch.game == 0].tolist()) == {0.0}


@pytest.mark.compiled
def test_splits_are_disjoint_and_follow_the_game(tmp_path: Path) -> None:
    store = store_of(tmp_path, random_records(300, plies=12))
    thirds = GameFilter(val_fraction=0.3, test_fraction=0.3)
    splits = [
        set(PositionSampler(store, split, SamplerParams(batch_size=1), thirds).games.tolist())
        for split in ("train", "val", "test")
    ]
    assert set.union(*splits) == set(range(store.games))
    assert sum(map(len, splits)) == store.games
    assert all(60 < len(split) < 160 for split in splits)
    hashes = store.numbers("hash")
    assert np.array_equal(split_of(hashes, thirds), split_of(hashes.copy(), thirds))


def test_bad_requests(store: GameStore, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such split: dev"):
        PositionSampler(store, "dev")
    with pytest.raises(StoreError, match="no games in the test split"):
        PositionSampler(store, "test", None, EVERYTHING)
    with pytest.raises(ValueError, match="batch_size"):
        SamplerParams(batch_size=0)
    with pytest.raises(ValueError, match="per_game"):
        SamplerParams(per_game=0)
    with pytest.raises(ValueError, match="fraction"):
        GameFilter(val_fraction=0.9, test_fraction=0.2)
    sampler = PositionSampler(store, "train", None, EVERYTHING)
    with pytest.raises(IndexError):
        sampler.batch(0, len(sampler))
    records = [*random_records(2), sgf_of(random_game(5, 13))]
    mixed = store_of(tmp_path, records, sides=(9, 13))
    with pytest.raises(StoreError, match=r"boards of sides \[9, 13\]: choose one"):
        PositionSampler(mixed)
    chosen = GameFilter(side=13, val_fraction=0.0, test_fraction=0.0)
    batch = PositionSampler(mixed, "train", SamplerParams(batch_size=4), chosen).batch(0, 0)
    assert batch.planes.shape == (4, 18, 13, 13)


def test_damaged_moves_are_named_not_played(tmp_path: Path) -> None:
    store = store_of(tmp_path, random_records(1))
    path = store.path / "games-00000.arrow"
    first = store.shards[0].moves[:3].tobytes()
    content = path.read_bytes()
    assert content.count(first) == 1
    for bad in (b"\xff\x7f", first[2:4]):  # off the board, and a point that is taken
        path.write_bytes(content.replace(first, first[:4] + bad))
        damaged = GameStore.open(store.path)
        with pytest.raises(StoreError, match="game 0 is damaged"):
            epoch_of(PositionSampler(damaged, "train", SamplerParams(batch_size=4), EVERYTHING))


@given(st.integers(1, 3000), st.integers(0, 2**64 - 1))
def test_permutations_are_permutations(count: int, key: int) -> None:
    sample = range(count) if count < 200 else range(0, count, count // 100)
    images = [int(permute(index, count, np.uint64(key))) for index in sample]
    assert len(set(images)) == len(images)
    assert all(0 <= image < count for image in images)


def test_permutations_look_random() -> None:
    count = 4096
    images = np.array([permute(index, count, np.uint64(7)) for index in range(count)])
    assert abs(np.corrcoef(images, np.arange(count))[0, 1]) < 0.06
    # Neighbors land as far apart as independent numbers do: a third of the range.
    assert abs(np.mean(np.abs(np.diff(images))) / count - 1 / 3) < 0.02


def test_mixing_changes_half_of_the_bits() -> None:
    rng = np.random.default_rng(5)
    values = rng.integers(0, 2**64, 40, np.uint64)
    flips = np.zeros(64)
    for value in values:
        for bit in range(64):
            change = int(mix(value)) ^ int(mix(value ^ np.uint64(1 << bit)))
            flips[bit] += change.bit_count()
    assert np.all(np.abs(flips / len(values) - 32) < 6)
    assert len({int(mix_pair(np.uint64(1), np.uint64(i))) for i in range(5000)}) == 5000


@pytest.mark.bench
def test_samples_a_second(tmp_path: Path) -> None:
    import time

    records = [sgf_of(random_game(seed, 19, plies=240, pass_rate=0.0)) for seed in range(50)]
    write_records(tmp_path / "games.sgf", records)
    store = store_of(tmp_path, records, sides=(19,))
    sampler = PositionSampler(store, "train", None, EVERYTHING)
    sampler.batch(0, 0)
    started = time.process_time()
    for number in range(40):
        sampler.batch(0, number)
    rate = 40 * 256 / (time.process_time() - started)
    print(f"{rate:,.0f} samples/s")
    assert rate > 20_000
