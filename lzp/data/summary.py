"""What is in a store, and whether it is sound."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lzp.data.columns import rank_text
from lzp.data.game_filter import SPLITS, GameFilter, split_of
from lzp.data.record_kernels import check_record, hash_record
from lzp.data.store import GameStore
from lzp.features import symmetry_tables
from lzp.go import new_boards
from lzp.go.constants import LEGAL
from lzp.sgf.record import ENDINGS

_SHOWN = 12
_PERCENTS = (0, 10, 50, 90, 100)
_RESULT_NAMES = {1: "Black won", -1: "White won", 0: "neither"}


def summarize(store: GameStore) -> dict[str, Any]:
    """Return the counts of a store as plain data: lengths, results, komi, ranks, splits."""
    if store.games == 0:
        return {"path": str(store.path), "games": 0, "positions": 0, "bytes": store_bytes(store)}
    size = store_bytes(store)
    endings = store.numbers("ending")
    ranks = np.concatenate([store.numbers("black_rank"), store.numbers("white_rank")])
    splits = split_of(store.numbers("hash"), GameFilter())
    return {
        "path": str(store.path),
        "games": store.games,
        "positions": store.positions,
        "bytes": size,
        "bytes_per_position": round(size / store.positions, 3),
        "side": _counts(store.numbers("side"), lambda side: f"{side}x{side}"),
        "moves": {
            f"{percent} %": int(np.percentile(store.lengths, percent)) for percent in _PERCENTS
        },
        "result": _counts(store.numbers("result"), lambda result: _RESULT_NAMES[int(result)]),
        "ending": _counts(endings, lambda ending: ENDINGS[int(ending)]),
        "komi": _counts(store.numbers("komi"), lambda komi: f"{komi:g}"),
        "handicap": _counts(store.numbers("handicap"), str),
        "rank": _counts(ranks, rank_text),
        "year": _counts(store.numbers("date") // 10000, lambda year: str(year or "unknown")),
        "split": _counts(splits, lambda split: SPLITS[int(split)]),
    }


def summary_lines(summary: dict[str, Any]) -> list[str]:
    """Return a summary as lines of text, aligned."""
    lines = []
    for name, value in summary.items():
        if isinstance(value, dict):
            shown = [f"{key} {count:,}" for key, count in list(value.items())[:_SHOWN]]
            if len(value) > _SHOWN:
                shown.append(f"and {len(value) - _SHOWN} more")
            text = " · ".join(shown)
        else:
            text = f"{value:,}" if isinstance(value, int | float) else str(value)
        lines.append(f"{name.replace('_', ' '):>18}  {text}")
    return lines


def store_bytes(store: GameStore) -> int:
    """Return the size of a store on the disk, everything included."""
    return sum(path.stat().st_size for path in store.path.iterdir())


def verify(store: GameStore) -> Iterator[str]:
    """Yield one line for every game that cannot be replayed or does not match its hash."""
    hashes = store.numbers("hash")
    sides = store.numbers("side").tolist()
    for game in range(store.games):
        shard, row = store.locate(game)
        moves = shard.moves[shard.starts[row] : shard.starts[row + 1]]
        setup = shard.setup[shard.setup_starts[row] : shard.setup_starts[row + 1]]
        code, ply = check_record(new_boards(1, sides[game]), setup, moves)
        if code != LEGAL:
            yield f"game {game}: the move at ply {ply + 1} is not possible"
        elif hash_record(setup, moves, symmetry_tables(sides[game])) != hashes[game]:
            yield f"game {game}: its moves do not match its hash"


def _counts(column: NDArray[Any], name: Any) -> dict[str, int]:
    """Return how often each value occurs, most frequent first."""
    values, counts = np.unique(column, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return {name(values[index]): int(counts[index]) for index in order}
