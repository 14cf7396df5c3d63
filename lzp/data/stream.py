"""In which order the positions of a split are sampled: a stream without end.

Place p of a stream is place p mod N of epoch p div N, where N is the number of positions in
an epoch. An epoch's order is a function of (seed, epoch) alone and is never stored: place 0
and place 10^9 cost the same to ask for, which is what resuming, sharing between processes
and reading with several workers need.
"""

import numpy as np
from numpy.typing import NDArray

from lzp.data.mixing_kernels import mix_pair
from lzp.data.sampler_kernels import Picks, pick_by_game, pick_uniform


class PositionStream:
    """The positions of some games, shuffled, epoch after epoch.

    Attributes:
        games: int64 [G], the games' numbers.
        positions: how many make up an epoch.
    """

    def __init__(
        self,
        games: NDArray[np.int64],
        lengths: NDArray[np.int64],
        seed: int,
        per_game: int | None = None,
    ) -> None:
        """Take the games.

        Args:
            games: [G] at least one.
            lengths: [G], positions of each of them to sample, at least 1.
            seed: selects the order of every epoch.
            per_game: None: an epoch has every position of every game; k: k of every game,
                other ones in each epoch.
        """
        self.games = games
        self._ends = np.cumsum(lengths)
        self._seed = np.uint64(seed % 2**64)
        self._per_game = per_game
        self.positions = len(games) * per_game if per_game else int(self._ends[-1])

    def pick(self, first: int, picks: Picks) -> None:
        """Choose the positions at the places first, first + 1, ... of the stream.

        Args:
            first: 0 or more.
            picks: overwritten; as many places as it has rows.
        """
        row, size = 0, len(picks.games)
        while row < size:
            epoch, index = divmod(first + row, self.positions)
            end = min(size, row + self.positions - index)
            self._pick_epoch(epoch, index, Picks(*(column[row:end] for column in picks)))
            row = end
        picks.games[:] = self.games[picks.games]

    def _pick_epoch(self, epoch: int, first: int, picks: Picks) -> None:
        """Choose places of one epoch; games are numbers within `games`."""
        key = np.uint64(mix_pair(self._seed, np.uint64(epoch % 2**64)))
        if self._per_game is None:
            pick_uniform(self._ends, key, first, picks)
        else:
            pick_by_game(self._ends, self._per_game, key, first, picks)
