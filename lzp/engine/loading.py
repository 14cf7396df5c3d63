"""From a wish to evaluators: chosen, opened, and cross-checked if that is asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from lzp.engine.agreement import CrossCheck, Tally
from lzp.engine.backends import BACKENDS
from lzp.engine.choice import Setting, Wish
from lzp.engine.choice_measure import choose
from lzp.engine.evaluator import Evaluator
from lzp.engine.model import open_evaluators
from lzp.engine.network_file import ModelError, NetworkFile
from lzp.engine.own_reading import OwnReading, own_reading
from lzp.engine.run_options import PRECISIONS


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """A network that is ready.

    Attributes:
        evaluators: one for each lane.
        setting: how it is run.
        reading: what a search with it reads by itself.
        tally: of the cross-check; None without one.
    """

    evaluators: Sequence[Evaluator]
    setting: Setting
    reading: OwnReading
    tally: Tally | None = None


def load_lanes(
    file: NetworkFile, wish: Wish, tell: Callable[[str], None] = lambda _line: None
) -> Loaded:
    """Return a network's evaluators as a wish and this machine have it.

    Args:
        file: the network.
        wish: what was asked for.
        tell: hears what is measured, in a line.

    Raises:
        ModelError: nothing fits the wish, or nothing that does can be used.
    """
    choice = choose(file, wish, tell)
    try:
        return _load(file, choice.setting, wish.batch_size)
    except ModelError:
        if choice.is_new:
            raise
        # Kept from before, and something has changed that the key does not tell.
        choice = choose(file, wish, tell, anew=True)
        return _load(file, choice.setting, wish.batch_size)


def _load(file: NetworkFile, setting: Setting, batch_size: int) -> Loaded:
    """Return a network run in one way; ModelError if it cannot be."""
    options = setting.options(batch_size)
    evaluators = open_evaluators(file, BACKENDS[setting.backend], options)
    reading = own_reading(file, on_gpu=setting.is_on_gpu)
    return Loaded(evaluators=evaluators, setting=setting, reading=reading)


def load_single(
    file: NetworkFile, wish: Wish, tell: Callable[[str], None] = lambda _line: None
) -> Loaded:
    """Return what `load_lanes` would choose as one lane of all threads.

    Raises:
        ModelError: nothing fits the wish, or nothing that does can be used.
    """
    chosen = choose(file, wish, tell).setting
    return _load(file, replace(chosen, lanes=1, threads=wish.threads), wish.batch_size)


def cross_checked(file: NetworkFile, loaded: Loaded, by: str, batch_size: int) -> Loaded:
    """Return the same lanes, each compared with another backend in float32 as it answers.

    Args:
        file: the network.
        loaded: what answers.
        by: name of the backend to compare with.
        batch_size: most positions run at once.

    Raises:
        ModelError: that backend cannot be used.
    """
    setting = Setting(backend=by, precision=PRECISIONS[0], lanes=loaded.setting.lanes, threads=1)
    others = _load(file, setting, batch_size).evaluators
    tally = Tally()
    checks = [
        CrossCheck(first, second, tally)
        for first, second in zip(loaded.evaluators, others, strict=True)
    ]
    return replace(loaded, evaluators=checks, tally=tally)


def describe_check(loaded: Loaded, by: str) -> str:
    """Return what a cross-check found so far, in a line."""
    found = loaded.tally.agreement() if loaded.tally is not None else None
    return f"{loaded.setting.backend} against {by}: {found or 'no positions yet'}"
