"""Speeds of the parts on this machine: each function measures one and returns figures.

Every figure is the median of several rounds; what is compared is measured in turns within
one run, because a shared machine's speed drifts.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

import numpy as np

from lzp.go import Game, new_boards
from lzp.go.bench_kernels import play_random_games
from lzp.play.gtp_client import GtpClient

#: Figures by name; what they count is in the name's end.
Figures = dict[str, float]

_OPENING_PLIES = 30
_START_S = 600.0


def median_rate(work: Callable[[], int], rounds: int, round_s: float) -> float:
    """Return how many things `work` does a second, by the median round.

    Args:
        work: does some of it and returns how many things it did.
        rounds: how often the rate is taken; once more before, to warm up.
        round_s: seconds a round lasts at least.
    """
    work()
    return statistics.median(rate(work, round_s) for _ in range(rounds))


def rate(work: Callable[[], int], round_s: float) -> float:
    """Return how many things `work` does a second, over at least `round_s` seconds."""
    done, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < round_s:
        done += work()
    return done / elapsed


def spread(name: str, values: Sequence[float]) -> Figures:
    """Return the median of several rounds under a name, and with it the least and the most."""
    return {
        name: statistics.median(values),
        f"{name}_low": min(values),
        f"{name}_high": max(values),
    }


def bench_moves(side: int, rounds: int, round_s: float) -> Figures:
    """Measure random play to the end with every move checked and hashed, on one core."""
    boards, random = new_boards(1, side), np.array([88172645463325252], np.uint64)

    def play() -> int:
        return int(play_random_games(boards, side, 20, random))

    return {"side": side, "moves_per_s": median_rate(play, rounds, round_s)}


def bench_samples(store: Path, batch_size: int, rounds: int, round_s: float) -> Figures:
    """Measure the sampler on one core: positions replayed and written into batches.

    Raises:
        StoreError: the store cannot be read, or has no games to train on.
        ValueError: batches of no positions.
    """
    from lzp.data import GameStore, PositionSampler, SamplerParams

    sampler = PositionSampler(GameStore.open(store), "train", SamplerParams(batch_size=batch_size))
    firsts = count(0, batch_size)

    def draw() -> int:
        return len(sampler.samples(next(firsts), batch_size).ply)

    figures = {"batch_size": batch_size, "positions": float(sampler.positions)}
    return figures | {"samples_per_s": median_rate(draw, rounds, round_s)}


def random_positions(
    side: int, games: int, seed: int = 0, plies: int = _OPENING_PLIES
) -> list[Game]:
    """Return games of random legal moves, each of a random length up to `plies`."""
    random = np.random.default_rng(seed)
    played = []
    for _ in range(games):
        game = Game(side)
        for _ in range(int(random.integers(plies + 1))):
            game.play(int(random.choice(game.legal_moves()[:-1])))
        played.append(game)
    return played


def bench_start(command: str, rounds: int) -> Figures:
    """Measure how long a GTP engine takes from its launch to its first answers.

    Raises:
        EngineError: it does not start.
        CommandError: it refuses one of the commands.
    """
    names, moves = [], []
    for _ in range(rounds):
        started = time.perf_counter()
        client = GtpClient(command)
        try:
            client.send("name", _START_S)
            names.append(time.perf_counter() - started)
            client.send("genmove b", _START_S)
            moves.append(time.perf_counter() - started)
        finally:
            client.close()
    return {
        "rounds": rounds,
        "name_s": statistics.median(names),
        "name_worst_s": max(names),
        "first_move_s": statistics.median(moves),
    }
