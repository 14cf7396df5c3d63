"""Where compiled kernels are kept, and that no edit is answered with old machine code."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import lzp
from lzp import jit


@pytest.fixture
def no_home(monkeypatch, tmp_path):
    """Make the user's cache folder impossible to write, for root too: it lies in a file."""
    blocker = tmp_path / "file"
    blocker.write_text("")
    monkeypatch.delenv(jit.CACHE_VARIABLE, raising=False)
    monkeypatch.setattr(jit, "_user_cache", lambda: blocker / "cache")
    shared = tmp_path / "tmp"
    shared.mkdir()
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(shared))
    return shared


def test_the_variable_names_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv(jit.CACHE_VARIABLE, str(tmp_path / "mine"))
    folder = jit.cache_folder()
    assert folder is not None
    assert folder.is_relative_to(tmp_path / "mine")
    assert folder.is_dir()


def test_a_read_only_home_falls_back_to_a_private_temporary_folder(no_home):
    folder = jit.cache_folder()
    assert folder is not None
    base = jit._temporary_cache()
    assert folder.is_relative_to(base)
    assert base.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs POSIX permissions")
def test_a_temporary_folder_that_others_can_write_is_not_trusted(no_home):
    base = jit._temporary_cache()
    base.mkdir()
    base.chmod(0o777)
    assert jit.cache_folder() is None


def copied_package(tmp_path):
    """Copy what kernels need into a folder of its own."""
    source = Path(lzp.__file__).parent
    target = tmp_path / "lzp"
    shutil.copytree(source / "go", target / "go", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ["__init__.py", "jit.py"]:
        shutil.copy(source / name, target / name)
    return target


def check_suicide(package, cache):
    """Return what a fresh process says of a suicide move."""
    code = (
        "from lzp.go import Game\n"
        "game = Game(3)\n"
        "game.set_up([(1, 1), (1, 3)], 2)\n"
        "print(game.check(0, 2))"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": str(package.parent),
        "LZP_CACHE_DIR": str(cache),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, env=environment, cwd=package.parent, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.compiled
def test_an_edit_in_another_file_takes_effect(tmp_path):
    package = copied_package(tmp_path)
    cache = tmp_path / "cache"
    assert check_suicide(package, cache) == "3"
    constants = package / "go" / "constants.py"
    constants.write_text(constants.read_text().replace("SUICIDE = 3", "SUICIDE = 7"))
    assert check_suicide(package, cache) == "7"
