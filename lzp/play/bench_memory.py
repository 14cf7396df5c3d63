"""Run as a program of its own: what one game store costs a fresh process.

    python -m lzp.play.bench_memory STORE open|touch

First it does all that sampling needs once, on a store of one game, so that programs and
compiled kernels are in memory already. Then it opens the store. With `touch` it draws some
thousands of samples and reads every move, which brings in each page of the mapped files
that an epoch would. Prints JSON: `open_s`; `resident_bytes`, the growth of the resident set,
pages of the mapped files included; `private_bytes`, of it what is no page of a file.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

_STATUS = Path("/proc/self/status")
_BATCH = 256
_BATCHES = 40


def main() -> None:
    """Measure the store that the command line names."""
    from lzp.data import StoreError

    try:
        print(json.dumps(_measure(Path(sys.argv[1]), touch=sys.argv[2] == "touch")))
    except (StoreError, ValueError) as error:
        raise SystemExit(str(error)) from None


def _measure(path: Path, *, touch: bool) -> dict[str, float]:
    """Return the figures of a store."""
    from lzp.data import GameStore, PositionSampler, SamplerParams

    _warm_up()
    before = _memory()
    started = time.perf_counter()
    store = GameStore.open(path)
    sampler = PositionSampler(store, "train", SamplerParams(batch_size=_BATCH))
    open_s = time.perf_counter() - started
    if touch:
        for number in range(_BATCHES):
            sampler.samples(number * _BATCH, _BATCH)
        for shard in store.shards:
            shard.moves.max(initial=0)
            shard.setup.max(initial=0)
    after = _memory()
    grown = {f"{name}_bytes": after[name] - before[name] for name in before}
    return {"open_s": open_s, **grown}


def _warm_up() -> None:
    """Convert and sample one game."""
    from lzp.data import ConvertOptions, GameFilter, PositionSampler, SamplerParams, convert
    from lzp.data.store import GameStore

    with tempfile.TemporaryDirectory(prefix="lzp-bench-") as folder:
        source = Path(folder) / "game.sgf"
        source.write_text("(;GM[1]SZ[19]RE[B+R];B[pd];W[dp];B[pp];W[dd])")
        path = Path(folder) / "game.lzps"
        convert([source], path, ConvertOptions(min_moves=1), workers=1)
        every = GameFilter(val_fraction=0.0, test_fraction=0.0)
        sampler = PositionSampler(GameStore.open(path), "train", SamplerParams(), every)
        sampler.samples(0, _BATCH)


def _memory() -> dict[str, float]:
    """Return this process's resident bytes, and those of them that belong to no file.

    Raises:
        ValueError: the system does not say.
    """
    if not _STATUS.exists():
        raise ValueError("resident memory is read from /proc, which this system lacks")
    lines = (line.split() for line in _STATUS.read_text().splitlines())
    sizes = {words[0]: int(words[1]) * 1024 for words in lines if words[-1] == "kB"}
    return {"resident": sizes["VmRSS:"], "private": sizes["RssAnon:"]}


if __name__ == "__main__":
    main()
