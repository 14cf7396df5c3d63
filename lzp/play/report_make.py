"""From what a report is wished of to the report: finds the run and the stores, and measures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lzp import __version__
from lzp.data import GameStore
from lzp.engine.model import ModelError, load_evaluator, shipped_network
from lzp.play.accuracy import Sample
from lzp.play.report import Report
from lzp.play.report_boards import draw_positions
from lzp.play.report_figures import find_figures, surprising_moves, wrong_values
from lzp.play.report_network import About, describe
from lzp.play.report_positions import Positions, group_positions, measure_stores
from lzp.play.report_runs import Run, RunError, has_log, read_run

#: The word for the network that ships with the package.
DEFAULT = "default"
#: Checkpoints of a run, the one to report on first.
_CHECKPOINTS = ("best.ckpt", "last.ckpt")
_BATCH = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What a report shall be of; `Sample` says more of the middle fields.

    Attributes:
        network: a model file of any form, a run's folder, or the word "default".
        stores: game stores to measure on; none takes those of the network's run.
        runs: folders of runs to show; the network's own is found by itself.
        split: of the stores.
        positions: how many; 0 measures nothing.
        even_only: leave out handicap games.
        seed: which positions are drawn.
        hardest: how many boards of each kind.
        threads: CPU threads of the network.
    """

    network: str
    stores: tuple[Path, ...] = ()
    runs: tuple[Path, ...] = ()
    split: str = "val"
    positions: int = 20_000
    even_only: bool = False
    seed: int = 0
    hardest: int = 6
    threads: int = 2


def make_report(wish: Wish) -> Report:
    """Measure and gather all that a report says.

    Raises:
        ModelError: the network cannot be used.
        RunError: a run's folder cannot be read, or there is nothing to measure or to show.
        StoreError: a store cannot be read, or has no games in that split.
        ValueError: a number out of range.
    """
    path = find_network(wish.network)
    own = read_run(path.parent) if has_log(path.parent) else None
    evaluator = load_evaluator(path, batch_size=_BATCH, threads=wish.threads)
    about = describe(path)
    runs = _all_runs(own, wish.runs)
    stores = _stores(wish, own) if wish.positions else []
    positions = measure_stores(evaluator, stores, _sample(wish, own)) if stores else None
    if not runs and positions is None:
        raise RunError(f"{wish.network}: nothing to report: no positions and no run")
    most = wish.hardest
    return Report(
        name=_name(wish.network, path, own),
        version=f"lzp {__version__}",
        facts=(
            *_facts_of_network(about, evaluator.side, own),
            *(_facts_of_positions(positions, wish) if positions else ()),
            ("date", datetime.now(UTC).strftime("%Y-%m-%d")),
        ),
        side=evaluator.side,
        findings=find_figures(positions, group_positions(positions)) if positions else None,
        runs=tuple(runs),
        marks=((float(about.step), path.stem),) if own and about.step else (),
        moves=draw_positions(positions, surprising_moves(positions, most)) if positions else (),
        values=draw_positions(positions, wrong_values(positions, most)) if positions else (),
    )


def find_network(word: str) -> Path:
    """Return the model file that a word of the command line stands for.

    Raises:
        ModelError: it is a folder without a checkpoint, or nothing ships.
    """
    if word == DEFAULT:
        return shipped_network()
    path = Path(word)
    if not path.is_dir():
        return path
    for name in _CHECKPOINTS:
        if (path / name).is_file():
            return path / name
    raise ModelError(f"{path}: a folder without {' or '.join(_CHECKPOINTS)}")


def _all_runs(own: Run | None, folders: Sequence[Path]) -> list[Run]:
    """Return the network's own run and those in further folders, each once."""
    runs = [own] if own else []
    seen = {run.folder.resolve() for run in runs}
    for folder in folders:
        if folder.resolve() not in seen:
            seen.add(folder.resolve())
            runs.append(read_run(folder))
    return runs


def _stores(wish: Wish, own: Run | None) -> list[GameStore]:
    """Return the stores to measure on: those asked for, or else those of the network's run."""
    paths = list(wish.stores) or (own.stores if own else [])
    if not paths:
        why = "its config.yaml names none" if own else "it has no run's config.yaml beside it"
        raise RunError(f"{wish.network}: name a game store (--store): {why}")
    return [GameStore.open(path) for path in paths]


def _sample(wish: Wish, own: Run | None) -> Sample:
    """Return which positions to measure: of the games that the network's run took."""
    return Sample(
        split=wish.split,
        positions=wish.positions,
        even_only=wish.even_only,
        seed=wish.seed,
        games=own.game_filter() if own else None,
    )


def _name(word: str, path: Path, own: Run | None) -> str:
    """Return what to call a network: the word, the file, or its run and the file."""
    if word == DEFAULT:
        return "the network that ships"
    return f"{own.name}/{path.name}" if own else path.name


def _facts_of_network(about: About, side: int, own: Run | None) -> list[tuple[str, str]]:
    """Return what is known of the network before it is measured."""
    facts = [("form", about.form), ("board", f"{side}x{side}"), ("shape", about.shape)]
    if about.step:
        per_step = own.samples_per_step if own else None
        samples = f", {about.step * per_step:,} samples" if per_step else ""
        facts.append(("trained", f"{about.step:,} steps{samples}"))
    return [(name, text) for name, text in facts if text]


def _facts_of_positions(positions: Positions, wish: Wish) -> list[tuple[str, str]]:
    """Return what the network was measured on."""
    games = len(set(positions.game.tolist()))
    count = len(positions.game)
    return [
        ("stores", ", ".join(str(store.path) for store in positions.stores)),
        ("split", wish.split + (", even games only" if wish.even_only else "")),
        ("measured", f"{count:,} positions of {games:,} games"),
    ]
