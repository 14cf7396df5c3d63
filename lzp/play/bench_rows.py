"""Figures of several things side by side: rows of one table, on a terminal and in Markdown."""

from collections.abc import Mapping, Sequence

from rich.table import Table

#: One row: text and figures by name; `NAME_low` and `NAME_high` are the spread of `NAME`.
Row = dict[str, str | float]

_SPREAD = ("_low", "_high")


def as_table(title: str, caption: str, rows: Sequence[Row]) -> Table:
    """Return rows as a table for a terminal.

    What is the same in all rows goes below it, and a row alone stands upright.
    """
    names = _columns(rows)
    if len(rows) == 1:
        upright = Table(title=title, caption=caption, show_header=False)
        for name in names:
            upright.add_row(label(name), cell(name, rows[0]))
        return upright
    same = [n for n in names if len({row.get(n) for row in rows}) == 1]
    below = ", ".join(f"{label(name)} {cell(name, rows[0])}" for name in same)
    table = Table(title=title, caption="\n".join(filter(None, (below, caption))))
    shown = [name for name in names if name not in same]
    for name in shown:
        table.add_column(label(name), justify="left" if _is_text(name, rows) else "right")
    for row in rows:
        table.add_row(*(cell(name, row) for name in shown))
    return table


def as_markdown(rows: Sequence[Row]) -> str:
    """Return rows as a table in Markdown."""
    names = _columns(rows)
    lines = [
        "| " + " | ".join(label(name) for name in names) + " |",
        "|" + "|".join("---" if _is_text(name, rows) else "---:" for name in names) + "|",
    ]
    lines += ["| " + " | ".join(cell(name, row) for name in names) + " |" for row in rows]
    return "\n".join(lines)


def label(name: str) -> str:
    """Return the name of a figure as people write it."""
    name = name.replace("_per_core_s", "/s of a core").replace("_per_s", "/s")
    return name.replace("_", " ")


def readable(figure: float) -> str:
    """Return a number with the digits that mean something."""
    if figure == int(figure) or figure >= 1000:
        return f"{figure:,.0f}"
    return f"{figure:.3f}" if figure < 10 else f"{figure:.1f}"


def _columns(rows: Sequence[Row]) -> list[str]:
    """Return the names of all figures that get a column, in the order in which they come."""
    names = dict.fromkeys(name for row in rows for name in row)
    return [name for name in names if not name.endswith(_SPREAD)]


def _is_text(name: str, rows: Sequence[Row]) -> bool:
    return any(isinstance(row.get(name), str) for row in rows)


def cell(name: str, row: Mapping[str, str | float]) -> str:
    """Return a figure as text, with the least and the most where they were measured."""
    figure = row.get(name, "")
    if isinstance(figure, str):
        return figure
    low, high = (row.get(f"{name}{end}") for end in _SPREAD)
    if not isinstance(low, int | float) or not isinstance(high, int | float) or low == high:
        return readable(figure)
    return f"{readable(figure)} ({readable(low)} to {readable(high)})"
