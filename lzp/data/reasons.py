"""Why a game may be left out of a store, and which of these reasons count.

Every game of a source is either stored or counted under the first reason, in the order
of `REASONS`, that applies and excludes.
"""

from dataclasses import dataclass

from lzp.data.game_filter import GameFilter

#: Name to meaning, in the order in which they are looked at.
REASONS = {
    "unreadable": "not a readable game record",
    "board-size": "the board is of another side",
    "no-moves": "no moves",
    "edited": "stones were set by hand after the first move",
    "illegal-move": "a move is not possible (occupied, suicide, ko)",
    "history": "a training position whose boards do not follow from one another",
    "too-short": "fewer moves than the minimum",
    "too-long": "more moves than the maximum",
    "no-result": "the record does not say who won",
    "draw": "no winner: a draw",
    "void": "the game was declared void",
    "time": "won on time: says little about the position",
    "forfeit": "won by forfeit",
    "position": "starts from a position with White stones",
    "handicap": "a handicap game",
    "filter": "not among the games that were asked for",
    "duplicate": "the same moves as an earlier game, possibly turned or mirrored",
}
#: Nothing could be stored for these, or nothing that could be trained on.
ALWAYS_EXCLUDED = frozenset({"unreadable", "no-moves", "history", "filter"})
DEFAULT_EXCLUDED = frozenset(REASONS) - {"handicap"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ConvertOptions:
    """What goes into a store, and how it is written.

    A game with an illegal move or a board edited by hand, where that does not exclude, is
    stored up to there. Where the board size does not exclude, any side is stored.

    Attributes:
        exclude: names of REASONS; those in ALWAYS_EXCLUDED are added.
        sides: the board sides wanted.
        min_moves: games with fewer moves are `too-short`.
        max_moves: games with more moves are `too-long`; bounds the cost of a sample.
        games: which games are asked for, as when they are sampled; the side, `undecided` and
            the splits do not matter here. A game that does not pass is left out as `filter`.
        ownership: store whose each point is at the end of a game, as random games from there
            find it: a third more time, and 91 bytes for a game of 19x19.
        shard_moves: a shard is closed when it holds this many moves, 2 bytes each; an entry
            of a search policy counts like a move.
        overwrite: replace an old store of the same name, once the new one is complete.
    """

    exclude: frozenset[str] = DEFAULT_EXCLUDED
    sides: tuple[int, ...] = (19,)
    min_moves: int = 10
    max_moves: int = 1500
    games: GameFilter | None = None
    ownership: bool = False
    shard_moves: int = 1 << 26
    overwrite: bool = False

    def __post_init__(self) -> None:
        """Refuse names that are no reasons and numbers that make no sense."""
        unknown = sorted(set(self.exclude) - set(REASONS))
        if unknown:
            raise ValueError(f"no such reason: {unknown[0]} (known: {', '.join(REASONS)})")
        if not self.sides or not all(2 <= side <= 25 for side in self.sides):
            raise ValueError(f"sides must be from 2 to 25, got {self.sides}")
        if not 1 <= self.min_moves <= self.max_moves:
            raise ValueError("min_moves must be at least 1 and not above max_moves")
        if not 1 <= self.shard_moves <= 1 << 30:
            raise ValueError("shard_moves must be from 1 to 2^30")

    def excludes(self, reason: str) -> bool:
        """Return whether a reason keeps a game out."""
        return reason in self.exclude or reason in ALWAYS_EXCLUDED
