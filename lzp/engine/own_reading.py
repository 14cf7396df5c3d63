"""What the search reads by itself beside a network, where that helps: tactics, games played on.

Small networks gain by it. On a CPU it takes less time than they do, on a GPU it would take
most of it (docs/search.md).
"""

import re
from dataclasses import dataclass
from typing import Any

from lzp.engine.network_file import NetworkFile
from lzp.engine.search_params import SearchParams

#: Blocks and filters of Leela Zero's kind of network.
_SIZE = re.compile(r"(\d+)x(\d+)")
#: Blocks times filters squared, about the operations at a point, of the largest one that was
#: measured: 10x128, which ships.
_LARGEST = 10 * 128**2


@dataclass(frozen=True, slots=True)
class OwnReading:
    """How much a search reads by itself; see `SearchParams` for both.

    Attributes:
        rollouts: games played on from each leaf.
        tactics_weight: of tactics in the priors.
    """

    rollouts: int = 0
    tactics_weight: float = 0.0

    def params(self) -> dict[str, Any]:
        """Return it as keywords of `SearchParams`."""
        return {"rollouts": self.rollouts, "tactics_weight": self.tactics_weight}


NO_READING = OwnReading()


def own_reading(file: NetworkFile, *, on_gpu: bool) -> OwnReading:
    """Return what a search with a network reads by itself.

    Args:
        file: of the network. What was measured with the one that ships holds for those of
            its size and below. A strong network tells living groups from dead ones and sees
            ladders by itself, and would be talked out of it. Of other kinds than Leela
            Zero's no size says how strong they are: they are helped with tactics alone.
        on_gpu: whether a GPU runs it: beside one a leaf is to take microseconds.
    """
    if on_gpu:
        return NO_READING
    strong = SearchParams.strong()
    size = _SIZE.fullmatch(file.architecture)
    if size is None:
        return OwnReading(tactics_weight=strong.tactics_weight)
    if int(size[1]) * int(size[2]) ** 2 > _LARGEST:
        return NO_READING
    return OwnReading(strong.rollouts, strong.tactics_weight)
