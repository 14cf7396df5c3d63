"""Moves that were not searched because symmetry makes them equal to one that was."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lzp.engine.report import MoveReport
from lzp.features import SYMMETRIES, symmetry_tables
from lzp.go.board import Board
from lzp.go.constants import NO_POINT

#: The move that a report is a mirror image of; None for one that was searched.
Shown = tuple[MoveReport, int | None]


def kept_symmetries(boards: NDArray[np.void]) -> list[int]:
    """Return the symmetries that leave the stones as they lie, the identity first."""
    if boards[0]["ko_point"] != NO_POINT:
        return [0]
    colors = np.asarray(Board(boards).colors()).ravel()
    tables = symmetry_tables(int(boards[0]["side"]))
    return [s for s in range(SYMMETRIES) if np.array_equal(colors[tables[s]], colors)]


def with_images(boards: NDArray[np.void], moves: tuple[MoveReport, ...]) -> Iterator[Shown]:
    """Yield reports in order, each followed by its mirror images that are not among them.

    Args:
        boards: BOARD array [1], the position.
        moves: what was searched of it, best first.
    """
    listed = {report.move for report in moves}
    side = int(boards[0]["side"])
    tables = [_image_table(side, symmetry) for symmetry in kept_symmetries(boards)]
    order = 0
    for report in moves:
        twins = {table[report.move]: table for table in tables}
        twins = {move: table for move, table in twins.items() if move not in listed}
        # The search gave one move the priors of all.
        prior = report.prior / (1 + len(twins))
        yield replace(report, order=order, prior=prior), None
        for number, (move, table) in enumerate(twins.items(), order + 1):
            variation = tuple(table[step] for step in report.pv)
            image = replace(report, move=move, order=number, prior=prior, pv=variation)
            yield image, report.move
        listed.update(twins)
        order += 1 + len(twins)


def _image_table(side: int, symmetry: int) -> list[int]:
    """Return where each move goes under a symmetry, the pass last."""
    return [*symmetry_tables(side)[symmetry].tolist(), side * side]
