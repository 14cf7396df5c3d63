"""Where batches come from: game records become a store once, the store becomes batches."""

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytorch_lightning as pl

from lzp.data import (
    ConvertOptions,
    GameFilter,
    GameStore,
    PositionSampler,
    SamplerParams,
    convert,
)
from lzp.data.progress import progress_bar
from lzp.features import PLANES
from lzp.train.config import ConfigError
from lzp.train.loader import BatchLoader, ReadPlan

#: Folder of stores that are made from `sources` when no `store` is named.
STORES = Path("stores")


class PositionDataModule(pl.LightningDataModule):
    """Loads positions of a game store, which it makes from game records where asked to.

    Games are divided by a hash of their moves: 98 % train, 1 % validation, 1 % test. No
    game is ever on two sides of that division, whatever store it is in.

    Args:
        store: the store's folder; None with `sources`: a name under `stores/` made from
            them, so that the same sources are converted once.
        sources: game records: folders, .sgf, .sgf.gz, .tar.gz, .zip; used when `store` does
            not exist yet.
        batch_size: positions a batch, on each device.
        seed: of the order of training positions.
        per_game: positions of each game in an epoch; None: all.
        ownership: whether samples say whose each point is in the end.
        ahead: batches made in advance.
        games: which games of the store, and how they are divided.
        options: what goes into the store when it is made.
        side: lines of the board, where `games` does not say.
        planes: of a position, as the caller expects them.

    Raises:
        ConfigError: neither a store nor sources, or a number out of range.
    """

    def __init__(
        self,
        *,
        store: str | None,
        sources: Sequence[str] = (),
        batch_size: int = 256,
        seed: int = 1,
        per_game: int | None = None,
        ownership: bool = False,
        ahead: int = 4,
        games: GameFilter | None = None,
        options: ConvertOptions | None = None,
        side: int = 19,
        planes: int = PLANES,
    ) -> None:
        super().__init__()
        if store is None and not sources:
            raise ConfigError("name game records (data.sources=[...]) or a store (data.store=...)")
        if ahead < 0:
            raise ConfigError(f"ahead must be 0 or more, not {ahead}")
        if planes != PLANES:
            raise ConfigError(f"planes: {planes}, this version of lzp makes {PLANES}")
        self._sources = [Path(source) for source in sources]
        self._options = options or ConvertOptions(sides=(side,))
        self._games = games or GameFilter(side=side)
        self._path = Path(store) if store else _store_of(self._sources, self._options)
        self._training = SamplerParams(
            batch_size=batch_size, seed=seed, per_game=per_game, ownership=ownership
        )
        # The same positions whatever the run's seed, so that runs can be compared.
        self._measuring = SamplerParams(batch_size=batch_size, ownership=ownership)
        self._ahead = ahead
        self._store: GameStore | None = None

    @property
    def path(self) -> Path:
        """The folder of the store."""
        return self._path

    def prepare_data(self) -> None:
        """Convert the sources, unless the store is there. Once on each machine.

        Raises:
            SourceError: a source does not exist.
            StoreError: the store cannot be written.
        """
        if self._path.exists() or not self._sources:
            return
        say(f"converting {', '.join(map(str, self._sources))} to {self._path}")
        with progress_bar() as progress:
            report = convert(self._sources, self._path, self._options, progress=progress)
        say(f"{report.games_stored:,} games, {report.positions_stored:,} positions stored")

    def setup(self, stage: str) -> None:
        """Open the store.

        Raises:
            StoreError: there is no store, or it is damaged.
        """
        if self._store is None:
            self._store = GameStore.open(self._path)

    def train_dataloader(self) -> BatchLoader:
        """Return batches of the training split in an order made from the seed."""
        return self._loader("train", self._training)

    def val_dataloader(self) -> BatchLoader:
        """Return batches of the validation split, the same each time."""
        return self._loader("val", self._measuring)

    def test_dataloader(self) -> BatchLoader:
        """Return batches of the test split, the same each time."""
        return self._loader("test", self._measuring)

    def _loader(self, split: str, params: SamplerParams) -> BatchLoader:
        if self._store is None:
            raise RuntimeError("setup must be called before a loader is asked for")
        sampler = PositionSampler(self._store, split, params, self._games)
        trainer = self.trainer
        plan = ReadPlan(
            rank=trainer.global_rank if trainer else 0,
            world=trainer.world_size if trainer else 1,
            ahead=self._ahead,
            repeat=split != "train",
            pin_memory=trainer is not None and trainer.strategy.root_device.type == "cuda",
        )
        return BatchLoader(sampler, plan)


def _store_of(sources: Sequence[Path], options: ConvertOptions) -> Path:
    """Return the folder for converted sources: a name that changes when they do."""
    facts = [[str(path.resolve()), *_state(path)] for path in sources]
    facts.append([sorted(options.exclude), list(options.sides), options.min_moves])
    if options.ownership:
        facts.append(["ownership"])
    digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
    return STORES / f"{sources[0].name.split('.')[0] or 'games'}-{digest[:12]}"


def _state(path: Path) -> tuple[int, int]:
    """Return size and time of a file or folder; zeros if missing: the conversion will say."""
    if not path.exists():
        return 0, 0
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def say(text: str) -> None:
    """Print a line about the run to stderr."""
    print(f"lzp-train: {text}", file=sys.stderr, flush=True)
