"""How far a review is: a bar on a terminal, nothing in a file."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

#: Told what share is done, in [0, 1].
ShareCallback = Callable[[float], None]


@contextmanager
def progress_bar(name: str, place: str) -> Iterator[ShareCallback]:
    """Show a bar on stderr while a game is reviewed.

    Args:
        name: of the record.
        place: which of how many, or empty.
    """
    if not sys.stderr.isatty():
        yield lambda share: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[place]}"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(escape(name), total=1.0, place=place)
        yield lambda share: bar.update(task, completed=share)
