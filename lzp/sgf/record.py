"""What a game record says, apart from how it is written down.

A move is `y * side + x` with x = 0 the A column and y = 0 the bottom row, `side * side`
the pass. Colors are those of lzp.go.
"""

import re
from dataclasses import dataclass

from lzp.go.constants import BLACK, EMPTY, WHITE

#: (color, move), the form in which `Game` keeps its moves.
ColoredMove = tuple[int, int]

#: How games end, as far as a record tells; `GameResult.ending` is one of them.
ENDINGS = ("score", "resign", "time", "forfeit", "draw", "void", "unknown")

_RESULT = re.compile(r"([BW])(?:lack|hite)?\s*\+\s*(.*)", re.IGNORECASE | re.DOTALL)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?|[.,]\d+")
_RANK = re.compile(r"\s*(\d{1,2})\s*([kdp])", re.IGNORECASE)
_ENDING_BY_LETTER = {"r": "resign", "t": "time", "f": "forfeit"}
#: Chinese servers write a count of stones or points after the winner.
_DRAWS = ("0", "draw", "jigo", "tie")
_HIGHEST_DAN = 9


@dataclass(frozen=True, slots=True)
class GameResult:
    """A parsed result.

    Attributes:
        winner: BLACK, WHITE, or EMPTY for a draw, a void game or one without a result.
        ending: one of ENDINGS.
        margin: points the winner is ahead after komi, None where no score was counted.
    """

    winner: int = EMPTY
    ending: str = "unknown"
    margin: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class GameRecord:
    """The main line of one game.

    Attributes:
        side: board side, 2 to 25.
        komi: points for White; None where the record has none.
        handicap: the record's own number (HA), 0 where it has none; the stones are in
            `setup` or, in some records, ordinary moves.
        setup: stones on the board before the first move.
        first_player: color to move after the set-up.
        moves: the main line up to its end or to the first change of the board by hand.
        edited_at: ply at which stones were added or removed by hand after the first move;
            None in an undisturbed game. `moves` stops there.
        result_text: RE as written, empty where missing.
        result: what `result_text` means.
        black_rank: BR as written; white_rank likewise.
        time_s: main time in seconds (TM), None where missing or not a number.
    """

    side: int = 19
    komi: float | None = None
    handicap: int = 0
    setup: tuple[ColoredMove, ...] = ()
    first_player: int = BLACK
    moves: tuple[ColoredMove, ...] = ()
    edited_at: int | None = None
    result_text: str = ""
    result: GameResult = GameResult()
    black: str = ""
    white: str = ""
    black_rank: str = ""
    white_rank: str = ""
    date: str = ""
    rules: str = ""
    time_s: float | None = None
    overtime: str = ""


def parse_result(text: str) -> GameResult:
    """Return what an RE value means; whatever is not understood is `unknown`.

    Understands the SGF forms (`B+3.5`, `W+R`, `W+Resign`, `B+T`, `B+Time`, `W+F`,
    `0`, `Draw`, `Void`, `?`), the words `Black+`/`White+`, and a comma for the point. A bare
    `B+` is a win with nothing said about how.
    """
    stripped = text.strip()
    if stripped.lower() in _DRAWS:
        return GameResult(ending="draw", margin=0.0)
    if stripped.lower() == "void":
        return GameResult(ending="void")
    match = _RESULT.match(stripped)
    if match is None:
        return GameResult()
    winner = BLACK if match[1] in "Bb" else WHITE
    number = _NUMBER.match(match[2])
    if number is not None:
        return GameResult(winner, "score", float(number[0].replace(",", ".")))
    return GameResult(winner, _ENDING_BY_LETTER.get(match[2][:1].lower(), "unknown"))


def parse_rank(text: str) -> int | None:
    """Return a rank on one scale: 1d is 1, 9d is 9, 1p is 10, 1k is 0, 30k is -29.

    Returns None where there is no rank. A professional's rank counts from 10 upward, since
    servers that show both put it above 9d.
    """
    match = _RANK.match(text)
    if match is None:
        return None
    number, kind = int(match[1]), match[2].lower()
    if kind == "k":
        return 1 - number
    return number if kind == "d" else _HIGHEST_DAN + number
