"""Boards of 9 and 13 lines, from game records to a whole game over GTP."""

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lzp.engine import export_cli
from lzp.engine.model import load_evaluator
from lzp.features import encode
from lzp.go import BLACK, WHITE, Game
from lzp.go.vertex import parse_vertex
from lzp.play.gtp_client import CommandError, GtpClient
from lzp.sgf import read_game, to_game
from lzp.train.run import run_training
from tests.data.makers import random_records, store_of
from tests.naive import NaiveGo
from tests.networks import write_random_network
from tests.train.runs import small_run

pytestmark = pytest.mark.compiled

KINDS = {"leela": "tiny", "nested": "modern-mini"}
FORMS = {"leela": ("onnx", "pt", "txt.gz"), "nested": ("onnx",)}
#: Far more than the fullest game needs; one that does not end by then has run astray.
MOST_PLIES_PER_POINT = 4


@pytest.fixture
def engine_of() -> Iterator[list[GtpClient]]:
    """A list whose engines are ended with the test."""
    engines: list[GtpClient] = []
    yield engines
    for engine in engines:
        engine.close()


def start(engines: list[GtpClient], network: Path, *flags: str) -> GtpClient:
    words = [sys.executable, "-m", "lzp.engine.gtp.cli", "-w", str(network), "-r", "0", *flags]
    engines.append(GtpClient(shlex.join(words)))
    return engines[-1]


def play_whole_game(engine: GtpClient, side: int) -> NaiveGo:
    """Let an engine play both colors until two passes; every move is looked at by the twin."""
    board, passes, color = NaiveGo(side), 0, BLACK
    engine.send(f"boardsize {side}")
    engine.send("clear_board")
    for _ in range(MOST_PLIES_PER_POINT * side * side):
        answer = engine.send(f"genmove {'bw'[color == WHITE]}", 60.0)
        move = parse_vertex(answer, side)
        assert board.is_legal(move, color), f"{answer} after {len(board.positions)} positions"
        board.play(move, color)
        passes = passes + 1 if move == side * side else 0
        if passes == 2:
            return board
        color = BLACK + WHITE - color
    raise AssertionError("the game does not end")


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("side", [9, 13])
def test_records_become_a_network_that_plays_a_whole_game(
    tmp_path: Path, engine_of: list[GtpClient], side: int, kind: str
) -> None:
    records = random_records(40, side, plies=60)
    store = store_of(tmp_path, records, sides=(side,))
    changes = [f"network={KINDS[kind]}", f"data.side={side}", "trainer.max_steps=6"]
    assert run_training(small_run(store.path, tmp_path / "run", *changes)).trainer.global_step == 6
    for form in FORMS[kind]:
        target = tmp_path / f"net.{form}"
        source = str(tmp_path / "run" / "last.ckpt")
        assert export_cli.main(["--verify", source, str(target)]) == 0
        assert load_evaluator(target, batch_size=4, threads=1).side == side
    engine = start(engine_of, tmp_path / "net.onnx", "-v", "2", "--seed", "1")
    board = play_whole_game(engine, side)
    assert len(board.positions) > side * side
    # Untrained, it leaves nothing settled: the count without dead stones is the one to know.
    engine.send("kata-set-rules tromp-taylor")
    assert engine.send("final_score") == score(board)
    record = tmp_path / "game.sgf"
    engine.send(f"printsgf {record}")
    assert to_game(read_game(record)).board.colors().tolist() == board.colors()


def score(board: NaiveGo) -> str:
    lead = board.area_difference() - 7.5
    return f"{'B' if lead > 0 else 'W'}+{abs(lead):.1f}"


@pytest.mark.parametrize("side", [9, 13])
def test_gtp_fits_itself_to_the_side_of_the_network(
    tmp_path: Path, engine_of: list[GtpClient], side: int
) -> None:
    network = write_random_network(tmp_path / "net.txt", side=side)
    engine = start(engine_of, network, "-v", "10")
    corner = f"{'J' if side == 9 else 'N'}{side}"
    with pytest.raises(CommandError, match=f"unacceptable size: net.txt is for {side}x{side}"):
        engine.send("boardsize 19")
    assert engine.send(f"boardsize {side}") == ""
    assert engine.send("komi 6.5") == ""
    star = {9: "C3 G7", 13: "D4 K10"}[side]
    assert engine.send("fixed_handicap 2") == star
    assert engine.send(f"play w {corner}") == ""
    with pytest.raises(CommandError, match="illegal move"):
        engine.send(f"play b A{side + 1}")
    # Where few points are allowed, as with Leela Zero, the pass is a candidate beside them.
    info = engine.send(f"lz-analyze b 1 allow b {corner},A1 1 avoid b pass 1", 60.0)
    assert info.split()[:3] == ["info", "move", "A1"]
    assert engine.send("undo") == ""
    assert engine.send("genmove w", 60.0) != "resign"


@pytest.mark.parametrize("side", [9, 13])
def test_the_planes_of_a_side_reach_the_network_in_all_symmetries(
    tmp_path: Path, side: int
) -> None:
    """A network that sees one stone in a corner sees it in each corner in turn."""
    evaluator = load_evaluator(
        write_random_network(tmp_path / "net.txt", side=side), batch_size=8, threads=1
    )
    game = Game(side)
    game.play(1)
    planes = encode(np.repeat(game.boards, 8), np.arange(8))
    stones = planes[:, 8].reshape(8, -1).argmax(axis=1)
    ends = {0, side - 1, side * (side - 1), side * side - 1}
    beside = {end + step for end in ends for step in (1, -1, side, -side)}
    assert len(set(stones.tolist())) == 8
    assert set(stones.tolist()) <= beside
    policy, _ = evaluator.evaluate(planes)
    assert policy.shape == (8, side * side + 1)
    assert len(np.unique(policy[:, -1])) == 8
