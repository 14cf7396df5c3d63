"""Which networks the search helps with reading of its own, and where that would cost too much."""

from types import SimpleNamespace
from typing import cast

import pytest

from lzp.engine.network_file import NetworkFile, shipped_network
from lzp.engine.own_reading import NO_READING, OwnReading, own_reading
from lzp.engine.search_params import SearchParams


def reading_of(architecture: str, *, on_gpu: bool = False) -> OwnReading:
    file = cast(NetworkFile, SimpleNamespace(architecture=architecture))
    return own_reading(file, on_gpu=on_gpu)


@pytest.mark.parametrize("architecture", ["6x64", "4x32", "8x96", "10x96", "10x128"])
def test_small_networks_are_helped_on_a_cpu_alone(architecture: str) -> None:
    assert reading_of(architecture) == OwnReading(8, 1.0)
    assert reading_of(architecture, on_gpu=True) == NO_READING


@pytest.mark.parametrize("architecture", ["15x128", "20x256", "40x256"])
def test_large_networks_are_left_alone(architecture: str) -> None:
    assert reading_of(architecture) == reading_of(architecture, on_gpu=True) == NO_READING


@pytest.mark.parametrize("architecture", ["nested 6x64", "torchscript"])
def test_of_other_kinds_no_size_says_how_strong_they_are(architecture: str) -> None:
    assert reading_of(architecture) == OwnReading(0, 1.0)
    assert reading_of(architecture, on_gpu=True) == NO_READING


def test_the_network_that_ships_is_searched_with_the_default_settings() -> None:
    found = own_reading(NetworkFile(shipped_network()), on_gpu=False)
    assert SearchParams.strong(**found.params()) == SearchParams.strong()
