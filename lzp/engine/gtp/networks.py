"""The networks that -w names: one for each size of board, and what runs them."""

from collections.abc import Sequence

from lzp.engine.loading import Loaded
from lzp.engine.network_file import ModelError, NetworkFile


class Networks:
    """Networks by the side of their board.

    Attributes:
        files: in the order in which they were named; the first is played with at the start.
        loaded: what runs them, by side; a network is loaded when its size is first played.
    """

    def __init__(self, files: Sequence[NetworkFile] = ()) -> None:
        """Take networks; none where there is none that can be read.

        Raises:
            ModelError: two are for the same size.
        """
        self.files = tuple(files)
        self.loaded: dict[int, Loaded] = {}
        for index, file in enumerate(self.files):
            for other in self.files[:index]:
                if other.side == file.side:
                    size = f"{file.side}x{file.side}"
                    raise ModelError(f"{file.path}: {other.path} is for {size} as well")

    @property
    def first(self) -> NetworkFile | None:
        """The first one; None where there is none."""
        return self.files[0] if self.files else None

    def at(self, side: int) -> NetworkFile | None:
        """Return the network for a side, None if there is none."""
        return next((file for file in self.files if file.side == side), None)

    def __str__(self) -> str:
        """Say which network is for which size."""
        return ", ".join(f"{file.name} is for {file.side}x{file.side}" for file in self.files)
