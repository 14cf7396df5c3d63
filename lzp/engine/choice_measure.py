"""The choice of backend, precision and lanes by a short measurement, kept on disk.

Each candidate is opened with one lane for each thread and held against ONNX Runtime in
float32 on positions of play. The speed of those that are close enough is taken in turns,
since a machine's speed drifts; then the fastest are tried as one lane of all threads, too.
"""

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lzp.engine.agreement import Agreement, Tally
from lzp.engine.backends import BACKENDS, REFERENCE, why_unusable
from lzp.engine.certificate import proven_backends
from lzp.engine.choice import LIMITS, Candidate, Setting, Wish, candidates
from lzp.engine.evaluator import Answer, Evaluator, empty_planes
from lzp.engine.measured_cache import machine_key, read_measured, write_measured
from lzp.engine.model import open_evaluators
from lzp.engine.network_file import ModelError, NetworkFile
from lzp.engine.run_options import AUTO, RunOptions
from lzp.engine.sample_positions import play_games

#: Batches of 8 positions that candidates are compared on: at least, at most, and how long.
LEAST_PLIES, MOST_PLIES, COMPARING_S = 2, 16, 1.0
ROUNDS, ROUND_S = 3, 0.15
#: How many of the fastest are tried with other lanes.
_FINALISTS = 2
#: What differs by less than measurements do.
_ABOUT_AS_FAST = 0.95
#: Lanes on a GPU: one batch waits in line while another is worked on.
_GPU_LANES = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What was found of one way to run a network.

    Attributes:
        setting: the way.
        rate: positions a second; 0 where it was not measured.
        agreement: with the reference; None where there is none, or it is the reference.
        reason: why it cannot be chosen; None if it can.
    """

    setting: Setting
    rate: float = 0.0
    agreement: Agreement | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What was chosen, and out of what.

    Attributes:
        setting: the fastest that is exact enough.
        rows: all that was measured; empty where nothing had to be.
        is_new: it was measured now.
    """

    setting: Setting
    rows: Sequence[Row] = ()
    is_new: bool = False


class _Runner:
    """One way to run a network, open, with its rates so far."""

    def __init__(self, file: NetworkFile, setting: Setting, batch_size: int) -> None:
        backend = BACKENDS[setting.backend]
        self.setting = setting
        self.evaluators = open_evaluators(file, backend, setting.options(batch_size))
        self.agreement: Agreement | None = None
        self._rates: list[float] = []

    @property
    def rate(self) -> float:
        return statistics.median(self._rates) if self._rates else 0.0

    def take_rate(self, planes: NDArray[np.uint8]) -> None:
        """Measure one round: all lanes at once, each over whole batches."""
        self._rates.append(measure_rate(self.evaluators, planes, ROUND_S))


def choose(
    file: NetworkFile,
    wish: Wish,
    tell: Callable[[str], None] = lambda _line: None,
    *,
    anew: bool = False,
) -> Choice:
    """Return how to run a network: what was found before, or what a measurement finds.

    A wish that names both backend and precision is fulfilled without measuring.

    Args:
        file: the network.
        wish: what was asked for.
        tell: hears in a line that a measurement begins.
        anew: forget what was found before.

    Raises:
        ModelError: nothing fits the wish, or nothing that does can be used.
    """
    machine = machine_key()
    proven = proven_backends(file, machine)
    key = _key(machine, file, wish, proven)
    kept = None if anew else read_measured(key)
    if kept is not None and (setting := _read_setting(kept)) is not None:
        return Choice(setting=setting)
    settings = [_widest(one, wish.threads) for one in candidates(file, wish, proven)]
    if len(settings) == 1 and (wish.is_definite or wish.threads == 1):
        return Choice(setting=settings[0], is_new=True)
    tell(f"measuring what runs {file.name} fastest, once on this machine")
    choice = _measure(file, wish, settings)
    rows = [asdict(row) for row in choice.rows]
    write_measured(key, {"setting": asdict(choice.setting), "rows": rows})
    return choice


def _key(
    machine: dict[str, Any], file: NetworkFile, wish: Wish, proven: frozenset[str]
) -> dict[str, Any]:
    network = {"network": file.digest, "architecture": file.architecture}
    return {**machine, **network, "what": "choice", "wish": asdict(wish), "proven": sorted(proven)}


def _read_setting(kept: dict[str, Any]) -> Setting | None:
    """Return the setting of an entry; None if it is of another form."""
    try:
        setting = Setting(**kept["setting"])
        setting.options(1)
        return setting if setting.backend in BACKENDS else None
    except (KeyError, TypeError, ValueError):
        return None


def _widest(candidate: Candidate, threads: int) -> Setting:
    """Return a candidate with one lane for each thread."""
    lanes = _GPU_LANES if candidate.backend.is_on_gpu else threads
    return Setting(
        backend=candidate.backend.name, precision=candidate.precision, lanes=lanes, threads=1
    )


def _measure(file: NetworkFile, wish: Wish, settings: Sequence[Setting]) -> Choice:
    """Compare and time some ways to run a network."""
    samples = _sample(file, wish.threads)
    runners, rows = [], []
    for setting in settings:
        try:
            runner = _Runner(file, setting, wish.batch_size)
        except ModelError as error:
            rows.append(Row(setting=setting, reason=str(error)))
            continue
        runner.agreement = _compare(runner.evaluators[0], samples)
        if reason := _objection(runner, wish):
            rows.append(Row(setting=setting, agreement=runner.agreement, reason=reason))
        else:
            runners.append(runner)
    if not runners:
        reasons = "; ".join(f"{row.setting.backend}: {row.reason}" for row in rows)
        raise ModelError(f"{file.path}: nothing here can run it: {reasons}")
    planes = _full_batch(samples, file.side, wish.batch_size)
    _take_rates(runners, planes)
    finalists = sorted(runners, key=lambda runner: -runner.rate)[:_FINALISTS]
    narrow = [_narrow(file, runner, wish) for runner in finalists]
    others = [runner for runner in narrow if runner is not None]
    if others:
        _take_rates([*finalists, *others], planes)
    runners += others
    rows += [Row(setting=r.setting, rate=r.rate, agreement=r.agreement) for r in runners]
    return Choice(setting=_best(runners).setting, rows=rows, is_new=True)


def _best(runners: Sequence[_Runner]) -> _Runner:
    """Return the fastest; of those about as fast the most exact, with the most lanes."""
    fastest = max(runner.rate for runner in runners)
    return next(runner for runner in runners if runner.rate >= _ABOUT_AS_FAST * fastest)


def _sample(file: NetworkFile, threads: int) -> list[tuple[NDArray[np.uint8], Answer]]:
    """Return positions and the reference's answers; none for files that it cannot run."""
    reference = BACKENDS[REFERENCE]
    if why_unusable(reference, file):
        return []
    (evaluator,) = open_evaluators(file, reference, RunOptions(batch_size=8, threads=threads))
    samples = []
    started = time.perf_counter()
    for sample in play_games(evaluator, MOST_PLIES):
        samples.append(sample)
        if len(samples) >= LEAST_PLIES and time.perf_counter() - started > COMPARING_S:
            break
    return samples


def _compare(
    evaluator: Evaluator, samples: Sequence[tuple[NDArray[np.uint8], Answer]]
) -> Agreement | None:
    """Return how far an evaluator is from the reference."""
    tally = Tally()
    for planes, answer in samples:
        tally.add(answer, evaluator.evaluate(planes))
    return tally.agreement()


def _objection(runner: _Runner, wish: Wish) -> str | None:
    """Say why a way to run is not exact enough; None if it is, or was asked for by name."""
    limits = LIMITS.get(runner.setting.precision)
    if wish.precision != AUTO or limits is None or runner.agreement is None:
        return None
    return None if limits.admit(runner.agreement) else f"too far off: {runner.agreement}"


def _full_batch(
    samples: Sequence[tuple[NDArray[np.uint8], Answer]], side: int, batch_size: int
) -> NDArray[np.uint8]:
    """Return a full batch of sampled positions."""
    planes = np.concatenate([planes for planes, _ in samples] or [empty_planes(side, 1)])
    return np.ascontiguousarray(planes[np.arange(batch_size) % len(planes)])


def _narrow(file: NetworkFile, runner: _Runner, wish: Wish) -> _Runner | None:
    """Return the same backend as one lane of all threads; None where that is no other way."""
    setting = runner.setting
    if wish.threads == 1 or setting.is_on_gpu:
        return None
    single = Setting(
        backend=setting.backend, precision=setting.precision, lanes=1, threads=wish.threads
    )
    try:
        other = _Runner(file, single, wish.batch_size)
    except ModelError:
        return None
    other.agreement = runner.agreement
    return other


def _take_rates(runners: Sequence[_Runner], planes: NDArray[np.uint8]) -> None:
    """Measure some ways to run in turns; fewer rounds where one takes long."""
    for number in range(ROUNDS):
        started = time.perf_counter()
        for runner in runners:
            runner.take_rate(planes)
        if number == 0 and time.perf_counter() - started > 3 * ROUND_S * len(runners):
            return


def measure_rate(
    evaluators: Sequence[Evaluator], planes: NDArray[np.uint8], seconds: float
) -> float:
    """Return the positions a second of lanes that all work at once.

    Args:
        evaluators: one for each lane.
        planes: the batch that each evaluates over and over.
        seconds: how long; the batch begun then is finished, and counted. Each lane
            evaluates one at least.
    """
    done = [0] * len(evaluators)
    started = time.perf_counter()

    def work(lane: int) -> None:
        while not done[lane] or time.perf_counter() - started < seconds:
            evaluators[lane].evaluate(planes)
            done[lane] += len(planes)

    threads = [threading.Thread(target=work, args=(lane,)) for lane in range(len(done))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - started)
