"""A reviewed game, made once."""

from pathlib import Path

import pytest

from lzp.review import cli
from tests.networks import write_random_network
from tests.review.games import SIDE, write_game


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random network for the game's board, one whose winrates differ."""
    return write_random_network(tmp_path_factory.mktemp("net") / "r9.txt", side=SIDE, seed=18)


@pytest.fixture(scope="session")
def reviewed(tmp_path_factory: pytest.TempPathFactory, network: Path) -> Path:
    """The folder of `game.sgf` and its reviews."""
    folder = tmp_path_factory.mktemp("reviewed")
    write_game(folder / "game.sgf")
    words = ["-v", "20", "--threshold", "4", "--json", "-w", str(network), "-q", "-t", "1"]
    # The network's mistakes are wanted, and games played on know better than a random one.
    cli.main([str(folder / "game.sgf"), *words, "--rollouts", "0"])
    return folder
