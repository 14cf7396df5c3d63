"""The networks of an analysis: read, opened, and what is remembered of their answers."""

import gzip
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lzp.engine.cache import EvaluationCache
from lzp.engine.choice import Wish, may_use_gpu
from lzp.engine.lanes import Lanes, Submitter
from lzp.engine.loading import load_lanes
from lzp.engine.measured_cache import usable_cores
from lzp.engine.model import ModelError, open_network
from lzp.engine.network_file import NetworkFile
from lzp.engine.own_reading import NO_READING, OwnReading
from lzp.engine.resilient import guard
from lzp.engine.search_params import SearchParams
from lzp.engine.warmup import warmup

_MOST_THREADS = 16
#: Positions evaluated at once by default: what a core is quickest with, and a GPU.
_CPU_BATCH = 8
_GPU_BATCH = 64
#: KataGo's networks begin with a name and the version of their form.
_KATAGO_HEAD = 256


@dataclass(frozen=True, kw_only=True, slots=True)
class RunWish:
    """How the networks are to be run.

    Attributes:
        backend: a name, or "auto".
        precision: a word of `lzp.engine.run_options.PRECISION_WORDS`.
        threads: of all lanes together; 0 for one a core.
        batch_size: positions evaluated at once; 0 for what fits the machine.
        cache_mib: most memory for answers that are remembered, of all networks.
    """

    backend: str = "auto"
    precision: str = "auto"
    threads: int = 0
    batch_size: int = 0
    cache_mib: int = 100

    @property
    def batch(self) -> int:
        """The positions evaluated at once."""
        return self.batch_size or (_GPU_BATCH if may_use_gpu(self.backend) else _CPU_BATCH)


@dataclass(frozen=True, slots=True)
class Model:
    """A network that is ready.

    Attributes:
        network: what is asked.
        cache: of its answers.
        reading: what searches with it read by themselves.
        facts: what `query_models` tells of it.
    """

    network: Submitter
    cache: EvaluationCache
    reading: OwnReading
    facts: dict[str, Any]

    @classmethod
    def of(
        cls, network: Submitter, cache_mib: int, reading: OwnReading = NO_READING, **facts: Any
    ) -> "Model":
        """Return a network with an empty cache; facts are told beside its name."""
        params = SearchParams(cache_mib=cache_mib)
        named = {"name": network.name, "internalName": network.name, **facts}
        return cls(network, EvaluationCache(params, network.side), reading, named)


def open_models(
    paths: Sequence[Path | None], wish: RunWish, tell: Callable[[str], None]
) -> list[Model]:
    """Return networks that are ready, the kernels compiled; each side of board once.

    Args:
        paths: of the networks; None is the one that ships.
        wish: how they are run.
        tell: hears what is loaded and measured, in lines.

    Raises:
        ModelError: one cannot be read or run, or two are for boards of one side.
    """
    files: dict[int, NetworkFile] = {}
    for path in paths:
        file = open_network(path)
        if file.side in files:
            raise ModelError(f"{file.path}: {files[file.side].path} is for {file.side}x{file.side}")
        files[file.side] = file
    warmup()
    return [_open(file, wish, wish.cache_mib // len(files), tell) for file in files.values()]


def _open(file: NetworkFile, wish: RunWish, cache_mib: int, tell: Callable[[str], None]) -> Model:
    """Return one network, run as the wish and this machine have it."""
    threads = wish.threads or min(usable_cores(), _MOST_THREADS)
    chosen = Wish(
        backend=wish.backend, precision=wish.precision, threads=threads, batch_size=wish.batch
    )
    loaded = load_lanes(file, chosen, tell)
    tell(f"network {file.name} for {file.side}x{file.side}, run by {loaded.setting}")
    return Model.of(
        Lanes(guard(loaded.evaluators, file)),
        cache_mib,
        loaded.reading,
        internalName=f"{file.architecture} {file.digest[:12]}",
        maxBatchSize=wish.batch,
        usesHumanSLProfile=False,
        version=1,
        usingFP16=str(loaded.setting.precision == "float16").lower(),
    )


def is_katago_network(path: Path) -> bool:
    """Return whether a file is a network in KataGo's own form, which cannot be run here."""
    try:
        with path.open("rb") as file:
            is_zipped = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if is_zipped else path.open("rb") as file:
            head = file.read(_KATAGO_HEAD).split(b"\n")
    except (OSError, EOFError):
        return False
    is_name = len(head) > 2 and bool(head[0]) and not head[0].strip().isdigit()
    return is_name and head[1].strip().isdigit()


def tell_on_stderr(line: str) -> None:
    """Write a line to stderr."""
    print(f"lzp-analysis: {line}", file=sys.stderr, flush=True)
