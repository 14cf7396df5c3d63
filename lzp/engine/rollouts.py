"""Which networks are helped by games played on from a leaf: not large ones (rollout_kernels.py)."""

import re

from lzp.engine.network_file import NetworkFile
from lzp.engine.search_params import SearchParams

#: Blocks and filters of Leela Zero's kind of network; of other kinds nothing is known.
_SIZE = re.compile(r"(\d+)x(\d+)")
#: Blocks times filters squared, about the operations at a point, of the largest one: 10x128.
_LARGEST = 10 * 128**2


def rollouts_for(file: NetworkFile) -> int:
    """Return how many games `SearchParams.rollouts` is to be for a network.

    What was measured with the network that ships (docs/search.md) holds for those of its
    size and below. A strong network tells living groups from dead ones by itself, and would
    be talked out of it.
    """
    size = _SIZE.fullmatch(file.architecture)
    if size is None or int(size[1]) * int(size[2]) ** 2 > _LARGEST:
        return 0
    return SearchParams.strong().rollouts
