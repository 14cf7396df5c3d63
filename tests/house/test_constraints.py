"""constraints.txt locks all that pyproject.toml asks for, and is what these tests run with."""

import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.rules import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def read_pins() -> dict[str, Requirement]:
    """Return the lines of constraints.txt by package name."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(pin.name): pin for pin in pins}


PINS = read_pins()
WANTED = [
    Requirement(line)
    for lines in [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    for line in lines
]


def pinned_version(name: str) -> str:
    (specifier,) = PINS[canonicalize_name(name)].specifier
    assert specifier.operator == "=="
    return specifier.version


@pytest.mark.parametrize("wanted", WANTED, ids=lambda wanted: wanted.name)
def test_what_the_project_asks_for_is_locked(wanted: Requirement) -> None:
    if wanted.name != "lzp":
        assert wanted.specifier.contains(pinned_version(wanted.name))


def test_the_other_lightning_can_never_be_installed() -> None:
    assert not list(PINS["lightning"].specifier.filter(["0.1", "2.6.2", "2.6.3", "99.0"]))
    with pytest.raises(metadata.PackageNotFoundError):
        metadata.version("lightning")


def test_torch_is_locked_without_a_build_so_that_cpu_and_cuda_fit() -> None:
    assert pinned_version("torch") == "2.13.0"
    assert PINS["torch"].specifier.contains("2.13.0+cpu")


def test_installed_versions_are_the_locked_ones() -> None:
    wrong = {}
    for distribution in metadata.distributions():
        pin = PINS.get(canonicalize_name(distribution.metadata["Name"]))
        if pin is not None and not pin.specifier.contains(distribution.version, prereleases=True):
            wrong[pin.name] = f"{distribution.version} installed, {pin.specifier} locked"
    assert not wrong
