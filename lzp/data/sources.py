"""Every place that games come from, as one stream of raw games.

A folder (searched to the bottom), .sgf files of one game or many, Leela Zero's training
chunks, .gz, .bz2, .xz, .tar, .tgz, .zip, and archives inside these. Nothing is unpacked to
disk, so no name in an archive can point anywhere; nothing is read further than one block
ahead, so no archive can fill the memory. What is broken is named in `problems`, and reading
goes on with the next file.
"""

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from lzp.data.chunk_stream import RawChunk, chunk_version, split_chunk
from lzp.features.leela_chunks import ChunkError
from lzp.sgf.split import split_games, start_positions

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_SUFFIXES = (".sgf", ".gz", ".tgz", ".tar", ".zip", ".bz2", ".xz", ".tbz2", ".txz")
_TAR_SUFFIXES = (".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz")
_READ_ERRORS = (
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    NotImplementedError,  # an unknown compression method in a .zip
    RuntimeError,  # an encrypted .zip
)
_BLOCK = 1 << 22
_PEEK = 1 << 16
_HEAD = 1 << 12
#: A single game above this is no game; also what a file without any game may cost.
MAX_GAME_BYTES = 1 << 24
#: An archive inside an archive is held in memory if it is a .zip.
MAX_NESTED_ZIP_BYTES = 1 << 28
_MAX_DEPTH = 6

_TAR_MAGIC_AT = 257
_Unpacker = Callable[[BinaryIO], io.BufferedIOBase]
_UNPACKERS: dict[bytes, _Unpacker] = {
    b"\x1f\x8b": lambda stream: gzip.GzipFile(fileobj=stream, mode="rb"),
    b"BZh": lambda stream: bz2.BZ2File(stream),
    b"\xfd7zXZ": lambda stream: lzma.LZMAFile(stream),  # noqa: SIM115
}


class _StepByStep(io.RawIOBase):
    """A decompressor as a raw stream that gives what it has before it fails.

    Its own `read` goes on until it has all that was asked for, and a break in the file
    then takes everything since the last call with it.
    """

    def __init__(self, source: io.BufferedIOBase) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        part = self._source.read1(len(view))
        view[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self._source.close()
        super().close()


class SourceError(ValueError):
    """A source that is not there; the text is one line that names it."""


@dataclass(frozen=True, slots=True)
class RawGame:
    """The bytes of one game and where they were found."""

    place: str
    text: bytes

    @property
    def size(self) -> int:
        """Bytes of the text."""
        return len(self.text)


#: What a worker takes: a game, or some records of a chunk.
RawSource = RawGame | RawChunk


class SourceReader:
    """Iterates over the raw games of several sources, in the order of their names.

    Attributes:
        total_bytes: size of all files, as they lie on the disk.
        done_bytes: how much of that has been read.
        problems: "place: what" of each file that could not be read to its end.
        ignored: files whose names are not those of game records.
    """

    def __init__(self, sources: Sequence[Path]) -> None:
        """List the files.

        Raises:
            SourceError: no sources, or one of them does not exist.
        """
        if not sources:
            raise SourceError("no sources: name at least one file or folder")
        self.problems: list[str] = []
        self.ignored = 0
        self._files = [entry for source in sources for entry in self._list(Path(source))]
        self.total_bytes = sum(size for _, _, size in self._files)
        self.done_bytes = 0

    def _list(self, source: Path) -> Iterator[tuple[Path, str, int]]:
        """Yield the files of a source with the names to show for them and their sizes."""
        if source.is_file():
            yield source, source.name, source.stat().st_size
            return
        if not source.is_dir():
            raise SourceError(f"{source}: no such file or folder")
        for folder, subfolders, names in os.walk(source, onerror=self._note_folder):
            subfolders.sort()
            for name in sorted(names):
                path = Path(folder) / name
                if not path.is_file():
                    continue
                if name.lower().endswith(_SUFFIXES) or _is_plain_chunk(path):
                    yield path, str(path.relative_to(source.parent)), path.stat().st_size
                else:
                    self.ignored += 1

    def __iter__(self) -> Iterator[RawSource]:
        """Yield the raw games and records; call once."""
        for path, place, size in self._files:
            before = self.done_bytes
            try:
                with path.open("rb", buffering=0) as stream:
                    for game in self._walk(cast(BinaryIO, stream), place, 0):
                        self.done_bytes = before + stream.tell()
                        yield game
            except _READ_ERRORS as error:
                self._note(place, error)
            self.done_bytes = before + size

    def _note_folder(self, error: OSError) -> None:
        """Remember a folder that cannot be listed."""
        self._note(str(error.filename), error.strerror)

    def _note(self, place: str, error: object) -> None:
        """Remember what is wrong with a file, in one line."""
        text = " ".join(str(error).split()) or type(error).__name__
        line = f"{place}: {text}"
        if line not in self.problems[-1:]:  # a stream that is read again breaks again
            self.problems.append(line)

    def _walk(self, stream: BinaryIO, place: str, depth: int) -> Iterator[RawSource]:
        """Yield the games of a stream, whatever it is packed in."""
        if depth > _MAX_DEPTH:
            self._note(place, "packed more than six times over")
            return
        with io.BufferedReader(cast(io.RawIOBase, stream), _PEEK) as buffered:
            yield from self._unpack(cast(BinaryIO, buffered), buffered.peek(_PEEK), place, depth)

    def _unpack(self, stream: BinaryIO, head: bytes, place: str, depth: int) -> Iterator[RawSource]:
        """Yield the games of a stream by what it begins with."""
        for magic, unpack in _UNPACKERS.items():
            if head.startswith(magic):
                yield from self._walk(cast(BinaryIO, _StepByStep(unpack(stream))), place, depth + 1)
                return
        if head.startswith(b"PK\x03\x04"):
            yield from self._walk_zip(stream, place, depth)
        elif (version := chunk_version(head)) is not None:
            yield from self._walk_chunk(cast(io.BufferedReader, stream), version, place)
        elif head[_TAR_MAGIC_AT : _TAR_MAGIC_AT + 5] == b"ustar" or (
            place.lower().endswith(_TAR_SUFFIXES)
        ):
            yield from self._walk_tar(stream, place, depth)
        else:
            yield from self._walk_text(cast(io.BufferedReader, stream), place)

    def _walk_chunk(
        self, stream: io.BufferedReader, version: int, place: str
    ) -> Iterator[RawSource]:
        """Yield the records of a chunk, some at a time."""
        blocks = iter(lambda: self._read_block(stream, place), b"")
        try:
            yield from split_chunk(blocks, version, place)
        except ChunkError as error:
            self._note(place, error)

    def _walk_tar(self, stream: BinaryIO, place: str, depth: int) -> Iterator[RawSource]:
        """Yield the games of a tar archive, read from front to back."""
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                if not member.isfile():
                    continue
                if not member.name.lower().endswith(_SUFFIXES):
                    self.ignored += 1
                    continue
                content = archive.extractfile(member)
                if content is not None:
                    name = f"{place}/{member.name}"
                    yield from self._walk(cast(BinaryIO, content), name, depth + 1)

    def _walk_zip(self, stream: BinaryIO, place: str, depth: int) -> Iterator[RawSource]:
        """Yield the games of a zip archive; one that cannot be sought in is read whole."""
        seekable: BinaryIO = stream
        if depth > 0:
            content = stream.read(MAX_NESTED_ZIP_BYTES + 1)
            if len(content) > MAX_NESTED_ZIP_BYTES:
                self._note(place, "a zip inside an archive, above 256 MiB: unpack it first")
                return
            seekable = io.BytesIO(content)
        with zipfile.ZipFile(seekable) as archive:
            for member in archive.infolist():
                if member.is_dir():
                    continue
                if not member.filename.lower().endswith(_SUFFIXES):
                    self.ignored += 1
                    continue
                name = f"{place}/{member.filename}"
                try:
                    with archive.open(member) as content_stream:
                        unpacked = cast(BinaryIO, content_stream)
                        yield from self._walk(unpacked, name, depth + 1)
                except _READ_ERRORS as error:
                    self._note(name, error)

    def _walk_text(self, stream: io.BufferedReader, place: str) -> Iterator[RawSource]:
        """Yield the games of an SGF text, cut at their starts, a block at a time."""
        rest = b""
        number = 0
        while True:
            block = self._read_block(stream, place)
            if not block:
                break
            text = rest + block
            starts = start_positions(text)
            border = starts[-1] if starts else 0
            for piece in split_games(text[:border]):
                number += 1
                yield RawGame(f"{place}#{number}", piece)
            rest = text[border:]
            if len(rest) > MAX_GAME_BYTES:
                self._note(place, "no end of a game within 16 MiB")
                return
        pieces = list(split_games(rest))
        if not pieces and not number:
            self._note(place, "no game in it")
        for piece in pieces:
            number += 1
            is_only = number == 1 and len(pieces) == 1
            yield RawGame(place if is_only else f"{place}#{number}", piece)

    def _read_block(self, stream: io.BufferedReader, place: str) -> bytes:
        """Return the next block; what comes before a break is not lost with it."""
        parts: list[bytes] = []
        size = 0
        while size < _BLOCK:
            try:
                part = stream.read1(min(_PEEK, _BLOCK))
            except _READ_ERRORS as error:
                self._note(place, error)
                break
            if not part:
                break
            parts.append(part)
            size += len(part)
        return b"".join(parts)


def _is_plain_chunk(path: Path) -> bool:
    """Return whether a file of any name is a chunk that is not packed."""
    try:
        with path.open("rb") as stream:
            return chunk_version(stream.read(_HEAD)) is not None
    except OSError:
        return False
