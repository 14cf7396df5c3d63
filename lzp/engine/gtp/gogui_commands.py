"""How GoGui sets positions up and goes through games."""

from lzp.engine.gtp.arguments import SYNTAX, Args, need, read_color, read_count, read_vertex
from lzp.engine.gtp.protocol import GtpError
from lzp.engine.gtp.session import Handler, Session
from lzp.go import EMPTY, IllegalMoveError
from lzp.go.vertex import format_vertex


def version(_: Session, __: Args) -> str:
    """gogui-version TEXT: GoGui says what it is."""
    return ""


def set_up(session: Session, args: Args) -> str:
    """gogui-setup COLOR POINT ...: add stones; what was played so far becomes the start.

    All or nothing. GoGui clears the board before.
    """
    game = session.game
    added = _pairs(args, game.side)
    if any(move == game.pass_move for _, move in added):
        raise GtpError("illegal move")
    colors = game.board.colors()
    stones = [(int(colors[move]), move) for move in range(game.pass_move) if colors[move] != EMPTY]
    try:
        game.set_up([*stones, *added], game.to_play, game.handicap)
    except ValueError as error:
        raise GtpError(str(error)) from None
    session.training, session.explanation, session.resigned = [], "", EMPTY
    return ""


def set_player(session: Session, args: Args) -> str:
    """gogui-setup_player COLOR: whose turn it is."""
    need(args, 1)
    session.game.to_play = read_color(args[0])
    return ""


def play_sequence(session: Session, args: Args) -> str:
    """gogui-play_sequence COLOR VERTEX ...: any number of moves, all or nothing."""
    game = session.game
    start = game.ply
    try:
        for color, move in _pairs(args, game.side):
            game.play(move, color, superko=False, suicide=True)
    except IllegalMoveError as error:
        while game.ply > start:
            game.undo()
        raise GtpError(str(error).replace("illegal move ", "illegal move: ", 1)) from None
    if args:
        session.resigned = EMPTY
    return ""


def undo_moves(session: Session, args: Args) -> str:
    """gg-undo [N]: take N moves back, or 1; all or nothing."""
    count = read_count(args[0]) if args else 1
    if count > session.game.ply:
        raise GtpError("cannot undo")
    for _ in range(count):
        session.game.undo()
    if count:
        session.resigned = EMPTY
    return ""


def list_stones(session: Session, args: Args) -> str:
    """list_stones COLOR: where a color's stones are."""
    need(args, 1)
    color, game = read_color(args[0]), session.game
    colors = game.board.colors()
    return " ".join(
        format_vertex(move, game.side) for move in range(game.pass_move) if colors[move] == color
    )


def _pairs(args: Args, side: int) -> list[tuple[int, int]]:
    """Return (color, move) of words that alternate between the two."""
    if len(args) % 2:
        raise GtpError(SYNTAX)
    colors, vertices = args[::2], args[1::2]
    return [
        (read_color(color, "illegal move"), read_vertex(vertex, side))
        for color, vertex in zip(colors, vertices, strict=True)
    ]


HANDLERS: dict[str, Handler] = {
    "gogui-version": version,
    "gogui-setup": set_up,
    "gogui-setup_player": set_player,
    "gogui-play_sequence": play_sequence,
    "gg-undo": undo_moves,
    "list_stones": list_stones,
}
