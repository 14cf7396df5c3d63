"""What a training run left in its folder: its configuration and its learning curves.

A run that was stopped and went on has one log for each time (csv/version_0, version_1, ...).
A killed run may have logged steps after its last checkpoint, which it then took again: of
steps that two logs have, the later log's are the ones that led to the network.
"""

import csv
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from lzp.data import GameFilter

_CONFIG = "config.yaml"
_LOGS = "csv/version_*/metrics.csv"
_MOST_CONFIG_BYTES = 1 << 20

#: Figures of one step: name, number.
Row = tuple[int, dict[str, float]]


class RunError(ValueError):
    """A run's folder that cannot be used; one line that names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One logged figure.

    Attributes:
        steps: optimizer steps done when it was taken, rising.
        numbers: the figure, one for each.
    """

    steps: tuple[int, ...]
    numbers: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A training run.

    Attributes:
        folder: of the run.
        curves: by the name of the figure as logged, such as "val/policy_loss".
        config: the run's config.yaml as plain data; empty without one.
    """

    folder: Path
    curves: dict[str, Curve]
    config: dict[str, Any]

    @property
    def name(self) -> str:
        """What to call the run: its folder's name."""
        return self.folder.resolve().name

    @property
    def samples_per_step(self) -> int | None:
        """Positions of an optimizer step, if the configuration says."""
        data, trainer = self._part("data"), self._part("trainer")
        numbers = [
            data.get("batch_size"),
            _devices(trainer.get("devices", 1)),
            trainer.get("num_nodes", 1),
            trainer.get("accumulate_grad_batches", 1),
        ]
        counts = [number for number in numbers if type(number) is int and number > 0]
        return math.prod(counts) if len(counts) == len(numbers) else None

    @property
    def stores(self) -> list[Path]:
        """The game stores that the configuration names; none where it names record files."""
        named = self._part("data").get("store")
        texts = named if isinstance(named, list) else [named]
        return [Path(text) for text in texts if isinstance(text, str)]

    def game_filter(self) -> GameFilter:
        """Return which games the run took and how it divided them.

        Raises:
            RunError: the configuration says something that no filter can be made of.
        """
        said = self._part("data").get("games")
        if not isinstance(said, Mapping):
            return GameFilter()
        known = {field.name for field in fields(GameFilter)}
        try:
            return GameFilter(**{name: said[name] for name in known & said.keys()})
        except (TypeError, ValueError) as error:
            raise RunError(f"{self.folder / _CONFIG}: data.games: {error}") from None

    def _part(self, name: str) -> Mapping[str, Any]:
        part = self.config.get(name)
        return part if isinstance(part, Mapping) else {}


def has_log(folder: Path) -> bool:
    """Tell whether a folder is a run's that has logged something."""
    return any(folder.glob(_LOGS))


def read_run(folder: Path) -> Run:
    """Read the folder of a training run.

    Raises:
        RunError: there is no log, or a file cannot be read.
    """
    logs = sorted(folder.glob(_LOGS), key=_version)
    if not logs:
        what = "no such folder" if not folder.is_dir() else f"no log of a run ({_LOGS})"
        raise RunError(f"{folder}: {what}")
    rows = join_logs(read_log(path) for path in logs)
    return Run(folder=folder, curves=_curves(rows), config=read_config(folder))


def read_config(folder: Path) -> dict[str, Any]:
    """Return a run's config.yaml as plain data; empty where there is none.

    Raises:
        RunError: it cannot be read, or the program that reads it is missing.
    """
    path = folder / _CONFIG
    if not path.is_file():
        return {}
    try:
        import yaml
    except ModuleNotFoundError:
        raise RunError(f"{path}: needs PyYAML: pip install 'lzp[train]'") from None
    try:
        if path.stat().st_size > _MOST_CONFIG_BYTES:
            raise RunError(f"{path}: too large")
        plain = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RunError(f"{path}: cannot be read: {' '.join(str(error).split())}") from None
    return plain if isinstance(plain, dict) else {}


def read_log(path: Path) -> list[Row]:
    """Return the rows of a CSV log; a last line that was cut off is left out.

    Raises:
        RunError: the file cannot be read, or is no such log.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path}: cannot be read: {error}") from None
    whole = text[: text.rfind("\n") + 1].splitlines()
    table = csv.DictReader(whole)
    if "step" not in (table.fieldnames or ()):
        raise RunError(f"{path}: not a training log: no column step")
    try:
        return [(int(row.pop("step")), _numbers(row)) for row in table]
    except (TypeError, ValueError, csv.Error) as error:
        raise RunError(f"{path}: line {table.line_num}: {error}") from None


def join_logs(logs: Iterable[list[Row]]) -> list[Row]:
    """Return the rows of a run's logs as one, each step from the last log that has it."""
    joined: list[Row] = []
    for rows in logs:
        if rows:
            first = min(step for step, _ in rows)
            joined = [row for row in joined if row[0] < first] + rows
    return joined


def _numbers(row: Mapping[str, str | None]) -> dict[str, float]:
    """Return the finite numbers of a row; a cell may be empty."""
    numbers = {name: float(text) for name, text in row.items() if text}
    return {name: number for name, number in numbers.items() if math.isfinite(number)}


def _curves(rows: list[Row]) -> dict[str, Curve]:
    """Return each figure's numbers in the order of steps."""
    points: dict[str, dict[int, float]] = {}
    for step, numbers in rows:
        for name, number in numbers.items():
            points.setdefault(name, {})[step + 1] = number  # logged counting from 0
    ordered = {name: sorted(curve.items()) for name, curve in points.items()}
    return {
        name: Curve(tuple(step for step, _ in curve), tuple(number for _, number in curve))
        for name, curve in ordered.items()
    }


def _version(path: Path) -> int:
    """Return the number in version_N: as text, version_10 would come before version_2."""
    found = re.fullmatch(r"version_(\d{1,9})", path.parent.name)
    return int(found[1]) if found else -1


def _devices(said: Any) -> Any:
    """Return how many devices a trainer uses; None where only the machine knew."""
    if isinstance(said, list):
        return len(said)
    return int(said) if isinstance(said, str) and said.isascii() and said.isdigit() else said
