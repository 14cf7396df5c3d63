"""Conversions: every game stored or counted, whatever the number of workers."""

import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lzp.data import REASONS, ConversionReport, ConvertOptions, GameStore, StoreError, convert
from lzp.data.columns import NO_RANK
from lzp.sgf import read_game, write_game
from tests.data.makers import (
    mirrored,
    random_game,
    random_records,
    sgf_of,
    store_of,
    write_records,
)

pytestmark = pytest.mark.compiled

FEW = ConvertOptions(sides=(9,), min_moves=1)
KGS = Path(__file__).parents[3] / "shared" / "data" / "kgs-6d"

MOVES = ";B[cc];W[gg];B[cg];W[gc];B[ee];W[ef];B[fe];W[ff];B[ge];W[gf];B[he]"
CASES = [
    ("unreadable", f"(;SZ[9]RE[B+R]{MOVES};W[h", "cut off"),
    ("board-size", f"(;SZ[13]RE[B+R]{MOVES})", "13x13"),
    ("no-moves", "(;SZ[9]RE[B+R])", ""),
    ("edited", f"(;SZ[9]RE[B+R]{MOVES};AB[aa];W[bb])", "after move 11"),
    ("illegal-move", f"(;SZ[9]RE[B+R]{MOVES};W[cc])", "ply 12: white C7 on a stone"),
    ("too-short", "(;SZ[9]RE[B+R];B[cc])", "1 moves"),
    ("too-long", "(;SZ[9]RE[B+R]" + ";B[];W[]" * 20 + ")", "40 moves"),
    ("no-result", f"(;SZ[9]{MOVES})", "no RE"),
    ("draw", f"(;SZ[9]RE[Jigo]{MOVES})", "Jigo"),
    ("void", f"(;SZ[9]RE[Void]{MOVES})", "Void"),
    ("time", f"(;SZ[9]RE[W+T]{MOVES})", "W+T"),
    ("forfeit", f"(;SZ[9]RE[B+F]{MOVES})", "B+F"),
    ("position", f"(;SZ[9]RE[B+R]AB[aa]AW[bb]{MOVES})", "2 stones"),
    ("handicap", f"(;SZ[9]RE[B+R]HA[2]AB[aa][bb]{MOVES})", "2 stones"),
]
GOOD = f"(;SZ[9]RE[B+R]KM[6.5]{MOVES};W[hf])"
#: The same game with the board turned by a right angle.
TURNED = read_game(GOOD.encode())


def turned(text: str) -> str:
    record = read_game(text.encode())
    game = random_game(0, 9, plies=0)
    for color, move in record.moves:
        y, x = divmod(move, 9)
        game.play(x * 9 + (8 - y), color)
    return sgf_of(game, "B+R")


def convert_text(tmp_path: Path, text: str, options: ConvertOptions) -> ConversionReport:
    source = tmp_path / "games.sgf"
    source.write_text(text)
    return convert([source], tmp_path / "store", options, workers=1)


@pytest.mark.parametrize(("reason", "text", "detail"), CASES, ids=[case[0] for case in CASES])
def test_each_reason_is_counted_and_named(
    tmp_path: Path, reason: str, text: str, detail: str
) -> None:
    options = ConvertOptions(sides=(9,), max_moves=30, exclude=frozenset(REASONS))
    report = convert_text(tmp_path, text + GOOD + text, options)
    expected = {reason: 2}
    assert report.excluded == expected
    assert (report.games_found, report.games_stored) == (3, 1)
    assert report.examples[reason][0] in (f"games.sgf#1: {detail}", "games.sgf#1") or (
        report.examples[reason][0].startswith("games.sgf#1: cut off")
    )
    assert report.examples[reason][1].startswith("games.sgf#3")


INCLUDABLE = [case for case in CASES if case[0] not in ("unreadable", "no-moves")]


@pytest.mark.parametrize(("reason", "text", "detail"), INCLUDABLE, ids=[c[0] for c in INCLUDABLE])
def test_each_reason_can_be_let_in(tmp_path: Path, reason: str, text: str, detail: str) -> None:
    exclude = frozenset(REASONS) - {reason}
    options = ConvertOptions(sides=(9,), max_moves=30, exclude=exclude)
    report = convert_text(tmp_path, text, options)
    assert (report.noted, report.excluded) == ({reason: 1}, {})
    store = GameStore.open(tmp_path / "store")
    record = read_game(text.encode())
    legal = 11 if reason == "illegal-move" else len(record.moves)
    assert store.moves(0) == list(record.moves[:legal])
    assert sorted(store.setup(0)) == sorted(record.setup)


def test_the_same_game_turned_is_a_duplicate(tmp_path: Path) -> None:
    report = convert_text(tmp_path, GOOD + turned(GOOD) + GOOD.replace("hf", "hg"), FEW)
    assert report.excluded == {"duplicate": 1}
    assert report.games_stored == 2
    other = ConvertOptions(sides=(9,), exclude=FEW.exclude - {"duplicate"})
    (tmp_path / "kept").mkdir()
    assert convert_text(tmp_path / "kept", GOOD + turned(GOOD), other).noted == {"duplicate": 1}


def test_columns(tmp_path: Path) -> None:
    text = GOOD.replace("SZ[9]", "SZ[9]BR[6d]DT[2006-12-05]RU[Japanese]HA[0]")
    store = store_of(tmp_path, [text.replace("B+R", "W+3.5")])
    row = {name: store.numbers(name)[0] for name in ("side", "komi", "result", "margin", "date")}
    assert row == {"side": 9, "komi": 6.5, "result": -1, "margin": 3.5, "date": 20061205}
    assert store.numbers("black_rank")[0] == 6
    assert store.numbers("white_rank")[0] == NO_RANK
    assert (store.texts("rules"), store.texts("source")) == (["Japanese"], ["games.sgf"])


def test_stored_games_are_the_games(tmp_path: Path) -> None:
    games = [random_game(seed, 9, handicap=[0, 2][seed % 2]) for seed in range(30)]
    store = store_of(tmp_path, [sgf_of(game) for game in games], shard_moves=200)
    assert len(store.shards) > 3
    assert [store.moves(index) for index in range(30)] == [game.moves for game in games]
    assert [sorted(store.setup(index)) for index in range(30)] == [sorted(g.setup) for g in games]
    assert store.positions == sum(len(game.moves) for game in games)
    assert store.lengths.tolist() == [len(game.moves) for game in games]


def test_workers_make_the_same_store(tmp_path: Path) -> None:
    records = random_records(900, plies=15, pass_rate=0.0)
    write_records(tmp_path / "a.sgf", records)
    (tmp_path / "b.sgf.gz").write_bytes(gzip.compress("".join(records[:50]).encode()))
    reports = []
    for workers in (1, 2):
        store = tmp_path / f"store-{workers}"
        report = convert([tmp_path / "a.sgf", tmp_path / "b.sgf.gz"], store, FEW, workers=workers)
        report.elapsed_s = 0.0
        reports.append(report.to_json())
    assert reports[0] == reports[1]
    assert reports[0]["excluded"] == {"duplicate": 50}
    shards = [(tmp_path / f"store-{n}" / "games-00000.arrow").read_bytes() for n in (1, 2)]
    assert shards[0] == shards[1]


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_every_image_of_a_game_in_another_file_is_a_duplicate(tmp_path: Path, workers: int) -> None:
    write_records(tmp_path / "a.sgf", [GOOD, *random_records(450, plies=8, pass_rate=0.0)])
    images = [GOOD]
    for _ in range(3):
        images.append(turned(images[-1]))
    images += [mirrored(image) for image in images]
    moves = {tuple(read_game(image.encode()).moves) for image in images}
    assert len(moves) == 8
    write_records(tmp_path / "b.sgf", images)
    sources = [tmp_path / "a.sgf", tmp_path / "b.sgf"]
    report = convert(sources, tmp_path / "store", FEW, workers=workers)
    assert report.excluded == {"duplicate": 8}
    assert report.games_stored == 451
    assert report.examples["duplicate"][0] == "b.sgf#1"
    assert "b.sgf" not in " ".join(GameStore.open(tmp_path / "store").texts("source"))


def test_progress_is_reported(tmp_path: Path) -> None:
    write_records(tmp_path / "a.sgf", random_records(30))
    states: list = []
    report = convert([tmp_path], tmp_path / "out", FEW, workers=1, progress=states.append)
    assert states[-1].games == report.games_found == 30
    assert states[-1].positions == report.positions_stored
    assert states[-1].done_bytes == states[-1].total_bytes > 0


class InterruptedByTestError(Exception):
    """What a test throws into a conversion."""


def interrupt(_state: object) -> None:
    raise InterruptedByTestError


def test_an_interrupted_conversion_leaves_nothing(tmp_path: Path) -> None:
    write_records(tmp_path / "a.sgf", random_records(30))
    with pytest.raises(InterruptedByTestError):
        convert([tmp_path], tmp_path / "out", FEW, workers=1, progress=interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ["a.sgf"]


def test_an_interrupted_replacement_leaves_the_old_store(tmp_path: Path) -> None:
    write_records(tmp_path / "a.sgf", random_records(30))
    convert([tmp_path / "a.sgf"], tmp_path / "out", FEW, workers=1)
    replacing = ConvertOptions(sides=(13,), overwrite=True)
    with pytest.raises(InterruptedByTestError):
        convert([tmp_path / "a.sgf"], tmp_path / "out", replacing, workers=1, progress=interrupt)
    assert GameStore.open(tmp_path / "out").games == 30
    convert([tmp_path / "a.sgf"], tmp_path / "out", replacing, workers=1)
    assert GameStore.open(tmp_path / "out").games == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.sgf", "out"]


KILLED = """
import os, signal, sys
from pathlib import Path
from lzp.data import ConvertOptions, convert

def kill(_state):
    os.kill(os.getpid(), signal.SIGKILL)

options = ConvertOptions(sides=(9,), min_moves=1, shard_moves=1)
convert([Path(sys.argv[1])], Path(sys.argv[2]), options, workers=1, progress=kill)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_killed_conversion_leaves_no_store_that_opens(tmp_path: Path) -> None:
    write_records(tmp_path / "a.sgf", random_records(5))
    arguments = [sys.executable, "-c", KILLED, str(tmp_path / "a.sgf"), str(tmp_path / "out")]
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    assert subprocess.run(arguments, env=environment, check=False).returncode == -signal.SIGKILL
    remains = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert [path.name.startswith(".out.partial-") for path in remains] == [True]
    for path in (tmp_path / "out", *remains):
        with pytest.raises(StoreError):
            GameStore.open(path)


def test_a_store_is_not_written_over(tmp_path: Path) -> None:
    write_records(tmp_path / "a.sgf", random_records(2))
    convert([tmp_path / "a.sgf"], tmp_path / "out", FEW, workers=1)
    with pytest.raises(StoreError, match="out: exists already"):
        convert([tmp_path / "a.sgf"], tmp_path / "out", FEW, workers=1)
    replacing = ConvertOptions(sides=(9,), overwrite=True)
    (tmp_path / "photos").mkdir()
    with pytest.raises(StoreError, match="photos: is something else"):
        convert([tmp_path / "a.sgf"], tmp_path / "photos", replacing, workers=1)


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    write_records(tmp_path / "a.sgf", random_records(2))
    with pytest.raises(StoreError, match=r"a\.sgf/out: cannot be written"):
        convert([tmp_path / "a.sgf"], tmp_path / "a.sgf" / "out", FEW, workers=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"exclude": frozenset({"boring"})}, "no such reason: boring"),
        ({"sides": (26,)}, "sides must be"),
        ({"min_moves": 5, "max_moves": 4}, "min_moves"),
        ({"shard_moves": 0}, "shard_moves"),
    ],
)
def test_bad_options(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ConvertOptions(**options)


def test_reports_survive_json(tmp_path: Path) -> None:
    report = convert_text(tmp_path, "".join(case[1] for case in CASES), FEW)
    again = ConversionReport.from_json(json.loads(json.dumps(report.to_json())))
    assert again == report == GameStore.open(tmp_path / "store").report
    assert report.games_found == len(CASES)
    assert report.games_stored + sum(report.excluded.values()) == report.games_found


@pytest.mark.skipif(not KGS.is_dir(), reason="needs ../shared/data")
def test_real_games_are_all_accounted_for(tmp_path: Path) -> None:
    report = convert([KGS / "kgs-2017-01.tar.gz"], tmp_path / "kgs", workers=2)
    assert report.games_found == 733
    assert report.games_stored + sum(report.excluded.values()) == 733
    assert report.broken_sources == []
    store = GameStore.open(tmp_path / "kgs")
    size = sum(path.stat().st_size for path in store.path.iterdir())
    assert size / store.positions < 3
    assert np.all(np.abs(store.numbers("result")) == 1)


def test_written_records_of_stored_games_are_the_same_again(tmp_path: Path) -> None:
    game = random_game(3, 9)
    first = store_of(tmp_path, [sgf_of(game)])
    (tmp_path / "again").mkdir()
    second = store_of(tmp_path / "again", [write_game(game).replace("AP[lzp]", "AP[lzp]RE[B+1]")])
    assert first.numbers("hash").tolist() == second.numbers("hash").tolist()
