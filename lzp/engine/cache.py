"""The network's answers, kept as long as memory allows and found again by position."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from lzp.engine.cache_state import (
    CACHE,
    ENTRIES_PER_ROW,
    ENTRY,
    EXACT,
    OFF,
    TRANSPOSITIONS,
    WAYS,
    CacheArrays,
)
from lzp.engine.search_params import SearchParams
from lzp.features import SYMMETRIES, inverse_tables

_MODES = {"off": OFF, "exact": EXACT, "transpositions": TRANSPOSITIONS}
#: Positions share answers with their images up to a twelfth of the board's points in plies,
#: as in Leela Zero; later ones hardly ever come up.
_SYMMETRIC_SHARE = 12
_MIB = 2**20


class EvaluationCache:
    """Answers by position, in an amount of memory that never grows."""

    def __init__(self, params: SearchParams, side: int) -> None:
        """Make room; the system hands the memory out as it is filled."""
        size = side * side + 1
        row_bytes = ENTRIES_PER_ROW * ENTRY.itemsize + size * np.dtype(np.float32).itemsize
        rows = 0
        if params.cache != "off":
            rows = int(params.cache_mib * _MIB) // row_bytes // WAYS * WAYS
        mode = params.cache if rows else "off"
        self.arrays = CacheArrays(
            heads=np.zeros(1, CACHE),
            entries=np.zeros(ENTRIES_PER_ROW * rows, ENTRY),
            policies=np.zeros((rows, size), np.float32),
            images=_images(side),
            products=_products(),
        )
        head = self.arrays.heads[0]
        head["mode"] = _MODES[mode]
        if params.symmetry is None and not params.noise and not params.random_moves:
            head["symmetric_plies"] = side * side // _SYMMETRIC_SHARE

    @property
    def lookups(self) -> int:
        """Positions looked up since `begin`."""
        return int(self.arrays.heads[0]["lookups"])

    @property
    def hits(self) -> int:
        """Those among them that were found."""
        return int(self.arrays.heads[0]["hits"])

    @property
    def nbytes(self) -> int:
        """Bytes of memory it takes once it is full."""
        return sum(array.nbytes for array in self.arrays)

    @property
    def used_bytes(self) -> int:
        """Bytes of memory that hold answers."""
        rows, size = self.arrays.policies.shape
        head = self.arrays.heads[0]
        kept = min(int(head["stamp"] - head["forgotten"]), rows)
        return int(kept * (ENTRY.itemsize + size * self.arrays.policies.itemsize))

    def begin(self) -> None:
        """Count lookups from nothing."""
        self.arrays.heads["lookups"] = 0
        self.arrays.heads["hits"] = 0

    def clear(self) -> None:
        """Forget every answer."""
        # As if so many others had been kept since that no policy is left. The memory stays:
        # the system's zeros cost more than writing does, page by page.
        head = self.arrays.heads[0]
        head["stamp"] += len(self.arrays.policies)
        head["forgotten"] = head["stamp"]
        head["awaited"] = 0


@cache
def _images(side: int) -> NDArray[np.uint64]:
    """Return `CacheArrays.images` of a side."""
    area = side * side
    numbers = np.random.default_rng(8).integers(0, 2**64, (3, area), dtype=np.uint64)
    images = numbers[:, inverse_tables(side)]  # [3, 8, side²]
    return np.ascontiguousarray(images.transpose(0, 2, 1))


@cache
def _products() -> NDArray[np.int16]:
    """Return `CacheArrays.products`, from what the symmetries do to a board of 3x3."""
    tables = inverse_tables(3)
    by_table = {tuple(table.tolist()): symmetry for symmetry, table in enumerate(tables)}
    products = [
        [by_table[tuple(tables[a][tables[b]].tolist())] for b in range(SYMMETRIES)]
        for a in range(SYMMETRIES)
    ]
    return np.array(products, np.int16)
