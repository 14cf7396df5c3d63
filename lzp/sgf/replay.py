"""A game record to a `Game`: every move under the rules, repeated positions allowed."""

from lzp.go import BLACK, Game, IllegalMoveError
from lzp.go.rules import DEFAULT_RULES, Rules
from lzp.go.vertex import format_vertex
from lzp.sgf.reader import SgfError
from lzp.sgf.record import GameRecord

#: Where a record says nothing.
DEFAULT_KOMI = 7.5
#: A game keeps every position; no record of a game that was played comes near.
MOST_MOVES = 10_000


def to_game(record: GameRecord, ply: int | None = None, rules: Rules = DEFAULT_RULES) -> Game:
    """Return the game after the first `ply` moves of a record, all where None.

    The handicap is the record's number where it has one; a record with Black stones only
    and no number counts them. The side to move is the color of the record's next move.

    Raises:
        SgfError: a stone or a move is not possible, the text names the ply; or there are
            more than MOST_MOVES.
    """
    komi = DEFAULT_KOMI if record.komi is None else record.komi
    game = Game(record.side, komi, rules)
    if record.setup or record.handicap:
        _set_up(game, record)
    game.to_play = record.first_player
    moves = record.moves if ply is None else record.moves[: max(ply, 0)]
    if len(moves) > MOST_MOVES:
        raise SgfError(f"{len(moves)} moves are more than {MOST_MOVES}")
    for number, (color, move) in enumerate(moves, 1):
        try:
            game.play(move, color, superko=False)
        except IllegalMoveError as error:
            vertex = format_vertex(move, record.side)
            raise SgfError(f"move {number} at {vertex} is not legal: {error}") from None
    if len(moves) < len(record.moves):
        game.to_play = record.moves[len(moves)][0]
    return game


def _set_up(game: Game, record: GameRecord) -> None:
    """Put a record's stones on an empty game."""
    handicap = record.handicap
    if not handicap and all(color == BLACK for color, _ in record.setup):
        handicap = len(record.setup)
    try:
        game.set_up(record.setup, record.first_player, handicap)
    except ValueError as error:
        raise SgfError(f"set-up: {error}") from None
