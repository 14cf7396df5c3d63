"""Stores that cannot be used are refused in one line that says why."""

import json
from pathlib import Path

import pytest

from lzp.data import GameStore, StoreError
from lzp.data.summary import summarize, summary_lines, verify
from tests.data.makers import random_records, store_of

pytestmark = pytest.mark.compiled


@pytest.fixture
def store(tmp_path: Path) -> GameStore:
    return store_of(tmp_path, random_records(12), shard_moves=100)


def edit(store: GameStore, **changes: object) -> None:
    path = store.path / "store.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def refused(path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        GameStore.open(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_no_store(tmp_path: Path) -> None:
    assert refused(tmp_path / "none").endswith("none: no such game store")
    assert "store.json is missing" in refused(tmp_path)


def test_other_versions(store: GameStore) -> None:
    edit(store, version=99)
    assert "a store of version 99, this program reads 2" in refused(store.path)


def test_stores_of_version_1_had_no_optional_columns(store: GameStore) -> None:
    edit(store, version=1)
    older = GameStore.open(store.path)
    assert "ownership" not in older.shards[0].table.schema.names
    assert [older.moves(game) for game in range(12)] == [store.moves(game) for game in range(12)]


def test_damaged_descriptions(store: GameStore) -> None:
    edit(store, format="photos")
    assert "not the description of a game store" in refused(store.path)
    edit(store, format="lzp game store", shards=[{"file": "games-00000.arrow"}])
    assert "damaged: KeyError" in refused(store.path)
    edit(store, report={"games": "many"}, shards=[])
    assert "damaged: TypeError" in refused(store.path)
    (store.path / "store.json").write_text("{")
    assert "cannot be read" in refused(store.path)


def test_shards_elsewhere(store: GameStore) -> None:
    edit(store, shards=[{"file": "../../passwords", "bytes": 1}])
    assert "names a file elsewhere" in refused(store.path)


def test_cut_off_shards(store: GameStore) -> None:
    path = store.path / "games-00001.arrow"
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    assert "games-00001.arrow: cut off or changed" in refused(store.path)
    path.unlink()
    assert "games-00001.arrow: missing" in refused(store.path)


@pytest.mark.parametrize("where", ["at the end", "everywhere"])
def test_noise_in_a_shard(store: GameStore, where: str) -> None:
    path = store.path / "games-00000.arrow"
    content = bytearray(path.read_bytes())
    for index in range(len(content) - 200 if where == "at the end" else 0, len(content)):
        content[index] = 0xA5
    path.write_bytes(content)
    assert "games-00000.arrow" in refused(store.path)


def test_games_are_found_through_all_shards(store: GameStore) -> None:
    assert len(store.shards) > 2
    assert sum(len(shard) for shard in store.shards) == store.games == 12
    for game in (-1, 12):
        with pytest.raises(IndexError):
            store.moves(game)


def test_verify_finds_a_changed_move(store: GameStore) -> None:
    assert list(verify(store)) == []
    path = store.path / "games-00001.arrow"
    content = path.read_bytes()
    first = store.shards[1].moves[:8].tobytes()
    assert content.count(first) == 1
    changed = bytearray(first)
    changed[2] ^= 1
    path.write_bytes(content.replace(first, bytes(changed)))
    complaints = list(verify(GameStore.open(store.path)))
    assert len(complaints) == 1
    assert complaints[0].startswith(f"game {store.first_games[1]}: ")


def test_summary(store: GameStore) -> None:
    summary = summarize(store)
    assert summary["games"] == 12
    assert summary["result"] == {"White won": 6, "Black won": 6}
    assert summary["ending"] == {"score": 6, "resign": 6}
    assert summary["komi"] == {"6.5": 12}
    assert sum(summary["split"].values()) == 12
    text = "\n".join(summary_lines(summary))
    assert "9x9 12" in text
    assert "Black won 6" in text


def test_empty_stores_open(tmp_path: Path) -> None:
    store = store_of(tmp_path, ["(;SZ[9])"])
    assert (store.games, store.positions) == (0, 0)
    assert summarize(store)["games"] == 0
