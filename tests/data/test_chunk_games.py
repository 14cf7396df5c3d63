"""Chunks converted: games rebuilt from positions, and what damage costs."""

import gzip
import io
import random
import tarfile
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lzp.data import (
    ConversionReport,
    ConvertOptions,
    GameFilter,
    GameStore,
    PositionSampler,
    SamplerParams,
    convert,
)
from lzp.data.chunk_writer import positions_of as stored_positions
from lzp.data.chunk_writer import write_chunks
from lzp.features.leela_chunks import BINARY, TEXT, ChunkPosition
from lzp.go import BLACK, WHITE, Game
from tests.data.chunk_makers import (
    LEELAZ,
    PASS,
    binary_of,
    made_games,
    one_hot,
    parsed_binary,
    positions_of,
    searched_chunks,
    text_of,
    unpacked,
)
from tests.data.makers import random_game, sgf_of

EVERYTHING = GameFilter(val_fraction=0.0, test_fraction=0.0)


def converted(
    tmp_path: Path, content: bytes | list[Path], name: str = "chunk.txt", **options: Any
) -> tuple[GameStore, ConversionReport]:
    """A store of a chunk's bytes, or of files, and the report."""
    if isinstance(content, bytes):
        (tmp_path / name).write_bytes(content)
        content = [tmp_path / name]
    store = tmp_path / f"{name}.lzps"
    report = convert(content, store, ConvertOptions(**options), workers=1)
    assert report.games_found == report.games_stored + sum(report.excluded.values())
    return GameStore.open(store), report


def written(store: GameStore) -> list[bytes]:
    """A store's positions as records of version 1, by the tests' own writer."""
    return [text_of(position) for position in stored_positions(store, np.arange(store.games))]


def searched_records(game: Game, seed: int = 0, winner: int = BLACK) -> list[bytes]:
    return [text_of(position) for position in positions_of(game, winner, seed)]


@pytest.fixture(scope="module")
def games() -> list[Game]:
    return made_games(5, seed=100)


@pytest.mark.compiled
def test_ordered_positions_become_the_games_again(tmp_path: Path, games: list[Game]) -> None:
    records = [record for number, game in enumerate(games) for record in searched_records(game)]
    store, report = converted(tmp_path, b"".join(records))
    assert report.excluded == {}
    assert store.games == len(games)
    assert store.texts("source")[0] == "chunk.txt#1"
    assert store.texts("source")[1] == f"chunk.txt#{len(games[0].moves) + 1}"
    for number, game in enumerate(games):
        assert sorted(store.setup(number)) == sorted(game.setup)
        # The last move of a game is known only as the greatest of its policy.
        assert store.moves(number)[:-1] == game.moves[:-1]
    assert store.numbers("handicap").tolist() == [len(game.setup) for game in games]
    assert not store.context.any()
    assert written(store) == records


@pytest.mark.compiled
def test_binary_chunks_are_the_same_games(tmp_path: Path, games: list[Game]) -> None:
    positions = [position for game in games for position in positions_of(game, WHITE, seed=3)]
    content = b"".join(map(binary_of, positions))
    store, report = converted(tmp_path, content, "train_00000001")
    assert (report.excluded, store.games) == ({}, len(games))
    assert store.numbers("result").tolist() == [-1] * len(games)
    write_chunks(store, tmp_path / "out", BINARY, games_per_file=2)
    files = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in files] == [f"train_0000000{n}.gz" for n in (1, 2, 3)]
    again = unpacked(files)
    assert again == content
    for row in range(0, len(positions), 17):
        bits, policy, turn, won = parsed_binary(again[row * 2176 : (row + 1) * 2176])
        position = positions[row]
        assert bits == position.planes[:16].tobytes()
        assert policy == position.policy.tolist()
        assert (turn, won) == (position.planes[17, 0, 0], position.value == 1)


@pytest.mark.compiled
@pytest.mark.skipif(LEELAZ is None, reason="needs Debian's package leela-zero")
def test_what_leelaz_searched_comes_back_byte_for_byte(tmp_path: Path) -> None:
    files = searched_chunks(tmp_path)
    store, report = converted(tmp_path, files)
    assert report.excluded == {}
    assert store.has_policies
    # White's moves of the third game were not searched: each of its positions is alone.
    alone = store.samples == 1
    assert [store.samples[~alone].tolist(), np.count_nonzero(alone)] == [[20, 20, 20], 10]
    assert store.numbers("handicap").tolist()[-1] == 4
    assert store.context[alone].tolist() == [0, 2, 4, 6, *[7] * 6]
    content = unpacked(files)
    for number, version in enumerate((TEXT, BINARY, TEXT)):
        write_chunks(store, tmp_path / f"out{number}", version)
        chunks = sorted((tmp_path / f"out{number}").iterdir())
        if version == TEXT:
            assert unpacked(chunks) == content
        store, report = converted(tmp_path, chunks, f"again{number}")
        assert report.excluded == {}


@pytest.mark.compiled
def test_positions_in_any_order_all_come_back(tmp_path: Path, games: list[Game]) -> None:
    records = [record for game in games[1:] for record in searched_records(game)]
    random.Random(3).shuffle(records)
    store, report = converted(tmp_path, b"".join(records))
    assert report.excluded == {}
    assert written(store) == records
    assert store.games > 0.98 * len(records)
    counts = Counter(store.context.tolist())
    assert counts[7] > sum(counts.values()) / 2
    assert set(counts) == set(range(8))
    batch = PositionSampler(store, "train", SamplerParams(batch_size=64), EVERYTHING).batch(0, 0)
    assert batch.policy.shape == (64, 362)
    assert (batch.ply <= 8).all()


def test_a_ko_and_its_recapture_are_rebuilt_from_its_middle(tmp_path: Path) -> None:
    game = Game(19)
    # White takes a ko, Black plays elsewhere and takes it back; points are y * 19 + x.
    shape = [(2, 1), (3, 1), (1, 2), (4, 2), (2, 3), (3, 3), (3, 2), (2, 2)]
    for x, y in shape:
        game.play(y * 19 + x)
    assert game.board.ko_move == 2 * 19 + 3  # White has just taken
    game.play(300)
    game.play(320)
    game.play(2 * 19 + 3)  # Black takes back
    game.play(340)
    game.play(341)
    records = [text_of(position) for position in positions_of(game)]
    for first in range(len(records)):
        (tmp_path / str(first)).mkdir()
        store, report = converted(tmp_path / str(first), b"".join(records[first:]))
        assert (report.excluded, store.games) == ({}, 1)
        assert store.context.tolist() == [min(first, 7)]
        assert written(store) == records[first:]


def test_passes_in_the_history_keep_the_colors_right(tmp_path: Path) -> None:
    game = Game(19)
    for move in (60, PASS, 61, PASS, PASS, 62, 63, PASS, 64, 65):
        game.play(move)
    records = [text_of(position) for position in positions_of(game)]
    store, report = converted(tmp_path, b"".join(records[8:]))
    assert (report.excluded, store.games) == ({}, 1)
    assert store.moves(0) == game.moves[1:]  # the seven before, and the two
    assert store.setup(0) == [(BLACK, 60)]
    assert written(store) == records[8:]


def test_a_damaged_record_costs_itself_alone(tmp_path: Path, games: list[Game]) -> None:
    records = searched_records(random_game(5, 19, 40))
    lines = records[20].split(b"\n")
    damages = [
        b"junk\n",
        records[20][:700] + b"\n",
        b"\n".join(lines[1:]),
        b"\n".join([lines[0], *lines]),
        records[20].replace(b"\n1\n", b"\n2\n").replace(b"\n0\n", b"\n3\n"),
        records[20].replace(b"0", b"z", 1),
    ]
    for number, damage in enumerate(damages):
        whole = [*records[:20], damage, *records[21:]]
        store, report = converted(tmp_path, b"".join(whole), f"chunk{number}")
        assert written(store) == records[:20] + records[21:]
        assert report.excluded == {"unreadable": 1}
        assert report.examples["unreadable"][0].startswith(f"chunk{number}#21: ")


def test_a_repeated_or_missing_record_costs_nothing(tmp_path: Path) -> None:
    records = searched_records(random_game(5, 19, 40))
    for number, here in enumerate(([], [records[20]] * 3)):
        whole = records[:20] + here + records[21:]
        store, report = converted(tmp_path, b"".join(whole), f"chunk{number}")
        assert (report.excluded, written(store)) == ({}, whole)


def test_boards_that_do_not_follow_are_left_out(tmp_path: Path) -> None:
    game = random_game(6, 19, 30, pass_rate=0.0)
    positions = positions_of(game)
    for plane in (0, 3, 12):  # the present, the past, and the other color's past
        planes = positions[15].planes.copy()
        empty = np.argwhere(~planes[:16].any(axis=0))
        planes[plane][tuple(empty[0])] = 1
        planes[plane][tuple(empty[-1])] = 1
        changed = ChunkPosition(planes, positions[15].policy, positions[15].value)
        records = [text_of(p) for p in [*positions[:15], changed, *positions[16:]]]
        store, report = converted(tmp_path, b"".join(records), f"chunk{plane}")
        assert report.excluded == {"history": 1}
        assert report.examples["history"] == [f"chunk{plane}#16"]
        assert written(store) == records[:15] + records[16:]


def test_a_target_that_cannot_be_played_is_left_out(tmp_path: Path) -> None:
    positions = positions_of(random_game(7, 19, 30, pass_rate=0.0))
    taken = int(np.flatnonzero(positions[-1].planes[0])[0])
    last = ChunkPosition(positions[-1].planes, one_hot(taken), positions[-1].value)
    records = [text_of(p) for p in [*positions[:-1], last]]
    store, report = converted(tmp_path, b"".join(records))
    assert report.excluded == {"illegal-move": 1}
    assert report.examples["illegal-move"][0].startswith(f"chunk.txt#{len(records)}: ")
    assert written(store) == records[:-1]


def test_a_game_ends_where_its_winner_changes(tmp_path: Path) -> None:
    positions = positions_of(random_game(8, 19, 30))
    turned = [ChunkPosition(p.planes, p.policy, -p.value) for p in positions]
    records = [text_of(p) for p in positions[:12] + turned[12:]]
    store, _ = converted(tmp_path, b"".join(records))
    assert store.samples.tolist() == [12, len(records) - 12]
    assert store.numbers("result").tolist() == [1, -1]
    assert written(store) == records


def test_duplicates_are_games_not_positions(tmp_path: Path) -> None:
    game = random_game(9, 19, 20)
    first, other = searched_records(game, 1), searched_records(game, 2)
    plain = [text_of(position) for position in positions_of(game)]
    single = [plain[5], plain[5]]
    records = [*first, *other, *first, *plain, *plain, *single]
    store, report = converted(tmp_path, b"".join(records))
    # The same visits again and the same moves again; other visits are another game, and
    # many games have one position in common.
    assert report.excluded == {"duplicate": 2}
    assert written(store) == [*first, *other, *plain, *single]


def test_options_hold_for_chunks_too(tmp_path: Path, games: list[Game]) -> None:
    game = games[2]
    assert game.setup
    content = b"".join(searched_records(game))
    exclude = ConvertOptions().exclude | {"handicap"}
    for name, reason, options in (
        ("a", "handicap", {"exclude": exclude}),
        ("b", "too-long", {"max_moves": 20}),
        ("c", "board-size", {"sides": (9,)}),
    ):
        _, report = converted(tmp_path, content, name, **options)
        assert report.excluded == {reason: 1}
    store, _ = converted(tmp_path, content, "d")
    assert store.games == 1


@pytest.mark.compiled
def test_chunks_can_have_owners(tmp_path: Path, games: list[Game]) -> None:
    store, _ = converted(tmp_path, b"".join(searched_records(games[0])), ownership=True)
    params = SamplerParams(batch_size=8, ownership=True)
    batch = PositionSampler(store, "train", params, EVERYTHING).batch(0, 0)
    assert batch.ownership.shape == (8, 361)
    assert np.abs(batch.ownership).mean() > 0.8


@pytest.mark.compiled
def test_workers_make_the_same_store_of_chunks(tmp_path: Path) -> None:
    records = [r for number, g in enumerate(made_games(12)) for r in searched_records(g, number)]
    (tmp_path / "train.gz").write_bytes(gzip.compress(b"".join(records)))
    (tmp_path / "games.sgf").write_text(sgf_of(random_game(3, 19, 50)))
    sources = [tmp_path / "train.gz", tmp_path / "games.sgf"]
    contents = []
    for workers in (1, 2):
        store = tmp_path / f"store-{workers}"
        convert(sources, store, ConvertOptions(), workers=workers)
        contents.append((store / "games-00000.arrow").read_bytes())
    assert contents[0] == contents[1]
    mixed = GameStore.open(store)
    assert mixed.positions == len(records) + mixed.lengths[-1]
    batch = PositionSampler(mixed, "train", SamplerParams(batch_size=99), EVERYTHING).batch(0, 0)
    assert batch.policy.shape == (99, 362)


def test_chunks_are_known_by_their_content(tmp_path: Path) -> None:
    positions = positions_of(random_game(4, 19, 12))
    text = b"".join(map(text_of, positions))
    binary = b"".join(map(binary_of, positions))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inside.gz", gzip.compress(binary))
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        entry = tarfile.TarInfo("deep/train_1.gz")
        entry.size = len(gzip.compress(text))
        archive.addfile(entry, io.BytesIO(gzip.compress(text)))
    files = {
        "train_00000001.gz": gzip.compress(text),
        "games.txt.0.gz": gzip.compress(binary),
        "plain": text,
        "plain.bin": binary,
        "windows.txt": text.replace(b"\n", b"\r\n"),
        "all.zip": packed.getvalue(),
        "all.tar": tar.getvalue(),
    }
    folder = tmp_path / "chunks"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "notes.txt").write_text("no chunk")
    store, report = converted(tmp_path, [folder], "all")
    assert (report.games_found, report.games_stored, report.ignored_files) == (7, 1, 1)
    assert report.excluded == {"duplicate": 6}
    assert (report.broken_sources, store.positions) == ([], len(positions))
