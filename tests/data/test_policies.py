"""Search policies and context plies in a store, and what the sampler makes of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lzp.data import (
    Batch,
    ConversionReport,
    ConvertOptions,
    GameFilter,
    GameStore,
    PositionSampler,
    SamplerParams,
    StoreError,
)
from lzp.data.coding import encode_moves
from lzp.data.columns import NO_RANK, GameRow, block_of_rows, join_blocks
from lzp.data.store import StoreWriter
from lzp.features import symmetry_tables
from lzp.go import Game
from tests.data.makers import random_game

EVERYTHING = GameFilter(val_fraction=0.0, test_fraction=0.0)
SIDE, PASS = 9, 81
Policies = list[dict[int, float]]


def row_of(game: Game, policies: Policies | None = None, context: int = 0) -> GameRow:
    """A row of a game; an empty policy stands for the move played."""
    moves = list(game.moves)
    lists: dict[str, Any] = {"moves": encode_moves(moves), "setup": encode_moves([])}
    if policies is not None:
        entries = [entry for policy in policies for entry in policy.items()]
        lists["policy_counts"] = [len(policy) for policy in policies]
        lists["policy_moves"] = [move for move, _ in entries]
        lists["policy_weights"] = [weight for _, weight in entries]
    values = {
        "side": SIDE, "komi": 7.5, "handicap": 0, "first_player": 1, "result": 1, "ending": 0,
        "margin": np.nan, "black_rank": NO_RANK, "white_rank": NO_RANK, "date": 0,
        "hash": len(moves), "rules": "", "source": "here", "context": context,
    }  # fmt: skip
    return GameRow(lists, values)


def store_of_rows(path: Path, rows: list[GameRow], **options: Any) -> GameStore:
    block = join_blocks([block_of_rows([row]) for row in rows])
    report = ConversionReport(games_stored=len(block), positions_stored=block.positions)
    with StoreWriter(path, ConvertOptions(**options)) as writer:
        writer.add(block)
        writer.finish(report)
    return GameStore.open(path)


def random_policies(game: Game, seed: int) -> Policies:
    """Policies over any moves, the pass too; every third ply has none."""
    rng = np.random.default_rng(seed)
    made: Policies = []
    for ply in range(len(game.moves)):
        moves = rng.choice(PASS + 1, size=0 if ply % 3 == 0 else 1 + ply % 7, replace=False)
        weights = rng.random(len(moves)).astype(np.float32)
        made.append(dict(zip(moves.tolist(), weights.tolist(), strict=True)))
    return made


@pytest.fixture
def games() -> list[Game]:
    return [random_game(seed, SIDE, plies=20 + seed) for seed in range(5)]


@pytest.fixture
def policies(games: list[Game]) -> list[Policies | None]:
    made: list[Policies | None] = [random_policies(game, seed) for seed, game in enumerate(games)]
    made[2] = None
    return made


def samples_of(store: GameStore, **params: Any) -> Batch:
    sampler = PositionSampler(store, "train", SamplerParams(batch_size=16, **params), EVERYTHING)
    parts = list(sampler.batches(0))
    return Batch(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def dense(policy: dict[int, float], played: int) -> np.ndarray:
    target = np.zeros(PASS + 1, np.float32)
    for move, weight in (policy or {played: 1.0}).items():
        target[move] = weight
    return target


@pytest.mark.parametrize("shard_moves", [1 << 20, 60])
def test_policies_come_back_as_they_were(
    tmp_path: Path, games: list[Game], policies: list[Policies | None], shard_moves: int
) -> None:
    rows = [row_of(game, policy) for game, policy in zip(games, policies, strict=True)]
    store = store_of_rows(tmp_path / "store", rows, shard_moves=shard_moves)
    assert (len(store.shards) > 2) == (shard_moves == 60)
    batch = samples_of(store, symmetries=False)
    assert len(batch.ply) == store.positions == sum(len(game.moves) for game in games)
    for row, (game, ply) in enumerate(zip(batch.game, batch.ply, strict=True)):
        of_game = policies[game]
        expected = dense(of_game[ply] if of_game else {}, games[game].moves[ply][1])
        assert np.array_equal(batch.policy[row], expected)
        assert batch.policy_target[row] == games[game].moves[ply][1]


def test_policies_turn_with_the_planes(
    tmp_path: Path, games: list[Game], policies: list[Policies | None]
) -> None:
    rows = [row_of(game, policy) for game, policy in zip(games, policies, strict=True)]
    store = store_of_rows(tmp_path / "store", rows)
    straight, mixed = samples_of(store, symmetries=False), samples_of(store)
    places = {place: row for row, place in enumerate(zip(straight.game, straight.ply, strict=True))}
    tables = np.pad(symmetry_tables(SIDE), ((0, 0), (0, 1)), constant_values=PASS)
    seen = set()
    for row, place in enumerate(zip(mixed.game, mixed.ply, strict=True)):
        original = places[place]
        fits = [
            symmetry
            for symmetry, table in enumerate(tables)
            if np.array_equal(mixed.policy[row], straight.policy[original][table])
            and np.array_equal(
                mixed.planes[row].reshape(18, -1),
                straight.planes[original].reshape(18, -1)[:, table[:-1]],
            )
        ]
        assert fits
        seen.update(fits if len(fits) == 1 else [])
    assert seen == set(range(8))


def test_plain_stores_have_policies_only_if_asked(tmp_path: Path, games: list[Game]) -> None:
    store = store_of_rows(tmp_path / "store", [row_of(game) for game in games])
    assert not store.has_policies
    assert set(store.shards[0].table.schema.names).isdisjoint({"policy_counts", "context"})
    assert samples_of(store).policy.shape == (store.positions, 0)
    batch = samples_of(store, policies=True)
    assert np.array_equal(batch.policy.argmax(1), batch.policy_target)
    assert np.array_equal(batch.policy.sum(1), np.ones(store.positions))


def test_context_is_replayed_but_never_sampled(tmp_path: Path, games: list[Game]) -> None:
    contexts = [0, 7, 3, len(games[3].moves) - 1, len(games[4].moves)]
    rows = [row_of(game, None, context) for game, context in zip(games, contexts, strict=True)]
    store = store_of_rows(tmp_path / "store", rows)
    plain = store_of_rows(tmp_path / "whole", [row_of(game) for game in games])
    batch, whole = samples_of(store, symmetries=False), samples_of(plain, symmetries=False)
    wanted = {
        (game, ply)
        for game, context in enumerate(contexts)
        for ply in range(context, len(games[game].moves))
    }
    found = list(zip(batch.game.tolist(), batch.ply.tolist(), strict=True))
    assert set(found) == wanted
    assert len(found) == len(wanted) == store.positions == int(store.samples.sum())
    rows_of_whole = {
        place: row for row, place in enumerate(zip(whole.game, whole.ply, strict=True))
    }
    for row, place in enumerate(found):
        assert np.array_equal(batch.planes[row], whole.planes[rows_of_whole[place]])


@pytest.mark.parametrize(
    ("name", "change"),
    [("policy_counts", [9999] * 20), ("policy_counts", [0]), ("policy_moves", [400] * 40)],
)
def test_damaged_policies_are_named_not_followed(tmp_path: Path, name: str, change: Any) -> None:
    game = random_game(3, SIDE, plies=20, pass_rate=0.0)
    row = row_of(game, [{1: 0.25, 2: 0.75}] * 20)
    damaged = GameRow({**row.lists, name: np.array(change)}, row.values)
    with pytest.raises(StoreError, match="game 0 is damaged"):
        samples_of(store_of_rows(tmp_path / "store", [damaged]))


def test_columns_that_do_not_fit_each_other_are_refused(tmp_path: Path) -> None:
    game = random_game(3, SIDE, plies=20, pass_rate=0.0)
    row = row_of(game, [{1: 1.0}] * 20)
    short = GameRow({**row.lists, "policy_weights": np.ones(19)}, row.values)
    with pytest.raises(StoreError, match="not as many moves as weights"):
        store_of_rows(tmp_path / "short", [short])
    with pytest.raises(StoreError, match="fewer moves than plies of context"):
        store_of_rows(tmp_path / "context", [row_of(game, None, context=21)])
