"""Networks of any size on this machine: raw, in one tree, and in many trees at once.

Weights are random, which costs as much to multiply with as any. On a GPU these are the
figures to compare with what the device can do at most; on a CPU the same command runs
with smaller networks.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lzp.engine.evaluator import Evaluator
from lzp.engine.model import as_onnx
from lzp.engine.network_file import NetworkFile
from lzp.engine.own_reading import OwnReading
from lzp.play.bench_rows import Row
from lzp.play.bench_search import SearchBench, bench_search
from lzp.weights import ConvNorm, Dense, LeelaWeights

#: Opens a network in a precision, for batches of a size, once for each lane.
OpenNetwork = Callable[[NetworkFile, str, int, int], Sequence[Evaluator]]

_PLANES = 18
_HIDDEN = 256


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworksBench:
    """What is measured.

    Attributes:
        sizes: (blocks, filters) of each network.
        precisions: what they are computed in.
        roof_tflops: operations a second, in 10^12, that the device can do at most; None if
            that is not known.
        search: how they are searched with, `reading` aside; its `games` with more than one tree
            share batches.
        reading: what a search with a network reads by itself.
        side: of the board.
    """

    sizes: Sequence[tuple[int, int]]
    precisions: Sequence[str]
    roof_tflops: float | None
    search: SearchBench
    reading: Callable[[NetworkFile], OwnReading]
    side: int = 19


def bench_networks(open_network: OpenNetwork, bench: NetworksBench) -> list[Row]:
    """Measure networks; a row for each size, precision, batch size and number of trees."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for blocks, filters in bench.sizes:
            file = write_network(Path(folder), blocks, filters, bench.side)
            operations = count_operations(blocks, filters, bench.side)
            search = replace(bench.search, reading=bench.reading(file))
            for precision in bench.precisions:

                def open_lanes(
                    batch_size: int, lanes: int, file: NetworkFile = file, kind: str = precision
                ) -> Sequence[Evaluator]:
                    return open_network(file, kind, batch_size, lanes)

                for row in bench_search(open_lanes, search):
                    described: Row = {"network": f"{blocks}x{filters}", "precision": precision}
                    shares = _shares(row, operations, bench.roof_tflops)
                    rows.append(described | row | shares)
    return rows


def _shares(row: Row, operations: int, roof_tflops: float | None) -> Row:
    """Return what part of the device's roof the network reaches alone and in search."""
    shares: Row = {}
    for name, figure in (("raw", "evaluations_per_s"), ("search", "playouts_per_s")):
        tflops = float(row[figure]) * operations / 1e12
        shares[f"{name}_tflops"] = tflops
        if roof_tflops is not None:
            shares[f"{name}_share_of_roof"] = tflops / roof_tflops
    return shares


def count_operations(blocks: int, filters: int, side: int) -> int:
    """Return the additions and multiplications of one evaluation, convolved directly."""
    area = side * side
    tower = 9 * filters * (_PLANES + 2 * blocks * filters)
    policy = 2 * filters * area + 2 * area * (area + 1)
    value = filters * area + area * _HIDDEN + _HIDDEN
    return 2 * (area * tower + policy + value)


def write_network(folder: Path, blocks: int, filters: int, side: int) -> NetworkFile:
    """Write a network with random weights as ONNX, as quickly as the disk takes it."""
    path = folder / f"{blocks}x{filters}.onnx"
    weights = random_weights(blocks, filters, side)
    path.write_bytes(as_onnx(weights, path.name).SerializeToString())
    file = NetworkFile(path)
    file.network = weights  # for the backends that run no graph; Leela Zero's text is slow to read
    return file


def random_weights(blocks: int, filters: int, side: int, seed: int = 0) -> LeelaWeights:
    """Return weights that keep the size of activations, so that nothing overflows in float16."""
    random = np.random.default_rng(seed)
    area = side * side
    return LeelaWeights(
        version=1,
        input=_convolution(random, filters, _PLANES, 3),
        blocks=tuple(
            (
                _convolution(random, filters, filters, 3),
                _convolution(random, filters, filters, 3, gain=blocks**-0.5),
            )
            for _ in range(blocks)
        ),
        policy_conv=_convolution(random, 2, filters, 1),
        policy=_dense(random, area + 1, 2 * area),
        value_conv=_convolution(random, 1, filters, 1),
        value_hidden=_dense(random, _HIDDEN, area),
        value=_dense(random, 1, _HIDDEN),
    )


def _convolution(
    random: np.random.Generator, out: int, inputs: int, width: int, gain: float = 1.0
) -> ConvNorm:
    zeros = np.zeros(out, np.float32)
    weight = _normal(random, (out, inputs, width, width), inputs * width * width)
    weight *= np.float32(gain)
    return ConvNorm(weight=weight, bias=zeros, mean=zeros, variance=np.ones(out, np.float32))


def _dense(random: np.random.Generator, out: int, inputs: int) -> Dense:
    return Dense(weight=_normal(random, (out, inputs), inputs), bias=np.zeros(out, np.float32))


def _normal(
    random: np.random.Generator, shape: tuple[int, ...], inputs: int
) -> NDArray[np.float32]:
    return random.standard_normal(shape, np.float32) * np.float32(inputs**-0.5)
