"""Speeds and sizes of game data: records into a store, and samples out of one."""

import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

from lzp.data import ConversionReport, GameStore, PositionSampler, SamplerParams, convert
from lzp.data.sources import RawGame, SourceReader
from lzp.play.bench import Figures, rate, spread
from lzp.play.gtp_client import EngineCrashError, GtpClient

_MEMORY = "lzp.play.bench_memory"
_DUMP_S = 3600.0
#: What leelaz writes for one position: 16 planes, the side to move, the policy, the result.
_DUMP_LINES = 19
_PER_GAME = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversionBench:
    """What `bench_convert` converts.

    Attributes:
        sources: files and folders of game records.
        games: only so many of the first games; None takes all, straight from the sources.
        workers: processes that parse; None takes one for each core.
        rounds: how often.
        leelaz: command line of a leelaz to convert the same games with; None for none.
    """

    sources: Sequence[Path]
    games: int | None = None
    workers: int | None = None
    rounds: int = 5
    leelaz: str | None = None


def bench_convert(bench: ConversionBench) -> Figures:
    """Measure the conversion of game records into a fresh store.

    With `leelaz`, its `dump_supervised` converts the same games in turn with ours; both
    then read one plain file, cut from the sources before.

    Raises:
        SourceError: a source does not exist or holds no games.
        EngineError: leelaz does not start, or ends before it has converted.
    """
    ours: list[ConversionReport] = []
    seconds: list[float] = []
    core_seconds: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory(prefix="lzp-bench-") as folder:
        sources = list(bench.sources)
        if bench.games or bench.leelaz:
            sources = [_cut(sources, bench.games, Path(folder) / "games.sgf")]
        for number in range(bench.rounds):
            store = Path(folder) / f"{number}.lzps"
            started, core_started = time.perf_counter(), _core_s()
            ours.append(convert(sources, store, workers=bench.workers))
            seconds.append(time.perf_counter() - started)
            core_seconds.append(_core_s() - core_started)
            if bench.leelaz:
                theirs.append(_dump_rate(bench.leelaz, sources[0]))
        size = _size(store)
    figures = _conversion_figures(ours[-1], seconds, core_seconds)
    figures["disk_bytes_per_position"] = size / max(ours[-1].positions_stored, 1)
    return figures | _compared(ours, seconds, theirs)


def _core_s() -> float:
    """Return the seconds of cores that this process and those it has waited for have used."""
    used = os.times()
    return time.process_time() + used.children_user + used.children_system


def _conversion_figures(
    report: ConversionReport, seconds: Sequence[float], core_seconds: Sequence[float]
) -> Figures:
    """Return what rounds of our conversion came to; all found the same games."""
    stored, found = report.positions_stored, report.games_found
    return {
        "games": found,
        "positions": stored,
        **spread("positions_per_s", [stored / s for s in seconds]),
        **spread("positions_per_core_s", [stored / s for s in core_seconds]),
        **spread("games_per_s", [found / s for s in seconds]),
    }


def _compared(
    reports: Sequence[ConversionReport], seconds: Sequence[float], theirs: Sequence[float]
) -> Figures:
    """Return how we compare with leelaz, round by round."""
    if not theirs:
        return {}
    ours = [r.positions_stored / s for r, s in zip(reports, seconds, strict=True)]
    ratios = [own / other for own, other in zip(ours, theirs, strict=True)]
    return spread("leelaz_positions_per_s", theirs) | spread("ratio", ratios)


def _cut(sources: Sequence[Path], games: int | None, path: Path) -> Path:
    """Write the first games of some sources, or all, into one SGF file."""
    with path.open("wb") as file:
        for raw in islice(SourceReader(sources), games):
            if isinstance(raw, RawGame):
                file.write(raw.text + b"\n")
    return path


def _size(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _dump_rate(command: str, source: Path) -> float:
    """Return how many positions a second leelaz's dump_supervised writes, its start left out."""
    with tempfile.TemporaryDirectory(prefix="lzp-bench-") as folder:
        client = GtpClient(command)
        try:
            client.send("name", _DUMP_S)
            started = time.perf_counter()
            try:
                client.send(f"dump_supervised {source} {folder}/out", _DUMP_S)
            except EngineCrashError:
                # It dies of a multiple of 32 games, when all of them have been written.
                if not any(Path(folder).iterdir()):
                    raise
            elapsed = time.perf_counter() - started
        finally:
            client.close()
        return _dumped_positions(Path(folder).iterdir()) / elapsed


def _dumped_positions(files: Iterable[Path]) -> int:
    """Return how many positions are in the files that leelaz wrote."""
    lines = 0
    for path in files:
        with gzip.open(path) as stream:
            lines += sum(1 for _ in stream)
    return lines // _DUMP_LINES


def bench_store(store: Path, batch_size: int, rounds: int, round_s: float) -> Figures:
    """Measure a store: opening, size on the disk and in memory, samples a second.

    Opening is measured in fresh processes, from the description on the disk to a sampler
    that has chosen its games; cold: after the system was told to forget the files.
    Resident memory is what bench_memory.py says.

    Raises:
        StoreError: the store cannot be read, or has no games to train on.
        ValueError: this system does not say how much memory a process has.
    """
    opened = GameStore.open(store)
    positions = opened.positions
    cold = [_ask_fresh_process(store, touch=False, forget=True) for _ in range(rounds)]
    warm = [_ask_fresh_process(store, touch=False) for _ in range(rounds)]
    used = [_ask_fresh_process(store, touch=True) for _ in range(rounds)]
    figures: Figures = {
        "games": opened.games,
        "positions": positions,
        **spread("open_cold_s", [answer["open_s"] for answer in cold]),
        **spread("open_warm_s", [answer["open_s"] for answer in warm]),
        "disk_bytes_per_position": _size(store) / positions,
    }
    for name in ("resident", "private"):
        each = [answer[f"{name}_bytes"] / positions for answer in used]
        figures |= spread(f"{name}_bytes_per_position", each)
    return figures | _sampling(opened, batch_size, rounds, round_s)


def _ask_fresh_process(store: Path, *, touch: bool, forget: bool = False) -> dict[str, float]:
    """Open a store in a process of its own and return what bench_memory.py says of it."""
    if forget:
        _forget_files(store)
    words = [sys.executable, "-m", _MEMORY, str(store), "touch" if touch else "open"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(done.stderr.strip().splitlines()[-1] if done.stderr else "no answer")
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def _forget_files(folder: Path) -> None:
    """Ask the system to drop what it holds of a folder's files, where it can be asked."""
    if not hasattr(os, "posix_fadvise"):
        return
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _sampling(store: GameStore, batch_size: int, rounds: int, round_s: float) -> Figures:
    """Return samples a second in each mode, on one core, the modes in turn.

    A second of the clock, and one that the core spent on it: on a machine that is busy
    with other things the second says what an idle one would do.
    """
    modes = {
        "uniform": SamplerParams(batch_size=batch_size),
        "per_game": SamplerParams(batch_size=batch_size, per_game=_PER_GAME),
        "with_ownership": SamplerParams(batch_size=batch_size, ownership=True),
    }
    draws = {name: _draw(PositionSampler(store, "train", mode)) for name, mode in modes.items()}
    for draw in draws.values():
        draw()
    rates: dict[str, list[float]] = {
        f"{name}_samples_per_{unit}": [] for name in draws for unit in ("s", "core_s")
    }
    for _ in range(rounds):
        for name, draw in draws.items():
            started, core_started = time.perf_counter(), time.process_time()
            speed = rate(draw, round_s)
            share = (time.process_time() - core_started) / (time.perf_counter() - started)
            rates[f"{name}_samples_per_s"].append(speed)
            rates[f"{name}_samples_per_core_s"].append(speed / share)
    figures: Figures = {}
    for name, found in rates.items():
        figures |= spread(name, found)
    return figures


def _draw(sampler: PositionSampler) -> Callable[[], int]:
    """Return what makes the next batch and says how many samples it has."""
    size = sampler.params.batch_size
    firsts = count(0, size)

    def draw() -> int:
        return len(sampler.samples(next(firsts), size).ply)

    return draw
