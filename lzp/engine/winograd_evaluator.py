"""Leela Zero networks run by the package's own kernels: the fastest in float32 on a CPU.

Winograd's convolution takes a quarter of the multiplications that the runtimes make, at the
price of a digit: winrates differ from ONNX Runtime's in the sixth place.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from lzp.engine.evaluator import Answer
from lzp.engine.network_file import Network, NetworkFile
from lzp.engine.run_options import RunOptions
from lzp.engine.winograd_kernels import run_network
from lzp.engine.winograd_weights import POSITIONS_TOGETHER, make_room, transform_network
from lzp.features import PLANES
from lzp.features.constants import BLACK_TO_MOVE_PLANE
from lzp.jit import IS_COMPILED
from lzp.weights import LeelaWeights
from lzp.weights.tensors import VALUE_FOR_BLACK


def why_no_winograd() -> str | None:
    """Say why networks cannot be run here in reasonable time; None if they can."""
    return None if IS_COMPILED else "NUMBA_DISABLE_JIT is set, and plain Python takes minutes"


def open_winograd(file: NetworkFile, options: RunOptions) -> list["WinogradEvaluator"]:
    """Return an evaluator for each lane; they share the network's weights.

    Raises:
        ValueError: as for `WinogradEvaluator`.
    """
    first = WinogradEvaluator(file.network, file.name, options)
    return [first, *(first.twin() for _ in range(options.lanes - 1))]


class WinogradEvaluator:
    """An `Evaluator` that runs a Leela Zero network on the CPU; holds no interpreter lock.

    Args:
        weights: the network. Others than Leela Zero's are refused.
        name: what to call it.
        options: threads, among which a batch is divided, and batch size.

    Raises:
        ValueError: not a Leela Zero network, or one whose numbers are too large or too many.
    """

    def __init__(self, weights: Network | None, name: str, options: RunOptions) -> None:
        if not isinstance(weights, LeelaWeights):
            raise ValueError("only Leela Zero's networks run on winograd")
        self.name = name
        self.side = weights.side
        self._options = options
        self._for_black = weights.version == VALUE_FOR_BLACK
        self._network = transform_network(weights)
        self._start()

    def twin(self) -> "WinogradEvaluator":
        """Return another of the same network, for a second lane; they share its weights."""
        other: WinogradEvaluator = object.__new__(WinogradEvaluator)
        other.__dict__.update(self.__dict__)
        other._start()
        return other

    def _start(self) -> None:
        """Make what two evaluators cannot share."""
        threads = self._options.threads
        share = -(-self._options.batch_size // threads)
        self._rooms = [make_room(self._network, self.side, share) for _ in range(threads)]
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        """See `Evaluator.evaluate`.

        Raises:
            ValueError: planes for another board, or not uint8.
        """
        expected = (PLANES, self.side, self.side)
        if planes.shape[1:] != expected or planes.dtype != np.uint8:
            raise ValueError(
                f"planes: {planes.dtype} {list(planes.shape)}, expected uint8 [B, "
                f"{', '.join(map(str, expected))}]"
            )
        policy = np.empty((len(planes), self.side * self.side + 1), np.float32)
        value = np.empty(len(planes), np.float32)
        planes = np.require(planes, requirements=["C", "W"])  # as the kernel was compiled for
        for start in range(0, len(planes), self._options.batch_size):
            part = slice(start, start + self._options.batch_size)
            self._run(planes[part], policy[part], value[part])
        if self._for_black:
            value *= planes[:, BLACK_TO_MOVE_PLANE, 0, 0].astype(np.float32) * 2 - 1
        return policy, (value + np.float32(1)) / np.float32(2)

    def _run(
        self, planes: NDArray[np.uint8], policy: NDArray[np.float32], value: NDArray[np.float32]
    ) -> None:
        """Write the answer to at most `batch_size` positions, a share of them in each thread."""
        shares = np.array_split(np.arange(len(planes)), len(self._rooms))
        work = [
            (self._network, room, POSITIONS_TOGETHER, planes[part], policy[part], value[part])
            for room, share in zip(self._rooms, shares, strict=True)
            if len(share) and (part := slice(share[0], share[-1] + 1))
        ]
        if self._pool is None:
            run_network(*work[0])
        else:
            list(self._pool.map(lambda given: run_network(*given), work))
