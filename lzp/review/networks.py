"""The networks of a review, one a board size, each opened when a game first needs it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lzp.engine.choice import Wish
from lzp.engine.lanes import Lanes
from lzp.engine.loading import load_lanes, load_single
from lzp.engine.model import ModelError, open_network
from lzp.engine.network_file import NetworkFile
from lzp.engine.own_reading import OwnReading
from lzp.engine.resilient import guard


@dataclass(frozen=True, slots=True)
class OpenNetwork:
    """A network that is ready.

    Attributes:
        name: of its file.
        description: how it is run, for people.
        lanes: what takes batches.
        reading: what a search with it reads by itself.
    """

    name: str
    description: str
    lanes: Lanes
    reading: OwnReading


class Networks:
    """Opens the network that fits a board."""

    def __init__(
        self, paths: Sequence[Path], wish: Wish, tell: Callable[[str], None], *, one_lane: bool
    ) -> None:
        """Read the files.

        Args:
            paths: none for the network that ships.
            wish: how they are to be run.
            tell: hears what is measured, in a line.
            one_lane: whether all threads work on one batch.

        Raises:
            ModelError: a file cannot be read, or two are for one board.
        """
        self._wish = wish
        self._tell = tell
        self._one_lane = one_lane
        self._files: dict[int, NetworkFile] = {}
        self._opened: dict[int, OpenNetwork] = {}
        wanted: Sequence[Path | None] = paths or [None]
        for path in wanted:
            file = open_network(path)
            if file.side in self._files:
                both = f"{self._files[file.side].name} and {file.name}"
                raise ModelError(f"{both} are for one board, {file.side}x{file.side}: give one")
            self._files[file.side] = file

    def open(self, side: int) -> OpenNetwork:
        """Return the network for a board.

        Raises:
            ModelError: there is none, or it cannot be run.
        """
        if side not in self._files:
            known = ", ".join(f"{file.name} is for {n}x{n}" for n, file in self._files.items())
            raise ModelError(f"a {side}x{side} board needs a network for it (-w); {known}")
        if side not in self._opened:
            self._opened[side] = self._open(self._files[side])
        return self._opened[side]

    def close(self) -> None:
        """End the lanes' threads."""
        for network in self._opened.values():
            network.lanes.close()

    def _open(self, file: NetworkFile) -> OpenNetwork:
        load = load_single if self._one_lane else load_lanes
        loaded = load(file, self._wish, self._tell)
        loaded = replace(loaded, evaluators=guard(loaded.evaluators, file))
        lanes = Lanes(loaded.evaluators)
        return OpenNetwork(file.name, str(loaded.setting), lanes, loaded.reading)
