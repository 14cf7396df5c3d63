"""Where batches come from: game records become a store once, the store becomes batches."""

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, pairwise
from pathlib import Path

import pytorch_lightning as pl
from pytorch_lightning.utilities import rank_zero_only

from lzp.data import (
    ConvertOptions,
    GameFilter,
    GameStore,
    PositionSampler,
    SamplerParams,
    StoreError,
    StoreMixture,
    convert,
)
from lzp.data.progress import progress_bar
from lzp.features import PLANES
from lzp.train.config import ConfigError
from lzp.train.loader import BatchLoader, ReadPlan, TrainBatch

#: Folder of stores that are made from `sources` when no `store` is named.
STORES = Path("stores")
#: Of the positions that batch norm's statistics are measured on; no run's own order.
_STATISTICS_SEED = 2**63


class PositionDataModule(pl.LightningDataModule):
    """Loads positions of a game store, which it makes from game records where asked to.

    Games are divided by a hash of their moves: 98 % train, 1 % validation, 1 % test. No
    game is ever on two sides of that division, whatever store it is in.

    Args:
        store: the store's folder. Several, as a list: every position of all of them is
            seen once an epoch; with weights, {folder: weight}: each has that share of the
            samples. None with `sources`: a name under `stores/` made from them, so that
            the same sources are converted once.
        sources: game records: folders, .sgf, .sgf.gz, .tar.gz, .zip, and Leela Zero's
            training chunks; used when `store`, a single one, does not exist yet.
        batch_size: positions a batch, on each device.
        seed: of the order of training positions.
        per_game: positions of each game in an epoch; None: all.
        results_only: those of the stores whose games teach who won and whose the points are,
            and whose moves are no example, in training and measuring alike.
        ownership: whether samples say whose each point is in the end.
        ahead: batches made in advance.
        games: which games of the store, and how they are divided.
        options: what goes into the store when it is made.
        side: lines of the board, where `games` does not say.
        planes: of a position, as the caller expects them.

    Raises:
        ConfigError: neither a store nor sources, a number out of range, or a store that
            is not among those named.
    """

    def __init__(
        self,
        *,
        store: str | Sequence[str] | Mapping[str, float] | None,
        sources: Sequence[str] = (),
        batch_size: int = 256,
        seed: int = 1,
        per_game: int | None = None,
        results_only: Sequence[str] = (),
        ownership: bool = False,
        ahead: int = 4,
        games: GameFilter | None = None,
        options: ConvertOptions | None = None,
        side: int = 19,
        planes: int = PLANES,
    ) -> None:
        super().__init__()
        if not store and not sources:
            raise ConfigError("name game records (data.sources=[...]) or a store (data.store=...)")
        if ahead < 0:
            raise ConfigError(f"ahead must be 0 or more, not {ahead}")
        if planes != PLANES:
            raise ConfigError(f"planes: {planes}, this version of lzp makes {PLANES}")
        self._sources = [Path(source) for source in sources]
        self._options = options or ConvertOptions(sides=(side,))
        self._games = games or GameFilter(side=side)
        self._paths = _folders(store) or [_store_of(self._sources, self._options)]
        if self._sources and len(self._paths) > 1:
            raise ConfigError(f"sources become one store; store names {len(self._paths)}")
        self._weights = _weights(store) if isinstance(store, Mapping) else None
        self._results_only = {Path(name) for name in results_only}
        if missing := self._results_only - set(self._paths):
            raise ConfigError(f"results_only: {min(missing)} is not among the stores")
        self._training = SamplerParams(
            batch_size=batch_size, seed=seed, per_game=per_game, ownership=ownership
        )
        # The same positions whatever the run's seed, so that runs can be compared.
        self._measuring = SamplerParams(batch_size=batch_size, ownership=ownership)
        self._ahead = ahead
        self._stores: StoreMixture | None = None

    @property
    def path(self) -> Path:
        """The folder of the store, of the first one if there are several."""
        return self._paths[0]

    def name_game(self, game: int) -> str:
        """Return where a game came from, by its number in batches; its store if there are more."""
        if self._stores is None:
            raise RuntimeError("setup must be called before a game is asked for")
        store, number = self._stores.locate(game)
        shard, row = store.locate(number)
        source = shard.texts("source")[row]
        return source if len(self._paths) == 1 else f"{store.path} {source}"

    def prepare_data(self) -> None:
        """Convert the sources, unless the store is there. Once on each machine.

        Raises:
            SourceError: a source does not exist.
            StoreError: the store cannot be written.
        """
        if self.path.exists() or not self._sources:
            return
        say(f"converting {', '.join(map(str, self._sources))} to {self.path}")
        try:
            with progress_bar() as progress:
                report = convert(self._sources, self.path, self._options, progress=progress)
        except StoreError:
            if self.path.exists():  # another process has made it while this one waited
                return
            raise
        say(f"{report.games_stored:,} games, {report.positions_stored:,} positions stored")

    def setup(self, stage: str) -> None:
        """Open the stores.

        Raises:
            StoreError: one of them is not there, or damaged.
        """
        if self._stores is None:
            self._stores = StoreMixture([GameStore.open(p) for p in self._paths], self._weights)

    def train_dataloader(self) -> BatchLoader:
        """Return batches of the training split in an order made from the seed."""
        return self._loader("train", self._training)

    def val_dataloader(self) -> BatchLoader:
        """Return batches of the validation split, the same each time."""
        return self._loader("val", self._measuring)

    def test_dataloader(self) -> BatchLoader:
        """Return batches of the test split, the same each time."""
        return self._loader("test", self._measuring)

    def statistics_batches(self, count: int) -> Iterator[TrainBatch]:
        """Yield batches of training positions, the same each time and in every process."""
        params = SamplerParams(batch_size=self._training.batch_size, seed=_STATISTICS_SEED)
        loader = BatchLoader(self._sampler("train", params), ReadPlan(ahead=self._ahead))
        return islice(loader, count)

    def _loader(self, split: str, params: SamplerParams) -> BatchLoader:
        trainer = self.trainer
        plan = ReadPlan(
            rank=trainer.global_rank if trainer else 0,
            world=trainer.world_size if trainer else 1,
            ahead=self._ahead,
            repeat=split != "train",
            pin_memory=trainer is not None and trainer.strategy.root_device.type == "cuda",
            results_only=tuple(self._results_games()),
        )
        return BatchLoader(self._sampler(split, params), plan)

    def _results_games(self) -> Iterator[range]:
        """Yield the games of each store that teaches results only, by their numbers."""
        if self._stores is not None:
            for path, games in zip(self._paths, pairwise(self._stores.first_games), strict=True):
                if path in self._results_only:
                    yield range(*map(int, games))

    def _sampler(self, split: str, params: SamplerParams) -> PositionSampler:
        if self._stores is None:
            raise RuntimeError("setup must be called before a loader is asked for")
        return PositionSampler(self._stores, split, params, self._games)


def _folders(store: str | Sequence[str] | Mapping[str, float] | None) -> list[Path]:
    """Return the folders that are named, in order."""
    names = [store] if isinstance(store, str) else store or []
    return [Path(name) for name in names]


def _weights(stores: Mapping[str, float]) -> list[float]:
    """Return the weights of several stores.

    Raises:
        ConfigError: a weight is no number above 0.
    """
    for name, weight in stores.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not weight > 0:
            raise ConfigError(f"store: the weight of {name} must be above 0, not {weight!r}")
    return list(stores.values())


def _store_of(sources: Sequence[Path], options: ConvertOptions) -> Path:
    """Return the folder for converted sources: a name that changes when they do."""
    facts = [[str(path.resolve()), *_state(path)] for path in sources]
    facts.append([sorted(options.exclude), list(options.sides), options.min_moves])
    if options.ownership:
        facts.append(["ownership"])
    if options.games is not None:
        facts.append([repr(options.games)])
    digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
    return STORES / f"{sources[0].name.split('.')[0] or 'games'}-{digest[:12]}"


def _state(path: Path) -> tuple[int, int]:
    """Return size and time of a file or folder; zeros if missing: the conversion will say."""
    if not path.exists():
        return 0, 0
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def say(text: str) -> None:
    """Print a line about the run to stderr, from the first process of several."""
    rank_zero_only(print)(f"lzp-train: {text}", file=sys.stderr, flush=True)
