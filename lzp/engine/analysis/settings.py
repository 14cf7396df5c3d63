"""What a search is told by KataGo's settings: those of them that mean something here.

They come from a configuration file, from the command line, and from a query's
`overrideSettings`, each over the one before. KataGo's utility of a win and a loss are 1 and
-1, ours winrates of 1 and 0: its numbers in utility are halved.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lzp.engine.search_params import SearchParams
from lzp.go.constants import BLACK, WHITE

#: A search of no other limit ends here.
DEFAULT_VISITS = 500
#: Visits are counted in 32 bits; a query may ask for more and gets as many.
MOST_VISITS = 2**30
_MOST_ASKED = 2**50
#: Moves of a variation, as KataGo's default has it, and the most that are followed.
DEFAULT_PV_LENGTH = 15
MOST_PV_LENGTH = 1000
#: KataGo's wideRootNoise flattens the root's policy by a temperature of 1 + 4 times it.
_WIDE_ROOT_FACTOR = 4.0

PERSPECTIVES = {"BLACK": BLACK, "WHITE": WHITE, "SIDETOMOVE": None}


class SettingError(ValueError):
    """A setting that cannot be used; one line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """How positions are searched and told of.

    Attributes:
        visits: of the root at most.
        playouts: at most; None is no limit.
        time_s: seconds at most of one position; None is no limit.
        perspective: BLACK or WHITE, whose winrates are told; None for who is to move.
        pv_length: moves of a variation at most.
        root_temperature: of the policy at the root; above 1 more moves are looked at.
        wide_root_noise: flattens it further, see `root_exponent`.
        root_fpu_reduction: as `SearchParams` has it, as are the next two; None for ours.
        fpu_reduction: see above.
        cpuct: see above.
        merges_equal_moves: whether of moves that symmetry makes equal one is searched.
        width: positions searched at once; None for what fits the machine.
    """

    visits: int = DEFAULT_VISITS
    playouts: int | None = None
    time_s: float | None = None
    perspective: int | None = BLACK
    pv_length: int = DEFAULT_PV_LENGTH
    root_temperature: float = 1.0
    wide_root_noise: float = 0.0
    root_fpu_reduction: float | None = None
    fpu_reduction: float | None = None
    cpuct: float | None = None
    merges_equal_moves: bool = True
    width: int | None = None

    @property
    def root_exponent(self) -> float:
        """The power that the root's priors are raised to."""
        return 1 / (self.root_temperature * (1 + _WIDE_ROOT_FACTOR * self.wide_root_noise))

    def search_params(self, base: SearchParams) -> SearchParams:
        """Return a search's constants with these settings over them."""
        named = {
            "root_fpu_reduction": self.root_fpu_reduction,
            "fpu_reduction": self.fpu_reduction,
            "cpuct": self.cpuct,
        }
        changes: dict[str, Any] = {k: v for k, v in named.items() if v is not None}
        return replace(base, merge_equal=self.merges_equal_moves, **changes)

    def changed(self, words: Mapping[str, str]) -> tuple["Settings", list[str]]:
        """Return these settings with KataGo's over them, and the names that mean nothing here.

        Args:
            words: values by KataGo's name, as text.

        Raises:
            SettingError: a value is of the wrong kind or out of range.
        """
        changes: dict[str, Any] = {}
        unknown = []
        for name, text in words.items():
            if name in _KNOWN:
                field, read = _KNOWN[name]
                changes[field] = read(name, text)
            elif name not in _WITHOUT_EFFECT:
                unknown.append(name)
        return replace(self, **changes), unknown


def _number(low: float, high: float, scale: float = 1.0) -> Callable[[str, str], float]:
    """Return a reader of numbers in a range, which it scales."""

    def read(name: str, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise SettingError(f"{name} must be a number from {low:g} to {high:g}")
        return scale * value

    return read


def _integer(low: int, high: int) -> Callable[[str, str], int]:
    """Return a reader of whole numbers in a range."""

    def read(name: str, text: str) -> int:
        plain = text.strip()
        is_whole = plain.isascii() and plain.lstrip("-").isdigit() and len(plain) <= len(str(high))
        if not is_whole or not low <= int(plain) <= high:
            raise SettingError(f"{name} must be an integer from {low} to {high}")
        return int(plain)

    return read


def _visits(name: str, text: str) -> int:
    return min(_integer(1, _MOST_ASKED)(name, text), MOST_VISITS)


def _flag(name: str, text: str) -> bool:
    """Read a truth value as KataGo's files have it."""
    truth = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    value = truth.get(text.strip().lower())
    if value is None:
        raise SettingError(f"{name} must be true or false")
    return value


def _perspective(name: str, text: str) -> int | None:
    """Read whose winrates are told."""
    word = text.strip().upper()
    if word not in PERSPECTIVES:
        raise SettingError(f"{name} must be one of {', '.join(PERSPECTIVES)}")
    return PERSPECTIVES[word]


#: KataGo's names, and our fields and readers for them.
_KNOWN: dict[str, tuple[str, Callable[[str, str], Any]]] = {
    "maxVisits": ("visits", _visits),
    "maxPlayouts": ("playouts", _visits),
    "maxTime": ("time_s", _number(0, 1e9)),
    "reportAnalysisWinratesAs": ("perspective", _perspective),
    "analysisPVLen": ("pv_length", _integer(1, MOST_PV_LENGTH)),
    "rootPolicyTemperature": ("root_temperature", _number(0.01, 100)),
    "wideRootNoise": ("wide_root_noise", _number(0, 5)),
    "rootFpuReductionMax": ("root_fpu_reduction", _number(0, 2, 0.5)),
    "fpuReductionMax": ("fpu_reduction", _number(0, 2, 0.5)),
    "cpuctExploration": ("cpuct", _number(0, 10, 0.5)),
    "rootSymmetryPruning": ("merges_equal_moves", _flag),
    "numAnalysisThreads": ("width", _integer(1, 1024)),
}
#: Those that say how KataGo computes, not what: nobody needs to hear that they do nothing.
_WITHOUT_EFFECT = frozenset(
    ("numSearchThreads", "numSearchThreadsPerAnalysisThread", "nnMaxBatchSize", "homeDataDir")
)
