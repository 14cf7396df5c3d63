"""Commands that change or show the position: sizes, komi, moves, handicap."""

from lzp.engine.gtp.arguments import (
    SYNTAX,
    Args,
    need,
    read_color,
    read_count,
    read_number,
    read_vertex,
)
from lzp.engine.gtp.protocol import GtpError
from lzp.engine.gtp.session import Handler, Session
from lzp.go import BLACK, EMPTY, WHITE, IllegalMoveError
from lzp.go.handicap import fixed_handicap, max_fixed_handicap, star_points
from lzp.go.vertex import format_color, format_vertex

_BAD_HANDICAP = "Not a valid number of handicap stones"
#: Where handicap stones that have no fixed place go: every third line from the edge's star line.
_GRID_STEP = 3


def set_board_size(session: Session, args: Args) -> str:
    """boardsize N: empty the board; only the size that the network is for."""
    need(args, 1)
    side = read_count(args[0])
    if len(args) > 1 and read_count(args[1]) != side:
        raise GtpError("unacceptable size: only square boards")
    session.resize(side)
    return ""


def clear_board(session: Session, _: Args) -> str:
    """clear_board: a new game of the same size and komi."""
    session.new_game(session.game.side)
    return ""


def set_komi(session: Session, args: Args) -> str:
    """Set the komi: komi F. Sabaki passes a record's broken komi on as NaN: komi then stays."""
    need(args, 1)
    if args[0].lower() == "nan":
        return ""
    komi = read_number(args[0])
    if abs(komi) > session.game.pass_move:
        raise GtpError(SYNTAX)
    session.game.komi = komi
    return ""


def play(session: Session, args: Args) -> str:
    """play COLOR VERTEX: any order of colors, and whatever else a record may hold.

    That is repeated positions, and suicide of several stones, also where the rules forbid
    them. Refuses what cannot be put on the board: occupied points, suicide of one stone, a
    simple ko.
    """
    need(args, 2)
    color = read_color(args[0], "illegal move")
    if args[1].lower() == "resign":
        session.resigned = color
        return ""
    move = read_vertex(args[1], session.game.side)
    try:
        session.game.play(move, color, superko=False, suicide=True)
    except IllegalMoveError as error:
        raise GtpError(str(error).replace("illegal move ", "illegal move: ", 1)) from None
    session.resigned = EMPTY
    return ""


def undo(session: Session, _: Args) -> str:
    """undo: take the last move back, of either color; handicap stones stay."""
    try:
        session.game.undo()
    except ValueError:
        raise GtpError("cannot undo") from None
    session.resigned = EMPTY
    return ""


def show_board(session: Session, _: Args) -> str:
    """showboard: the position as a diagram, in the reply so that every board shows it."""
    game = session.game
    return f"\n{game}\nkomi {game.komi:g}, handicap {game.handicap}, {game.ply} moves played"


def last_move(session: Session, _: Args) -> str:
    """last_move: color and vertex of the last move."""
    if not session.game.moves:
        raise GtpError("no previous move known")
    return _colored(session, *session.game.moves[-1])


def move_history(session: Session, _: Args) -> str:
    """move_history: every move, newest first, one a line."""
    return "\n".join(_colored(session, *move) for move in reversed(session.game.moves))


def _colored(session: Session, color: int, move: int) -> str:
    """Return "white Q4"."""
    return f"{format_color(color)} {format_vertex(move, session.game.side)}"


def place_fixed_handicap(session: Session, args: Args) -> str:
    """fixed_handicap N: 2 to 9 stones on the star points, White to play."""
    need(args, 1, _BAD_HANDICAP)
    try:
        moves = fixed_handicap(read_count(args[0], _BAD_HANDICAP), session.game.side)
    except ValueError:
        raise GtpError(_BAD_HANDICAP) from None
    return _place_handicap(session, moves)


def place_free_handicap(session: Session, args: Args) -> str:
    """place_free_handicap N: N stones, or as many as there are good places for."""
    need(args, 1, _BAD_HANDICAP)
    count = read_count(args[0], _BAD_HANDICAP)
    side = session.game.side
    if count >= side * side:
        raise GtpError(_BAD_HANDICAP)
    if count < 2:
        return _place_none(session, count)
    most = max_fixed_handicap(side)
    moves = fixed_handicap(min(count, most), side) if most >= 2 else []
    extra = [move for move in _grid(side) if move not in star_points(side)]
    moves += extra[: max(count - len(moves), 0)]
    if len(moves) < 2:
        raise GtpError(_BAD_HANDICAP)
    return _place_handicap(session, moves)


def _place_none(session: Session, count: int) -> str:
    """Answer a handicap of one, which is White's first move, or of none, as Leela Zero does."""
    if session.game.moves or session.game.setup:
        raise GtpError("board not empty")
    session.game.to_play = WHITE if count else BLACK
    return ""


def _grid(side: int) -> list[int]:
    """Return the moves where every third line crosses, column by column."""
    edge = 3 if side >= 13 else 2
    lines = range(edge, side - edge, _GRID_STEP)
    return [y * side + x for x in lines for y in lines]


def set_free_handicap(session: Session, args: Args) -> str:
    """set_free_handicap V V ...: Black's stones where the board says, White to play."""
    side = session.game.side
    moves = [read_vertex(word, side, "illegal move") for word in args]
    if len(moves) < 2 or side * side in moves or len(set(moves)) < len(moves):
        raise GtpError("bad vertex list")
    return _place_handicap(session, moves)


def _place_handicap(session: Session, moves: list[int]) -> str:
    """Set Black's stones up on an empty board; return their vertices, column by column."""
    game = session.game
    moves = sorted(moves, key=lambda move: (move % game.side, move))
    if game.moves or game.setup:
        raise GtpError("board not empty")
    try:
        game.set_up([(BLACK, move) for move in moves], WHITE, handicap=len(moves))
    except ValueError as error:
        raise GtpError(str(error)) from None
    return " ".join(format_vertex(move, game.side) for move in moves)


HANDLERS: dict[str, Handler] = {
    "boardsize": set_board_size,
    "clear_board": clear_board,
    "komi": set_komi,
    "play": play,
    "undo": undo,
    "showboard": show_board,
    "last_move": last_move,
    "move_history": move_history,
    "fixed_handicap": place_fixed_handicap,
    "place_free_handicap": place_free_handicap,
    "set_free_handicap": set_free_handicap,
}
