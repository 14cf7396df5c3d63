"""A record's game as far as it can be played, and why not further."""

from dataclasses import dataclass, replace

from lzp.go import BLACK, Game, IllegalMoveError
from lzp.go.vertex import format_vertex
from lzp.sgf import GameRecord, SgfError, to_game


@dataclass(frozen=True, slots=True)
class PlayedGame:
    """The part of a record that is reviewed.

    Attributes:
        record: its moves are those of `game`.
        game: after the last of them.
        notes: for people, in a line each: why it ends before the record does.
    """

    record: GameRecord
    game: Game
    notes: tuple[str, ...]


def play_through(record: GameRecord) -> PlayedGame:
    """Play a record's moves up to its end or to one that the rules do not allow.

    Raises:
        SgfError: the set-up is impossible, or there is no move to review.
    """
    game = to_game(record, 0)
    notes = []
    for number, (color, move) in enumerate(record.moves, 1):
        try:
            game.play(move, color, superko=False)
        except IllegalMoveError as error:
            vertex = format_vertex(move, record.side)
            side = "Black" if color == BLACK else "White"
            reason = str(error).rpartition(": ")[2]
            notes.append(
                f"move {number}, {side} {vertex}, is not legal ({reason}): "
                f"reviewed up to move {number - 1}"
            )
            game.to_play = color
            break
    if record.edited_at is not None and not notes:
        notes.append(
            f"stones are put or taken by hand after move {record.edited_at}: reviewed up to there"
        )
    if not game.ply:
        raise SgfError(f"no move to review{': ' + notes[0] if notes else ''}")
    return PlayedGame(replace(record, moves=tuple(game.moves)), game, tuple(notes))
