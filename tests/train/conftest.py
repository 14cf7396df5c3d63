"""Shared by the tests of training: one store of random games."""

from pathlib import Path

import pytest

from tests.data.makers import random_records, store_of


@pytest.fixture(scope="session")
def games_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 60 random 9x9 games, about 2,300 positions."""
    folder = tmp_path_factory.mktemp("games")
    return store_of(folder, random_records(60)).path
