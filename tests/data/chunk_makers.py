"""Chunks for tests: games as records, written straight from the format's description."""

import gzip
import shutil
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from lzp.features import encode
from lzp.features.leela_chunks import ChunkPosition
from lzp.go import BLACK, Game
from lzp.weights import write_weights
from tests.data.makers import random_game
from tests.networks import random_weights

LEELAZ = shutil.which("leelaz") or shutil.which("leelaz", path="/usr/games")
PASS = 361


def positions_of(game: Game, winner: int = BLACK, seed: int | None = None) -> list[ChunkPosition]:
    """The positions before each move, planes by the engine's encoder.

    Policies are one-hot without a seed, else parts of visits for the move played and others.
    """
    replayed = Game(game.side)
    if game.setup:
        replayed.set_up(game.setup, game.moves[0][0])
    made = []
    for ply, (color, move) in enumerate(game.moves):
        replayed.to_play = color
        policy = one_hot(move)
        if seed is not None:
            policy = visited(move, replayed.legal_moves(), 1000 * seed + ply)
        value = 1 if color == winner else -1
        made.append(ChunkPosition(encode(replayed.boards[-1:])[0], policy, value))
        replayed.play(move, color, superko=False)
    return made


def one_hot(move: int) -> np.ndarray:
    return np.eye(1, PASS + 1, move, np.float32)[0]


def visited(move: int, legal: np.ndarray, seed: int) -> np.ndarray:
    """Parts of visits for some moves, the one played among them but not always first."""
    rng = np.random.default_rng(seed)
    visits = np.zeros(PASS + 1, np.float32)
    visits[rng.choice(legal, 12)] = rng.integers(1, 40, 12)
    visits[move] = rng.integers(1, 40)
    share: np.ndarray = visits / visits.sum()
    return share


def text_of(position: ChunkPosition) -> bytes:
    """A record of version 1."""
    lines = []
    for plane in position.planes[:16].reshape(16, 361).tolist():
        digits = [int("".join(map(str, plane[at : at + 4])), 2) for at in range(0, 360, 4)]
        lines.append("".join(f"{digit:x}" for digit in digits) + str(plane[360]))
    lines.append(str(position.planes[17, 0, 0]))
    lines.append(" ".join(f"{weight:g}" for weight in position.policy.tolist()))
    lines.append(str(position.value))
    return ("\n".join(lines) + "\n").encode()


def binary_of(position: ChunkPosition) -> bytes:
    """A record of version 2."""
    bits = "".join(map(str, position.planes[:16].ravel().tolist()))
    return (
        struct.pack("<i362f", 1, *position.policy.tolist())
        + int(bits, 2).to_bytes(722, "big")
        + bytes([position.planes[17, 0, 0], position.value == 1])
    )


def parsed_binary(record: bytes) -> tuple[bytes, list[float], int, int]:
    """Planes 0-15 as bytes of 0 and 1, policy, side to move and result of a v2 record."""
    assert len(record) == 2176
    version, *policy = struct.unpack_from("<i362f", record)
    assert version == 1
    number = int.from_bytes(record[1452:2174], "big")
    bits = bytes(number >> (5775 - bit) & 1 for bit in range(5776))
    return bits, policy, record[2174], record[2175]


def unpacked(files: Sequence[Path]) -> bytes:
    """What is in some gzip files, one after another."""
    return b"".join(gzip.decompress(path.read_bytes()) for path in files)


def made_games(count: int, seed: int = 0) -> list[Game]:
    """Games with captures, passes, handicaps and White moving first."""
    handicaps = [0, 0, 2, 5, 9]
    return [
        random_game(seed + index, 19, 330 if index % 6 == 0 else 60, handicaps[index % 5], 0.02)
        for index in range(count)
    ]


def searched_chunks(folder: Path, games: int = 4, moves: int = 20) -> list[Path]:
    """What the real leelaz writes of its own searches, visit counts in all.

    In the third game White's moves come from outside, so that only every other position is
    recorded; the last one is a handicap game, White to move first.
    """
    weights = random_weights()
    # Less sure of its moves and of its values, so that visits spread.
    policy = type(weights.policy)(weights.policy.weight * 0.3, weights.policy.bias * 0.3)
    value = type(weights.value)(weights.value.weight * 0.003, weights.value.bias * 0)
    write_weights(folder / "net.txt", replace(weights, policy=policy, value=value))
    lines = []
    for number in range(games):
        handicap = number == games - 1
        lines += ["clear_board", "fixed_handicap 4"] if handicap else ["clear_board"]
        for ply in range(moves):
            color = "bw"[(ply + handicap) % 2]
            outside = number == 2 and color == "w"
            lines.append(f"play w {'ABCDEFGHJK'[ply // 2]}1" if outside else f"genmove {color}")
        lines.append(f"dump_training {'bw'[number % 2]} searched{number}")
    command = [str(LEELAZ), "--gtp", "--cpu-only", "--noponder", "-w", "net.txt", "-t", "1"]
    command += ["-v", "100", "-n", "-m", "30", "-s", "5", "-r", "0"]
    text = "\n".join([*lines, "quit", ""])
    subprocess.run(
        command, input=text, cwd=folder, capture_output=True, text=True, timeout=120, check=True
    )
    files = sorted(folder.glob("searched*.gz"))
    assert len(files) == games
    return files
