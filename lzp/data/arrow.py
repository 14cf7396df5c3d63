"""Shards of a game store as Arrow files: writing them, and mapping them into memory.

A shard is one Arrow IPC file with one record batch, so that the moves of all its games
are one flat array in the mapped file.
"""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lzp.data.columns import (
    LIST_COLUMNS,
    NUMBER_COLUMNS,
    OPTIONAL_LISTS,
    OPTIONAL_NUMBERS,
    TEXT_COLUMNS,
    GameBlock,
    Ragged,
)

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
        optional: OPTIONAL_LISTS by name: values, and int32 [G + 1] where the rows start;
            all rows are empty where the shard has no such column.
    """

    moves: NDArray[np.uint16]
    starts: NDArray[np.int32]
    setup: NDArray[np.uint16]
    setup_starts: NDArray[np.int32]
    table: "pyarrow.RecordBatch"
    optional: Mapping[str, tuple[NDArray[Any], NDArray[np.int32]]]

    def __len__(self) -> int:
        """Return the number of games."""
        return len(self.starts) - 1

    def numbers(self, name: str) -> NDArray[Any]:
        """Return one of NUMBER_COLUMNS or OPTIONAL_NUMBERS, [G]."""
        if name in OPTIONAL_NUMBERS and name not in self.table.schema.names:
            return np.zeros(len(self), OPTIONAL_NUMBERS[name])
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


def shard_schema(optional: Collection[str] = ()) -> "pyarrow.Schema":
    """Return the columns of a shard, in order, with some of the optional ones."""
    pa = arrow()

    def listed(name: str, kind: type[np.generic]) -> "pyarrow.Field":
        return pa.field(name, pa.list_(pa.from_numpy_dtype(np.dtype(kind))))

    def number(name: str, kind: type[np.generic]) -> "pyarrow.Field":
        return pa.field(name, pa.from_numpy_dtype(np.dtype(kind)))

    fields = [listed(name, kind) for name, kind in LIST_COLUMNS.items()]
    fields += [number(name, kind) for name, kind in NUMBER_COLUMNS.items()]
    fields.append(pa.field("rules", pa.dictionary(pa.int32(), pa.string())))
    fields.append(pa.field("source", pa.string()))
    fields += [listed(name, kind) for name, kind in OPTIONAL_LISTS.items() if name in optional]
    fields += [number(name, kind) for name, kind in OPTIONAL_NUMBERS.items() if name in optional]
    return pa.schema(fields)


def write_shard(path: Path, block: GameBlock) -> None:
    """Write games to a new file and make sure that they are on the disk."""
    pa = arrow()
    used = [name for name in OPTIONAL_LISTS if len(block.lists[name].values)]
    marked = [name for name in OPTIONAL_NUMBERS if block.numbers[name].any()]
    columns: list[pyarrow.Array] = [_lists(block.lists[name]) for name in LIST_COLUMNS]
    columns += [pa.array(block.numbers[name]) for name in NUMBER_COLUMNS]
    for name in TEXT_COLUMNS:
        text = pa.array(block.texts[name], pa.string())
        columns.append(text.dictionary_encode() if name == "rules" else text)
    columns += [_lists(block.lists[name]) for name in used]
    columns += [pa.array(block.numbers[name]) for name in marked]
    schema = shard_schema(used + marked)
    batch = pa.RecordBatch.from_arrays(columns, schema=schema)
    with path.open("wb") as stream:
        with pa.ipc.new_file(stream, schema) as writer:
            writer.write_batch(batch)
        stream.flush()
        os.fsync(stream.fileno())


def _lists(rows: Ragged) -> "pyarrow.ListArray":
    """Return rows of different lengths as an Arrow list column."""
    pa = arrow()
    offsets = np.zeros(len(rows.counts) + 1, np.int32)
    np.cumsum(rows.counts, out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(rows.values))


def open_shard(path: Path) -> Shard:
    """Map a shard into memory; nothing but its description is read.

    Raises:
        StoreError: missing, damaged, or with other columns.
    """
    pa = arrow()
    try:
        source = pa.memory_map(str(path))
        reader = pa.ipc.open_file(source)
        schema = shard_schema(reader.schema.names)
        if reader.num_record_batches != 1 or not reader.schema.equals(schema):
            raise StoreError(f"{path}: not a shard of a game store, or of another version")
        table = reader.get_batch(0)
        table.validate()
    except (pa.ArrowException, OSError) as error:
        raise StoreError(f"{path}: {' '.join(str(error).split())}") from None
    moves, starts = _flat(path, table.column("moves"))
    setup, setup_starts = _flat(path, table.column("setup"))
    optional = {
        name: _flat(path, table.column(name)) if name in schema.names else _no_rows(kind, table)
        for name, kind in OPTIONAL_LISTS.items()
    }
    if not np.array_equal(optional["policy_moves"][1], optional["policy_weights"][1]):
        raise StoreError(f"{path}: damaged: policies have not as many moves as weights")
    shard = Shard(moves, starts, setup, setup_starts, table, optional)
    if bool(np.any(shard.numbers("context") > np.diff(starts))):
        raise StoreError(f"{path}: damaged: a game has fewer moves than plies of context")
    return shard


def _flat(path: Path, column: "pyarrow.ListArray") -> tuple[NDArray[Any], NDArray[np.int32]]:
    """Return a list column's values and offsets, checked, without copying."""
    values = column.values.to_numpy(zero_copy_only=True)
    starts = column.offsets.to_numpy(zero_copy_only=True)
    wrong = len(starts) == 0 or starts[0] < 0 or starts[-1] > len(values)
    if wrong or column.null_count or bool(np.any(np.diff(starts) < 0)):
        raise StoreError(f"{path}: damaged: rows lie outside of the file")
    return values, starts


def _no_rows(
    kind: type[np.generic], table: "pyarrow.RecordBatch"
) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """Return empty rows in place of a column that a shard lacks."""
    values, starts = np.empty(0, kind), np.zeros(len(table) + 1, np.int32)
    for array in (values, starts):
        array.setflags(write=False)  # as those of files: kernels are compiled once
    return values, starts
