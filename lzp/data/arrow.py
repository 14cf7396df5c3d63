"""Shards of a game store as Arrow files: writing them, and mapping them into memory.

A shard is one Arrow IPC file with one record batch, so that the moves of all its games
are one flat array in the mapped file.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lzp.data.columns import NUMBER_COLUMNS, TEXT_COLUMNS, GameBlock

if TYPE_CHECKING:
    import pyarrow


class StoreError(ValueError):
    """A store that cannot be opened or written; the text is one line that names it."""


@dataclass(frozen=True, slots=True)
class Shard:
    """The games of one file, as arrays on the mapped file (read-only).

    Attributes:
        moves: uint16 [M], all moves.
        starts: int32 [G + 1]; game g has moves[starts[g]:starts[g + 1]].
        setup: uint16, and setup_starts int32 [G + 1], likewise.
        table: the record batch, for the other columns.
    """

    moves: NDArray[np.uint16]
    starts: NDArray[np.int32]
    setup: NDArray[np.uint16]
    setup_starts: NDArray[np.int32]
    table: "pyarrow.RecordBatch"

    def __len__(self) -> int:
        """Return the number of games."""
        return len(self.starts) - 1

    def numbers(self, name: str) -> NDArray[Any]:
        """Return one of NUMBER_COLUMNS, [G]."""
        column: NDArray[Any] = self.table.column(name).to_numpy(zero_copy_only=True)
        return column

    def texts(self, name: str) -> list[str]:
        """Return one of TEXT_COLUMNS, G strings."""
        column: list[str] = self.table.column(name).to_pylist()
        return column


def arrow() -> ModuleType:
    """Return pyarrow, which only training needs.

    Raises:
        StoreError: it is not installed.
    """
    try:
        import pyarrow
    except ModuleNotFoundError:
        raise StoreError("game stores need pyarrow: pip install 'lzp[train]'") from None
    module: ModuleType = pyarrow
    return module


def shard_schema() -> "pyarrow.Schema":
    """Return the columns of a shard, in order."""
    pa = arrow()
    fields = [pa.field(name, pa.list_(pa.uint16())) for name in ("moves", "setup")]
    fields += [
        pa.field(name, pa.from_numpy_dtype(np.dtype(kind))) for name, kind in NUMBER_COLUMNS.items()
    ]
    fields.append(pa.field("rules", pa.dictionary(pa.int32(), pa.string())))
    fields.append(pa.field("source", pa.string()))
    return pa.schema(fields)


def write_shard(path: Path, block: GameBlock) -> None:
    """Write games to a new file and make sure that they are on the disk."""
    pa = arrow()
    columns: list[pyarrow.Array] = [
        _lists(block.moves, block.move_counts),
        _lists(block.setup, block.setup_counts),
    ]
    columns += [pa.array(block.numbers[name]) for name in NUMBER_COLUMNS]
    for name in TEXT_COLUMNS:
        text = pa.array(block.texts[name], pa.string())
        columns.append(text.dictionary_encode() if name == "rules" else text)
    schema = shard_schema()
    batch = pa.RecordBatch.from_arrays(columns, schema=schema)
    with path.open("wb") as stream:
        with pa.ipc.new_file(stream, schema) as writer:
            writer.write_batch(batch)
        stream.flush()
        os.fsync(stream.fileno())


def _lists(values: NDArray[np.uint16], counts: NDArray[np.int64]) -> "pyarrow.ListArray":
    """Return rows of different lengths as an Arrow list column."""
    pa = arrow()
    offsets = np.zeros(len(counts) + 1, np.int32)
    np.cumsum(counts, out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values))


def open_shard(path: Path) -> Shard:
    """Map a shard into memory; nothing but its description is read.

    Raises:
        StoreError: missing, damaged, or with other columns.
    """
    pa = arrow()
    try:
        source = pa.memory_map(str(path))
        reader = pa.ipc.open_file(source)
        if reader.num_record_batches != 1 or not reader.schema.equals(shard_schema()):
            raise StoreError(f"{path}: not a shard of a game store, or of another version")
        table = reader.get_batch(0)
        table.validate()
    except (pa.ArrowException, OSError) as error:
        raise StoreError(f"{path}: {' '.join(str(error).split())}") from None
    moves, starts = _flat(path, table.column("moves"))
    setup, setup_starts = _flat(path, table.column("setup"))
    return Shard(moves, starts, setup, setup_starts, table)


def _flat(path: Path, column: "pyarrow.ListArray") -> tuple[NDArray[np.uint16], NDArray[np.int32]]:
    """Return a list column's values and offsets, checked, without copying."""
    values = column.values.to_numpy(zero_copy_only=True)
    starts = column.offsets.to_numpy(zero_copy_only=True)
    wrong = len(starts) == 0 or starts[0] < 0 or starts[-1] > len(values)
    if wrong or column.null_count or bool(np.any(np.diff(starts) < 0)):
        raise StoreError(f"{path}: damaged: rows lie outside of the file")
    return values, starts
