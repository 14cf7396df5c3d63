"""What a conversion found: counts by reason, with examples, as JSON and as a table."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, TextIO

from lzp.data.reasons import REASONS, ConvertOptions

_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One game that a reason applies to.

    Attributes:
        reason: a name of REASONS.
        place: the file, the archive member, the number of the game in it.
        detail: what exactly, with the ply where there is one; may be empty.
        stored: whether the game went into the store all the same.
    """

    reason: str
    place: str
    detail: str = ""
    stored: bool = False


def judge(
    place: str, reasons: Iterable[tuple[str, str]], options: ConvertOptions
) -> tuple[bool, list[Finding]]:
    """Return whether a game is stored, and the reasons that count.

    Args:
        place: of the game.
        reasons: names of REASONS with details, in their order. Those after the first that
            excludes are not looked at; the findings are then this one alone.
        options: what excludes.
    """
    noted: list[Finding] = []
    for reason, detail in reasons:
        if options.excludes(reason):
            return False, [Finding(reason, place, detail)]
        noted.append(Finding(reason, place, detail, stored=True))
    return True, noted


@dataclass(slots=True)
class ConversionReport:
    """Counts of one conversion; games_found == games_stored + sum(excluded.values()).

    Attributes:
        excluded: games left out, by the reason that did it.
        noted: games stored although a reason applied that does not exclude.
        examples: by reason, the first few games.
        broken_sources: files that could not be read to their end: "place: what".
        ignored_files: files in folders and archives whose names are not of game records.
    """

    games_found: int = 0
    games_stored: int = 0
    positions_stored: int = 0
    excluded: dict[str, int] = field(default_factory=dict)
    noted: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)
    broken_sources: list[str] = field(default_factory=list)
    ignored_files: int = 0
    elapsed_s: float = 0.0

    def add(self, finding: Finding) -> None:
        """Count a finding."""
        counter = self.noted if finding.stored else self.excluded
        counter[finding.reason] = counter.get(finding.reason, 0) + 1
        shown = self.examples.setdefault(finding.reason, [])
        if len(shown) < _EXAMPLES:
            shown.append(f"{finding.place}: {finding.detail}" if finding.detail else finding.place)

    def to_json(self) -> dict[str, Any]:
        """Return plain data; `from_json` takes it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "ConversionReport":
        """Return the report of `to_json`.

        Raises:
            TypeError: the data does not have a report's fields.
        """
        return cls(**plain)

    def lines(self) -> list[str]:
        """Return the report as lines of text, aligned, for a terminal."""
        rate = self.positions_stored / self.elapsed_s if self.elapsed_s else 0.0
        lines = [
            f"{self.games_found:>10,}  games found",
            f"{self.games_stored:>10,}  stored, {self.positions_stored:,} positions"
            f" in {self.elapsed_s:.1f} s ({rate:,.0f} positions/s)",
        ]
        for title, counter in (("left out", self.excluded), ("stored, though", self.noted)):
            for reason in REASONS:
                if reason in counter:
                    lines.append(f"{counter[reason]:>10,}  {title}: {REASONS[reason]} [{reason}]")
                    lines += [f"{'':>14}{shown}" for shown in self.examples.get(reason, [])[:2]]
        lines += [f"{'broken':>10}  {text}" for text in self.broken_sources]
        if self.ignored_files:
            lines.append(f"{self.ignored_files:>10,}  files ignored: not named like game records")
        return lines

    def print_to(self, stream: TextIO) -> None:
        """Write the report's lines to a stream."""
        stream.write("\n".join(self.lines()) + "\n")
