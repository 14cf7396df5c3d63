"""Locks between processes: held by one, given back by the system when it is killed."""

import subprocess
import sys
from pathlib import Path

import pytest

from lzp.weights.atomic import remove_parts, replacing
from lzp.weights.locks import FileLock

HOLDER = """
import sys, time
from pathlib import Path
from lzp.weights.locks import FileLock
lock = FileLock(Path(sys.argv[1]))
assert lock.acquire(wait=False)
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> "subprocess.Popen[bytes]":
    """Another process, which holds `lock` until it is killed."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "lock")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_a_lock_is_free_again_when_its_holder_is_killed(
    holder: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    lock = FileLock(tmp_path / "lock")
    with holder:
        assert not lock.acquire(wait=False)
        assert not lock.is_held()
        holder.kill()
    assert lock.acquire(wait=False)
    assert lock.is_held()
    lock.release()
    assert not lock.is_held()
    assert not list(tmp_path.iterdir())


def test_one_who_waited_gets_a_lock_that_others_see(
    holder: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    lock = FileLock(tmp_path / "lock")
    with holder:
        (tmp_path / "lock").unlink()  # as a holder does who releases: the name is free again
        assert lock.acquire(wait=False)
        assert not FileLock(tmp_path / "lock").acquire(wait=False)  # though the other lives
        holder.kill()
    lock.release()


def test_parts_of_the_dead_are_removed_and_nothing_else(tmp_path: Path) -> None:
    kept = [".hidden.part", "last.ckpt", ".last.ckpt.0123456.part", "a.01234567.part"]
    for name in [*kept, ".last.ckpt.01234567.part"]:
        (tmp_path / name).touch()
    remove_parts(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)


def test_a_full_disk_is_named_and_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "net"
    path.write_text("old")
    with pytest.raises(OSError, match="No space left") as caught, replacing(path):
        Path("/dev/full").write_bytes(b"x" * 10)
    assert caught.value.filename is not None
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["net"]
