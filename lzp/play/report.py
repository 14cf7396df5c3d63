"""A report on a network: everything that its page, its picture and its JSON show."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lzp.play.report_boards import Picture
from lzp.play.report_figures import Findings
from lzp.play.report_runs import Run


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What is said of one network.

    Attributes:
        name: of the network.
        version: of this program.
        facts: what was measured and where, as (name, text).
        side: of the board.
        findings: of the measured positions; None where none were.
        runs: training runs to show, the network's own first if it has one.
        marks: steps of the first run to be marked, with their names.
        moves: positions with the most surprising moves.
        values: positions where the value was most wrong.
    """

    name: str
    version: str
    facts: tuple[tuple[str, str], ...]
    side: int
    findings: Findings | None
    runs: tuple[Run, ...]
    marks: tuple[tuple[float, str], ...]
    moves: Sequence[Picture]
    values: Sequence[Picture]

    def to_json(self) -> dict[str, Any]:
        """Return all figures as plain data; numbers that do not exist are None."""
        plain = {
            "network": self.name,
            "version": self.version,
            "facts": dict(self.facts),
            "side": self.side,
            "findings": asdict(self.findings) if self.findings else None,
            "runs": [_plain_run(run) for run in self.runs],
            "surprising_moves": [_plain_picture(picture) for picture in self.moves],
            "wrong_values": [_plain_picture(picture) for picture in self.values],
        }
        cleaned: dict[str, Any] = _without_nan(plain)
        return cleaned


def _plain_run(run: Run) -> dict[str, Any]:
    """Return a run's curves as plain data."""
    return {
        "name": run.name,
        "folder": str(run.folder),
        "samples_per_step": run.samples_per_step,
        "curves": {name: asdict(curve) for name, curve in run.curves.items()},
    }


def _plain_picture(picture: Picture) -> dict[str, Any]:
    """Return what a picture shows, without the drawing."""
    plain = asdict(picture)
    del plain["svg"]
    return plain


def _without_nan(plain: Any) -> Any:
    """Return plain data with None for every number that JSON does not have."""
    if isinstance(plain, dict):
        return {name: _without_nan(value) for name, value in plain.items()}
    if isinstance(plain, (list, tuple)):
        return [_without_nan(value) for value in plain]
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain
