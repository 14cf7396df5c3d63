"""What is in a store, or in several side by side, as a table for a terminal."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

#: Lines of a distribution that are shown; the rest is counted together.
_SHOWN = 8


def summary_table(summaries: Sequence[dict[str, Any]]) -> Table:
    """Return a table with a column for each of some summaries (summary.summarize)."""
    table = Table(show_lines=True)
    table.add_column()
    for summary in summaries:
        table.add_column(str(summary["path"]), overflow="fold")
    names = list(dict.fromkeys(name for summary in summaries for name in summary))
    for name in names:
        if name != "path":
            cells = [_cell(summary.get(name, "")) for summary in summaries]
            table.add_row(name.replace("_", " "), *cells)
    return table


def _cell(value: Any) -> str | Table:
    """Return one cell: a number, or a small table of counts."""
    if not isinstance(value, dict):
        return f"{value:,}" if isinstance(value, int | float) else str(value)
    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(justify="right")
    shown = list(value.items())[:_SHOWN]
    for name, count in shown:
        grid.add_row(name, f"{count:,}")
    if len(value) > len(shown):
        rest = sum(value.values()) - sum(count for _, count in shown)
        grid.add_row(f"{len(value) - len(shown)} more", f"{rest:,}")
    return grid
