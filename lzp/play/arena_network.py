"""The network of an arena: the fastest backend in float32, on one thread."""

from pathlib import Path

from lzp.engine.choice import Wish
from lzp.engine.evaluator import Evaluator
from lzp.engine.loading import load_single
from lzp.engine.model import open_network
from lzp.engine.run_options import AUTO


def open_fastest(
    path: Path | None, batch_size: int, *, backend: str = AUTO, threads: int = 1
) -> Evaluator:
    """Return a network as one evaluator.

    Args:
        path: the file; None for the network that ships.
        batch_size: most positions run at once.
        backend: "auto" is measured once for a network and a machine.
        threads: of the evaluator.

    Raises:
        ModelError: the network, or the backend, cannot be used.
    """
    wish = Wish(backend=backend, precision="float32", threads=threads, batch_size=batch_size)
    return load_single(open_network(path), wish).evaluators[0]
