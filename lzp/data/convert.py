"""Game records of any source into a game store, on all cores.

The main process reads and unpacks and cuts the sources into raw games; workers parse and
check them; the main process drops duplicates and writes. Results are taken in the order of
the sources, so that a store does not depend on the number of workers.
"""

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lzp.data.arrow import StoreError
from lzp.data.check import CheckedGames, check_games, warm_up
from lzp.data.columns import GameBlock
from lzp.data.filter_words import objections
from lzp.data.reasons import ConvertOptions
from lzp.data.report import ConversionReport, Finding
from lzp.data.sources import RawSource, SourceError, SourceReader
from lzp.data.store import StoreWriter

_CHUNK_GAMES = 400
_CHUNK_BYTES = 1 << 20
#: Chunks under way for each worker: enough to keep it busy, few enough for the memory.
_CHUNKS_AHEAD = 3


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a conversion has come; bytes are those of the files on the disk."""

    games: int
    positions: int
    done_bytes: int
    total_bytes: int
    elapsed_s: float


ProgressCallback = Callable[[Progress], None]


def convert(
    sources: Sequence[Path],
    store: Path,
    options: ConvertOptions | None = None,
    *,
    workers: int | None = None,
    progress: ProgressCallback | None = None,
) -> ConversionReport:
    """Convert all games of some sources into a new store.

    Args:
        sources: files and folders (sources.py).
        store: the folder to make; it must not exist unless `options.overwrite`.
        options: what goes in.
        workers: processes that parse; by default one for each core. With 1 everything
            happens in this process.
        progress: called in this process after every chunk.

    Returns:
        The counts; they are kept in the store too.

    Raises:
        SourceError: a source does not exist, or there is no game in any of them.
        StoreError: the store exists or cannot be written, or a worker died.
    """
    options = options or ConvertOptions()
    reader = SourceReader(sources)
    workers = workers or available_cores()
    started = time.monotonic()
    report = ConversionReport()
    seen: set[int] = set()
    with StoreWriter(store, options) as writer:
        for checked in _check_chunks(_chunks(reader), options, workers):
            block, keys = _pass_filter(checked, report, options)
            block = _drop_duplicates(block, keys, seen, report, options.excludes("duplicate"))
            writer.add(block)
            report.games_stored += len(block)
            report.positions_stored += block.positions
            report.elapsed_s = time.monotonic() - started
            if progress is not None:
                progress(_progress(report, reader))
        report.broken_sources = reader.problems
        report.ignored_files = reader.ignored
        report.elapsed_s = round(time.monotonic() - started, 3)
        if report.games_found == 0:
            raise SourceError(_nothing_found(sources, reader))
        writer.finish(report)
    return report


def _nothing_found(sources: Sequence[Path], reader: SourceReader) -> str:
    """Return one line about sources that hold no game at all."""
    names = ", ".join(str(source) for source in sources[:3])
    detail = f" ({reader.problems[0]})" if reader.problems else ""
    return f"{names}: no game records found{detail}"


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _chunks(reader: Iterable[RawSource]) -> Iterator[list[RawSource]]:
    """Yield raw games in portions that are worth sending to another process."""
    chunk: list[RawSource] = []
    size = 0
    for raw in reader:
        chunk.append(raw)
        size += raw.size
        if len(chunk) >= _CHUNK_GAMES or size >= _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _check_chunks(
    chunks: Iterator[list[RawSource]], options: ConvertOptions, workers: int
) -> Iterator[CheckedGames]:
    """Yield what each chunk holds, in order."""
    if workers == 1:
        for chunk in chunks:
            yield check_games(chunk, options)
        return
    warm_up()  # the workers then find the compiled kernels on the disk
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent)
    try:
        yield from _in_order(pool, chunks, options, workers * _CHUNKS_AHEAD)
    except BrokenProcessPool:
        raise StoreError("a worker process died (out of memory?); try fewer workers") from None
    finally:
        pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """Make this worker end when its parent does, not with it at Ctrl-C.

    It would wait for work forever after a parent that was killed.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_after, args=(parent.sentinel,), daemon=True).start()


def _exit_after(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


def _in_order(
    pool: Executor, chunks: Iterator[list[RawSource]], options: ConvertOptions, ahead: int
) -> Iterator[CheckedGames]:
    """Send chunks to a pool, a bounded number ahead, and yield the answers in order."""
    under_way: deque[Future[CheckedGames]] = deque()
    for chunk in chunks:
        under_way.append(pool.submit(check_games, chunk, options))
        if len(under_way) >= ahead:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()


def _pass_filter(
    checked: CheckedGames, report: ConversionReport, options: ConvertOptions
) -> tuple[GameBlock, list[int | None]]:
    """Count a chunk's findings; return the games that the filter takes, and their keys."""
    block = checked.block
    report.games_found += checked.found
    for finding in checked.findings:
        report.add(finding)
    reasons = objections(block, options.games)
    for place, reason in zip(block.texts["source"], reasons, strict=True):
        if reason:
            report.add(Finding("filter", place, reason))
    keep = np.array([not reason for reason in reasons], np.bool_)
    keys = [key for key, kept in zip(checked.keys, keep, strict=True) if kept]
    return block.select(keep), keys


def _drop_duplicates(
    block: GameBlock,
    keys: Sequence[int | None],
    seen: set[int],
    report: ConversionReport,
    excludes: bool,
) -> GameBlock:
    """Return the games of a block without those whose keys were seen before."""
    keep = np.ones(len(block), np.bool_)
    for row, key in enumerate(keys):
        if key is None:
            continue
        if key in seen:
            keep[row] = not excludes
            place = block.texts["source"][row]
            report.add(Finding("duplicate", place, stored=not excludes))
        seen.add(key)
    return block.select(keep)


def _progress(report: ConversionReport, reader: SourceReader) -> Progress:
    """Return how far the conversion is."""
    return Progress(
        report.games_found,
        report.positions_stored,
        reader.done_bytes,
        reader.total_bytes,
        report.elapsed_s,
    )
