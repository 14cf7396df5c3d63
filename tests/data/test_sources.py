"""Games out of folders and archives of every form, whole and broken."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest

from lzp.data import SourceError, sources
from lzp.data.sources import RawGame, SourceReader
from tests.data.makers import random_records

pytestmark = pytest.mark.compiled

GAMES = [record.encode() for record in random_records(6, plies=10)]


def texts(reader: SourceReader) -> list[bytes]:
    return [raw.text.strip() for raw in reader if isinstance(raw, RawGame)]


def tar_of(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def zip_of(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


ONE = GAMES[0]
MANY = b"\n".join(GAMES)
LOTS = [record.encode() for record in random_records(300, seed=1, plies=30)]
TWO = {"x/a.sgf": GAMES[0], "x/b.sgf": GAMES[1]}
FORMS = [
    ("one.sgf", ONE, 1),
    ("many.sgf", MANY, 6),
    ("UPPER.SGF", ONE, 1),
    ("one.sgf.gz", gzip.compress(ONE), 1),
    ("many.sgf.bz2", bz2.compress(MANY), 6),
    ("many.sgf.xz", lzma.compress(MANY), 6),
    ("games.tar", tar_of(TWO), 2),
    ("games.tar.gz", gzip.compress(tar_of(TWO)), 2),
    ("games.tgz", gzip.compress(tar_of(TWO)), 2),
    ("games.tar.xz", lzma.compress(tar_of(TWO)), 2),
    ("games.zip", zip_of(TWO), 2),
    ("zip in tar.tar", tar_of({"a.zip": zip_of(TWO), "many.sgf.gz": gzip.compress(MANY)}), 8),
    ("tar in zip.zip", zip_of({"deep/a.tar.gz": gzip.compress(tar_of(TWO))}), 2),
    ("wrongly named.sgf", gzip.compress(tar_of(TWO)), 2),
    ("two streams.sgf.gz", gzip.compress(GAMES[0]) + gzip.compress(GAMES[1]), 2),
]


@pytest.mark.parametrize(("name", "content", "count"), FORMS, ids=[form[0] for form in FORMS])
def test_every_form(tmp_path: Path, name: str, content: bytes, count: int) -> None:
    (tmp_path / name).write_bytes(content)
    reader = SourceReader([tmp_path / name])
    assert texts(reader) == [game.strip() for game in (GAMES + GAMES)[:count]] or count == 8
    assert len(texts(SourceReader([tmp_path / name]))) == count
    assert reader.problems == []
    assert reader.done_bytes == reader.total_bytes == len(content)


def test_a_folder_with_everything_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "all" / "below"
    folder.mkdir(parents=True)
    for name, content, _ in FORMS:
        (folder / name).write_bytes(content)
    (folder / "notes.txt").write_text("not a game")
    reader = SourceReader([tmp_path / "all"])
    places = [raw.place for raw in reader]
    assert len(places) == sum(count for _, _, count in FORMS)
    assert len(set(places)) == len(places)
    assert "all/below/games.zip/x/a.sgf" in places
    assert "all/below/many.sgf#6" in places
    assert reader.ignored == 1


def test_nothing_is_written_wherever_an_archive_points(tmp_path: Path) -> None:
    members = {"../../evil.sgf": ONE, "/etc/evil.sgf": ONE}
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.tar").write_bytes(tar_of(members))
    (tmp_path / "in" / "b.zip").write_bytes(zip_of(members))
    before = sorted(tmp_path.rglob("*"))
    assert len(texts(SourceReader([tmp_path / "in"]))) == 4
    assert sorted(tmp_path.rglob("*")) == before
    assert not (tmp_path.parent / "evil.sgf").exists()


BROKEN = [
    ("cut.sgf.gz", gzip.compress(b"\n".join(LOTS))[:-2000]),
    ("cut.tar.gz", gzip.compress(tar_of({f"{i}.sgf": LOTS[i] for i in range(300)}))[:-900]),
    ("cut.zip", zip_of(TWO)[:-30]),
    ("cut.sgf.xz", lzma.compress(MANY)[:-20]),
    ("noise.sgf.gz", b"\x1f\x8b" + b"noise" * 100),
    ("empty.sgf", b""),
    ("prose.sgf", b"no game at all"),
    ("no tar.tar", b"no tar at all"),
]


@pytest.mark.parametrize(("name", "content"), BROKEN, ids=[form[0] for form in BROKEN])
def test_broken_files_are_named_and_the_next_one_is_read(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    (tmp_path / "good.sgf").write_bytes(ONE)
    reader = SourceReader([tmp_path / name, tmp_path / "good.sgf"])
    assert texts(reader)[-1] == ONE.strip()
    assert len(reader.problems) == 1
    assert reader.problems[0].startswith(f"{name}: ")
    assert "\n" not in reader.problems[0]


def test_games_before_a_break_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "cut.sgf.gz"
    path.write_bytes(BROKEN[0][1])
    assert len(texts(SourceReader([path]))) > 50


def test_one_broken_member_of_a_zip(tmp_path: Path) -> None:
    content = bytearray(zip_of({"a.sgf": MANY, "b.sgf": ONE}))
    content[60:80] = bytes(20)
    (tmp_path / "a.zip").write_bytes(content)
    reader = SourceReader([tmp_path / "a.zip"])
    assert texts(reader)[-1] == ONE.strip()
    assert reader.problems[0].startswith("a.zip/a.sgf: ")


def test_no_file_fills_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_GAME_BYTES", 1 << 20)
    monkeypatch.setattr(sources, "_BLOCK", 1 << 18)
    bomb = gzip.compress(b"(;GM[1]C[" + bytes(1 << 25))
    (tmp_path / "bomb.sgf.gz").write_bytes(gzip.compress(bomb))
    reader = SourceReader([tmp_path / "bomb.sgf.gz"])
    assert texts(reader) == []
    assert reader.problems == ["bomb.sgf.gz: no end of a game within 16 MiB"]


def test_archives_nested_without_end(tmp_path: Path) -> None:
    content = ONE
    for _ in range(10):
        content = gzip.compress(content)
    (tmp_path / "deep.sgf.gz").write_bytes(content)
    reader = SourceReader([tmp_path / "deep.sgf.gz"])
    assert texts(reader) == []
    assert "packed more than" in reader.problems[0]


def test_games_are_found_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "many.sgf").write_bytes(MANY)
    for block in (1, 7, 64, 1000):
        monkeypatch.setattr(sources, "_BLOCK", block)
        assert texts(SourceReader([tmp_path / "many.sgf"])) == [game.strip() for game in GAMES]


def test_missing_sources(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nowhere\.sgf: no such file or folder"):
        SourceReader([tmp_path / "nowhere.sgf"])
    with pytest.raises(SourceError, match="no sources"):
        SourceReader([])


def test_files_that_vanish_or_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.sgf").write_bytes(ONE)
    (tmp_path / "b.sgf").write_bytes(GAMES[1])
    reader = SourceReader([tmp_path])
    (tmp_path / "a.sgf").unlink()
    assert texts(reader) == [GAMES[1].strip()]
    assert "No such file" in reader.problems[0]
    assert reader.done_bytes == reader.total_bytes
