"""The wheel, built and installed into an environment of its own, away from the checkout.

Its dependencies come from the environment that runs the tests, so no network is needed.
"""

import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

from tests.house.rules import ROOT

pytestmark = pytest.mark.wheel

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
COMMANDS = sorted(PROJECT["scripts"])


def run(*command: str | Path, cwd: Path, lines: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command from cwd, without anything that would lead back to the checkout."""
    hidden = ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment | {"LZP_CACHE_DIR": str(cwd / "cache")},
        input=lines,
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    words = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = run(sys.executable, *words, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def commands(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the commands in a new environment that holds only the wheel."""
    folder = tmp_path_factory.mktemp("clean") / "venv"
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    site = sysconfig.get_path("purelib", "venv", {"base": str(folder)})
    # One line in a .pth file: packages only; the .pth files over there stay unread, among
    # them the one that would bring the checkout in.
    Path(site, "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    words = ["-m", "pip", "--python", str(scripts / "python"), "install", "--no-deps", "-q"]
    done = run(sys.executable, *words, wheel, cwd=folder)
    assert done.returncode == 0, done.stderr
    return scripts


def test_wheel_holds_the_package_conf_and_the_network(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("lzp", "conf"):
        files = [path for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".yaml")]
        assert files
        prefix = Path() if folder == "lzp" else Path("lzp")
        missing = {(prefix / path.relative_to(ROOT)).as_posix() for path in files} - names
        assert not missing
    assert "lzp/networks/default.txt.gz" in names
    assert any(name.startswith("lzp/networks/") and name.endswith(".md") for name in names)
    assert not [name for name in names if not name.startswith(("lzp/", "lzp-"))]


def test_wheel_can_be_published(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = HeaderParser().parsestr(archive.read(name).decode())
        assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())
    assert metadata["Name"] == "lzp"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata["Requires-Python"] == ">=3.11"
    assert {"train", "dev", "wandb"} <= set(metadata.get_all("Provides-Extra", []))


def test_package_comes_from_the_wheel(commands: Path, tmp_path: Path) -> None:
    done = run(commands / "python", "-c", "import lzp; print(lzp.__file__)", cwd=tmp_path)
    assert Path(done.stdout.strip()).is_relative_to(commands.parent)


@pytest.mark.parametrize("plain", ["1", pytest.param("0", marks=pytest.mark.slow)])
def test_engine_plays_a_move_with_the_shipped_network(
    commands: Path, tmp_path: Path, plain: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Compiling takes a minute and has tests of its own.
    monkeypatch.setenv("NUMBA_DISABLE_JIT", plain)
    session = "name\nboardsize 19\ngenmove b\nquit\n"
    done = run(commands / "lzp-gtp", "-v", "8", "--noponder", cwd=tmp_path, lines=session)
    assert done.returncode == 0, done.stderr
    replies = [reply.strip() for reply in done.stdout.split("\n\n") if reply.strip()]
    assert len(replies) == 4, done.stdout
    assert all(reply.startswith("=") for reply in replies)
    vertex = replies[2].removeprefix("=").strip()
    assert vertex[0] in "ABCDEFGHJKLMNOPQRST"
    assert 1 <= int(vertex[1:]) <= 19


@pytest.mark.parametrize("command", COMMANDS)
def test_command_explains_itself(commands: Path, tmp_path: Path, command: str) -> None:
    done = run(commands / command, "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert command in done.stdout
    assert not done.stderr
