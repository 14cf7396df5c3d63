"""A line on stderr that says how far an arena is, how fast it goes, and what it found."""

import sys
import time
from collections.abc import Mapping

from lzp.engine.many import BatchCounts
from lzp.play.arena import ArenaOptions
from lzp.play.arena_game import ArenaGame
from lzp.play.arena_score import result_line, view_of

#: Seconds between lines: one line that is written over on a terminal, many in a file.
_TERMINAL_S, _FILE_S = 2.0, 60.0


class Progress:
    """Shows progress now and then."""

    def __init__(self, options: ArenaOptions, before: Mapping[int, ArenaGame]) -> None:
        """Begin; rates leave out the games that were played before."""
        self._options = options
        self._before = set(before)
        self._is_terminal = sys.stderr.isatty()
        self._every_s = _TERMINAL_S if self._is_terminal else _FILE_S
        self._started = time.monotonic()
        self._due = self._started + self._every_s

    def show(self, games: Mapping[int, ArenaGame], counts: BatchCounts | None) -> None:
        """Write a line if it is time for one.

        Args:
            games: all finished ones by number.
            counts: batches of this run; None where they are made in other processes.
        """
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + self._every_s
        line = self._line(games, counts, now - self._started)
        end = "\x1b[K\r" if self._is_terminal else "\n"
        print(line, end=end, file=sys.stderr, flush=True)

    def _line(
        self, games: Mapping[int, ArenaGame], counts: BatchCounts | None, elapsed_s: float
    ) -> str:
        """Return the line."""
        view = view_of(self._options, games)
        new = [game for number, game in games.items() if number not in self._before]
        evaluations = sum(sum(game.evaluations) for game in new)
        fill = ""
        if counts is not None:
            evaluations = counts.evaluations
            fill = f", {counts.fill:.0f} a batch"
        return (
            f"{len(view.games)}/{view.total} games  {result_line(view)}  "
            f"{len(new) / elapsed_s * 3600:.0f} games/h, "
            f"{evaluations / elapsed_s:.0f} evaluations/s{fill}"
        )
