"""bin/play and what it shares with bin/test: set-up happens once, whole, and off stdout.

A checkout here is a copy of the scripts with an "installation" that only leaves a note, so
that no test waits for pip; the tests of the wheel install for real.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.rules import ROOT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the scripts are for POSIX shells")

#: Replaces what takes long; `install` keeps its contract: a marker once all is done.
QUICK_INSTALL = """
make_venv() { mkdir -p "$venv/bin"; }
install() {
    echo installed >> "$root/installs"
    sleep 0.3
    printf '#!/bin/sh\\necho engine "$@"\\n' > "$venv/bin/lzp-gtp"
    chmod +x "$venv/bin/lzp-gtp"
    fingerprint > "$venv/.lzp-ready-$1"
}
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "a checkout"  # with a space, as on many desktops
    shutil.copytree(ROOT / "bin", folder / "bin")
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder / name)
    with (folder / "bin" / "setup.sh").open("a") as file:
        file.write(QUICK_INSTALL)
    return folder


def start(script: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Start a script from a folder that has nothing to do with it."""
    return subprocess.Popen(
        ["sh", str(script), *arguments],
        cwd="/",
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def output(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for a script; return its exit code, stdout and stderr."""
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def installs(checkout: Path) -> int:
    return (checkout / "installs").read_text().count("installed")


def test_play_sets_up_once_and_hands_over_its_flags(checkout: Path) -> None:
    code, out, err = output(start(checkout / "bin/play", "-w", "my net.txt"))
    assert (code, out) == (0, "engine -w my net.txt\n")
    assert err.startswith("lzp: setting up ")
    assert output(start(checkout / "bin/play", "-q")) == (0, "engine -q\n", "")
    assert installs(checkout) == 1
    assert not (checkout / ".venv.lock").is_symlink()


def test_signature_runs_from_the_checkout(checkout: Path) -> None:
    assert output(start(checkout / "bin/play"))[0] == 0
    python = checkout / ".venv/bin/python"
    python.write_text('#!/bin/sh\necho "$PWD" "$@"\n')
    python.chmod(0o755)
    code, out, err = output(start(checkout / "bin/signature", "--check", "--cases"))
    assert (code, err) == (0, "")
    assert out == f"{checkout.resolve()} -m tests.engine.signature --check --cases\n"
    assert installs(checkout) == 1


def test_play_works_through_a_link(checkout: Path, tmp_path: Path) -> None:
    link = tmp_path / "engine"
    link.symlink_to(checkout / "bin/play")
    assert output(start(link))[:2] == (0, "engine\n")


def test_three_starts_at_once_install_once(checkout: Path) -> None:
    processes = [start(checkout / "bin/play") for _ in range(3)]
    assert [output(process)[:2] for process in processes] == [(0, "engine\n")] * 3
    assert installs(checkout) == 1


def test_the_lock_of_a_killed_start_is_taken_over(checkout: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    (checkout / ".venv.lock").symlink_to(str(dead.pid))
    processes = [start(checkout / "bin/play") for _ in range(2)]
    assert [output(process)[:2] for process in processes] == [(0, "engine\n")] * 2
    assert installs(checkout) == 1


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_an_update_is_installed(checkout: Path, name: str) -> None:
    output(start(checkout / "bin/play"))
    with (checkout / name).open("a") as file:
        file.write("# newer\n")
    assert output(start(checkout / "bin/play"))[0] == 0
    assert installs(checkout) == 2


def test_a_moved_checkout_is_installed_again(checkout: Path, tmp_path: Path) -> None:
    output(start(checkout / "bin/play"))
    moved = checkout.rename(tmp_path / "moved")
    assert output(start(moved / "bin/play"))[0] == 0
    assert installs(moved) == 2


def test_set_up_leaves_the_commands_of_the_board_unread(checkout: Path) -> None:
    with (checkout / "bin/setup.sh").open("a") as file:
        file.write('make_venv() { mkdir -p "$venv/bin"; cat > "$root/stolen"; }\n')
    process = start(checkout / "bin/play")
    out, _ = process.communicate("genmove b\n", timeout=60)
    assert out == "engine\n"
    assert (checkout / "stolen").read_text() == ""


def test_half_made_environments_are_made_anew(checkout: Path) -> None:
    shutil.copy(ROOT / "bin/setup.sh", checkout / "bin/setup.sh")
    rubbish = checkout / ".venv" / "rubbish"
    rubbish.mkdir(parents=True)
    (checkout / ".venv" / ".lzp-unfinished").touch()
    script = 'root=$1; . "$root/bin/setup.sh"; make_venv'
    subprocess.run(["sh", "-c", script, "sh", str(checkout)], check=True, timeout=300)
    assert not rubbish.exists()
    assert (checkout / ".venv/bin/python").exists()
    assert (checkout / ".venv/.lzp-unfinished").exists()  # until the installation is whole


@pytest.mark.parametrize(
    ("answers", "complaint"),
    [
        ("exit 1", "Python 3.11 or newer is needed"),
        ('case "$2" in *ensurepip*) exit 1 ;; esac', "has no venv module"),
    ],
)
def test_a_python_that_will_not_do_gets_one_line(
    checkout: Path, tmp_path: Path, answers: str, complaint: str
) -> None:
    shutil.copy(ROOT / "bin/setup.sh", checkout / "bin/setup.sh")
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{answers}\n")
    python.chmod(0o755)
    code, out, err = output(start(checkout / "bin/play", PYTHON=str(python)))
    assert (code, out) == (2, "")
    assert complaint in err
    assert err.count("\n") == 2  # that it sets up, and why it cannot
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize("script", ["play", "setup.sh", "signature", "test"])
def test_a_plain_shell_reads_every_script(script: str) -> None:
    shell = shutil.which("dash") or "sh"  # the strictest at hand: bash takes its own arrays

    checked = subprocess.run([shell, "-n", str(ROOT / "bin" / script)], capture_output=True)

    assert (checked.returncode, checked.stderr) == (0, b"")
