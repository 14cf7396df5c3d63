"""Which backend, precision and lanes a network is run with: what was asked for, what is chosen.

"auto" is decided by `lzp.engine.choice_measure`, once for a network and a machine.
"""

from dataclasses import dataclass
from typing import NamedTuple

from lzp.engine.agreement import Limits
from lzp.engine.backends import BACKENDS, Backend, find_backend, why_unusable
from lzp.engine.gpu import has_nvidia_gpu
from lzp.engine.network_file import ModelError, NetworkFile
from lzp.engine.run_options import AUTO, HALF, PRECISION_WORDS, PRECISIONS, SINGLE, RunOptions
from lzp.engine.search_params import SearchParams

#: What a precision may differ from float32 on the CPU to be chosen without being asked for.
#: Some hundred positions cannot tell 98 % from 99 % of first moves.
LIMITS = {
    "float32": Limits(winrate=0.002, policy=0.01, top1=0.98),
    "float16": Limits(winrate=0.015, policy=0.05, top1=0.97),
    "bfloat16": Limits(winrate=0.015, policy=0.05, top1=0.97),
}
#: int8 has to prove itself on so many positions of real games; see `lzp.engine.certificate`.
INT8_POSITIONS = 1000
INT8_LIMITS = Limits(winrate=0.015, policy=1.0, top1=0.99)

#: What fills a GPU from one tree.
_GPU_BATCH = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What a user asks for.

    Attributes:
        backend: a name, or "auto".
        precision: one of `PRECISION_WORDS`.
        threads: CPU threads of all lanes together.
        batch_size: most positions run at once.

    Raises:
        ValueError: an unknown word, or a number below 1.
    """

    backend: str = AUTO
    precision: str = AUTO
    threads: int
    batch_size: int

    def __post_init__(self) -> None:
        if self.backend != AUTO:
            find_backend(self.backend)
        if self.precision not in PRECISION_WORDS:
            known = ", ".join(PRECISION_WORDS)
            raise ValueError(f"precision {self.precision!r}, expected one of {known}")
        RunOptions(batch_size=self.batch_size, threads=self.threads)

    @property
    def is_definite(self) -> bool:
        """Whether it leaves nothing to choose but lanes."""
        return self.backend != AUTO and self.precision != AUTO


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """How a network is run.

    Attributes:
        backend: its name.
        precision: one of `lzp.engine.run_options.PRECISIONS`.
        lanes: how many evaluators work at once.
        threads: CPU threads of each.
    """

    backend: str
    precision: str
    lanes: int
    threads: int

    def __str__(self) -> str:
        lanes = f"{self.lanes} lane{'s' * (self.lanes > 1)}"
        threads = f"{self.threads} thread{'s' * (self.threads > 1)}"
        return f"{self.backend} in {self.precision}, {lanes} of {threads}"

    @property
    def is_on_gpu(self) -> bool:
        """Whether a GPU runs it."""
        return BACKENDS[self.backend].is_on_gpu

    def options(self, batch_size: int) -> RunOptions:
        """Return what an evaluator is told."""
        return RunOptions(
            batch_size=batch_size,
            threads=self.threads,
            lanes=self.lanes,
            precision=self.precision,
        )


def default_batch(*, on_gpu: bool) -> int:
    """Return how many positions of one tree are evaluated at once where nobody says it.

    On a CPU as many as a core is quickest with. A GPU is filled by more, and makes so many
    visits in a second that its tree has leaves for them.
    """
    return _GPU_BATCH if on_gpu else SearchParams.strong().batch_size


def may_use_gpu(backend: str) -> bool:
    """Return whether a backend, or "auto", would run a network on a GPU of this machine."""
    return has_nvidia_gpu() if backend == AUTO else find_backend(backend).is_on_gpu


class Candidate(NamedTuple):
    """A backend and a precision that may be chosen."""

    backend: Backend
    precision: str


def candidates(file: NetworkFile, wish: Wish, proven: frozenset[str]) -> list[Candidate]:
    """Return what a wish leaves to choose from, most exact first.

    Args:
        file: the network.
        wish: what was asked for.
        proven: names of the backends whose int8 is known to be exact enough.

    Raises:
        ModelError: nothing here fits the wish; says why.
    """
    found = [
        Candidate(backend, precision)
        for backend in _backends(file, wish)
        for precision in backend.precisions()
        if _fits(precision, wish, backend.name in proven)
    ]
    halves = [one for one in found if one.precision in ("float16", "bfloat16")]
    found = halves if wish.precision == HALF and halves else found
    if not found:
        raise ModelError(f"{file.path}: nothing here computes in {wish.precision}{_able(wish)}")
    return sorted(found, key=lambda one: PRECISIONS.index(one.precision))


def _able(wish: Wish) -> str:
    """Say what the backend asked for has instead."""
    if wish.backend == AUTO:
        return ""
    return f"; {wish.backend} has {' and '.join(BACKENDS[wish.backend].precisions())}"


def _backends(file: NetworkFile, wish: Wish) -> list[Backend]:
    """Return the backends that a wish allows and that can run the network."""
    if wish.backend != AUTO:
        backend = BACKENDS[wish.backend]
        if reason := why_unusable(backend, file):
            raise ModelError(f"{file.path}: {backend.name}: {reason}")
        return [backend]
    usable = [backend for backend in BACKENDS.values() if not why_unusable(backend, file)]
    automatic = [backend for backend in usable if backend.is_automatic]
    if not usable:
        reasons = [f"{name}: {why_unusable(b, file)}" for name, b in BACKENDS.items()]
        raise ModelError(f"{file.path}: nothing here can run it: {'; '.join(reasons)}")
    return automatic or usable


def _fits(precision: str, wish: Wish, is_proven: bool) -> bool:
    """Tell whether a precision is one that was asked for."""
    if wish.precision in PRECISIONS:
        return precision == wish.precision
    if wish.precision == SINGLE:
        return precision == "float32"
    return precision != "int8" or (is_proven and wish.precision == AUTO)
