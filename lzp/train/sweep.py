"""A sweep: many runs from one command line, and the table of what came of them.

    runs/NAME/
      0/ 1/ 2/ ...   the runs, each as if alone, with a result.json
      sweep.csv      one row a run, best first

Hydra's sweeper makes the command lines and its launcher runs them, in this process, in
several, or on a cluster; so the runs leave their figures in files, and the process that
began the sweep reads them.
"""

import csv
import io
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from lzp.train.config_values import ConfigError, one_line
from lzp.weights.atomic import replacing

_RESULT = "result.json"
_TABLE = "sweep.csv"
#: What sorts the table, and what a sweeper minimizes.
GOAL = "val/loss"
_SHOWN = (GOAL, "val/policy_top1", "val/value_mse")
_EXIT_BAD_INPUT = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRecord:
    """What is known of one run of a sweep.

    Attributes:
        overrides: its command line.
        figures: its last figures by name; none before its end.
        error: one line, where it failed.
    """

    overrides: tuple[str, ...]
    figures: Mapping[str, float] = field(default_factory=dict)
    error: str = ""

    def write(self, folder: Path) -> None:
        """Write it into the run's folder, which is made where needed."""
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / _RESULT) as file:
            file.write(json.dumps(asdict(self), indent=1).encode())


def read_record(folder: Path) -> RunRecord | None:
    """Return what a run's folder says of it; None where it says nothing.

    Raises:
        ConfigError: the file is damaged.
    """
    path = folder / _RESULT
    if not path.is_file():
        return None
    try:
        plain = json.loads(path.read_bytes())
        figures = {str(name): float(value) for name, value in plain["figures"].items()}
        overrides = tuple(map(str, plain["overrides"]))
        return RunRecord(overrides=overrides, figures=figures, error=str(plain["error"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path}: damaged: {one_line(error)}") from None


def run_recorded(
    folder: Path,
    overrides: Sequence[str],
    run: Callable[[], Mapping[str, float]],
    expected: tuple[type[Exception], ...],
) -> float:
    """Do one run of a sweep; an expected error is its result, and the others go on.

    Args:
        folder: of the run.
        overrides: its command line.
        run: does it and returns its figures.
        expected: errors that bad input causes.

    Returns:
        The validation loss; infinity where the run failed or did not measure it.

    Raises:
        ConfigError: the folder belongs to a run with another command line.
    """
    record = RunRecord(overrides=tuple(overrides))
    before = read_record(folder)
    if before is not None and before.overrides != record.overrides:
        raise ConfigError(
            f"{folder}: from an earlier sweep, {' '.join(before.overrides)}; choose another name="
        )
    if before is None:
        record.write(folder)
    try:
        # A run that had come to its end before does nothing now, and has no figures.
        figures = run() or (before.figures if before else {})
        record = RunRecord(overrides=record.overrides, figures=figures)
    except expected as error:
        record = RunRecord(overrides=record.overrides, error=one_line(error))
        print(f"lzp-train: {folder}: {record.error}", file=sys.stderr, flush=True)
    record.write(folder)
    return record.figures.get(GOAL, float("inf"))


class SweepTable(Callback):
    """Checks every run of a sweep before the first begins, and makes the table at the end.

    Hydra turns what a callback raises into a warning, so that bad input ends the process
    here: with one line and exit code 2, as elsewhere.
    """

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Compose and check all command lines of the sweep, as far as they are known."""
        # Here, not above: a completion of the command line must not wait for torch.
        from lzp.train.agreement import check_agreement
        from lzp.train.config import checked

        loader = GlobalHydra.instance().config_loader()
        try:
            for overrides in _command_lines(config):
                cfg = loader.load_sweep_config(config, list(overrides))
                OmegaConf.set_struct(cfg, False)
                cfg.pop("hydra")
                _, plain = checked(cfg)
                check_agreement(plain)
        except ConfigError as error:
            print(f"lzp-train: {error}", file=sys.stderr)
            sys.exit(_EXIT_BAD_INPUT)
        except HydraException:
            return  # the sweeper composes them too, and says what is wrong

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """Write the table and show it; exit code 2 if a run has failed."""
        folder = Path(str(config.hydra.sweep.dir))
        records = read_sweep(folder)
        if not records:
            return
        with replacing(folder / _TABLE) as file:
            file.write(table(records).encode())
        print(shown(records), flush=True)
        print(f"lzp-train: {folder / _TABLE}", file=sys.stderr, flush=True)
        if any(record.error for record in records.values()):
            sys.exit(_EXIT_BAD_INPUT)


def read_sweep(folder: Path) -> dict[str, RunRecord]:
    """Return the runs of a sweep by the names of their folders, best first."""
    found = {path.parent.name: read_record(path.parent) for path in folder.glob(f"*/{_RESULT}")}
    known = {name: record for name, record in found.items() if record is not None}
    worst = float("inf")
    order = sorted(known, key=lambda n: (known[n].figures.get(GOAL, worst), len(n), n))
    return {name: known[name] for name in order}


def table(records: Mapping[str, RunRecord]) -> str:
    """Return the runs as CSV: folder, what differs between them, figures, error."""
    keys = _varied(records)
    names = {name for record in records.values() for name in record.figures}
    figures = sorted(names, key=lambda name: (name != GOAL, name))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["run", *keys, *figures, "error"])
    for run, record in records.items():
        changes = _changes(record)
        row = [run, *(changes.get(key, "") for key in keys)]
        writer.writerow([*row, *(record.figures.get(f, "") for f in figures), record.error])
    return text.getvalue()


def shown(records: Mapping[str, RunRecord]) -> str:
    """Return the runs as a table for people."""
    keys = _varied(records)
    rows = [["run", *keys, *_SHOWN]]
    for run, record in records.items():
        changes = _changes(record)
        figures = [f"{record.figures[f]:.4f}" if f in record.figures else "-" for f in _SHOWN]
        rows.append([run, *(changes.get(key, "") for key in keys), *figures])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join(lines)


def _command_lines(config: DictConfig) -> list[list[str]]:
    """Return the runs' command lines, as far as they are known before the first run.

    A sweeper other than Hydra's own chooses the values as it goes: then there is one, without
    what is swept.
    """
    texts = OmegaConf.to_container(config.hydra.overrides.task)
    assert isinstance(texts, list)
    loader = GlobalHydra.instance().config_loader()
    overrides = OverridesParser.create(config_loader=loader).parse_overrides(texts)
    if config.hydra.mode != RunMode.MULTIRUN or "BasicSweeper" not in config.hydra.sweeper._target_:
        return [[str(o.input_line) for o in overrides if not o.is_sweep_override()]]
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper

    (runs,) = BasicSweeper.split_arguments(overrides, None)
    return runs


def _varied(records: Mapping[str, RunRecord]) -> list[str]:
    """Return the keys of the command lines whose values are not the same in all runs."""
    changes = [_changes(record) for record in records.values()]
    keys = list(dict.fromkeys(key for change in changes for key in change))
    return [key for key in keys if len({change.get(key) for change in changes}) > 1]


def _changes(record: RunRecord) -> dict[str, str]:
    return {key: value for key, _, value in (text.partition("=") for text in record.overrides)}
