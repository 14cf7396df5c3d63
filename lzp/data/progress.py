"""A progress bar for conversions, where there is a terminal to show it on."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from lzp.data.convert import Progress, ProgressCallback


@contextmanager
def progress_bar() -> Iterator[ProgressCallback | None]:
    """Show a bar on stderr and give the callback that moves it; None without a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (
        TextColumn("converting"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[counts]}"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("convert", total=None, counts="")

        def move(state: Progress) -> None:
            bar.update(
                task, total=state.total_bytes, completed=state.done_bytes, counts=_counts(state)
            )

        yield move


def _counts(state: Progress) -> str:
    """Return games, positions and speed as one short text."""
    rate = state.positions / state.elapsed_s if state.elapsed_s else 0.0
    return f"{state.games:,} games, {state.positions:,} positions, {rate:,.0f}/s"
