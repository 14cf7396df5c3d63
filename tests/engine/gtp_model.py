"""What a GTP engine should answer: a game as sgfmill's board plays it, without any code of ours.

`play` knows a simple ko alone; moves of the engine's own follow the superko rule as well.
Colors are sgfmill's "b" and "w", points its (row, column) from the bottom left.
"""

import re
from dataclasses import dataclass, field

from sgfmill import boards, common, sgf

COLUMNS = "ABCDEFGHJKLMNOPQRSTUVWXYZ"
COLORS = {"b": "b", "black": "b", "w": "w", "white": "w"}
NAMES = {"b": "black", "w": "white"}

#: KataGo's words for rules by area: ko, whether suicide is allowed, White's bonus for handicap.
RULES = {
    "chinese": ("SIMPLE", False, "N"),
    "chinese-ogs": ("POSITIONAL", False, "N"),
    "aga": ("SITUATIONAL", False, "N-1"),
    "new-zealand": ("SITUATIONAL", True, "0"),
    "tromp-taylor": ("POSITIONAL", True, "0"),
}
BONUS = {"N": 0, "N-1": -1}

Point = tuple[int, int]
Move = tuple[str, Point | None]


def other(color: str) -> str:
    return "w" if color == "b" else "b"


def vertex(point: Point | None) -> str:
    return "pass" if point is None else common.format_vertex(point)


def parse_vertex(text: str, side: int) -> Point | None:
    """The point of a vertex; ValueError if it is none. A pass is None."""
    if text.lower() == "pass":
        return None
    if not re.fullmatch(r"[A-HJ-Za-hj-z][0-9]{1,2}", text):
        raise ValueError(text)
    point = (int(text[1:]) - 1, COLUMNS.index(text[0].upper()))
    if not (0 <= point[0] < side and point[1] < side):
        raise ValueError(text)
    return point


@dataclass
class Position:
    """Everything that a move changes, kept for undo."""

    board: boards.Board
    to_play: str = "b"
    ko: Move | None = None
    taken: dict[str, int] = field(default_factory=lambda: {"b": 0, "w": 0})


class Model:
    """One game, and what is legal in it."""

    def __init__(self, side: int, komi: float) -> None:
        self.komi = komi
        self.rules = "chinese-ogs"
        self.clear(side)

    def clear(self, side: int) -> None:
        self.side = side
        self.set_up({}, "b", 0)

    def set_up(self, stones: dict[Point, str], to_play: str, handicap: int) -> None:
        board = boards.Board(self.side)
        for (row, column), color in stones.items():
            board.board[row][column] = color
        self.setup, self.handicap, self.moves = dict(stones), handicap, list[Move]()
        self.positions = [Position(board, to_play)]

    @property
    def now(self) -> Position:
        return self.positions[-1]

    @property
    def is_untouched(self) -> bool:
        return not (self.moves or self.setup)

    def stone(self, point: Point) -> str | None:
        """The color of the stone on a point, None if it is empty."""
        color: str | None = self.now.board.get(*point)
        return color

    def after(self, color: str, point: Point | None, *, told: bool = False) -> Position | None:
        """The position after a move; None if it is not legal.

        What is told, as by `play`, may be a suicide that the rules forbid.
        """
        now = self.now
        following = Position(now.board.copy(), other(color), None, dict(now.taken))
        if point is None:
            return following
        if now.board.get(*point) is not None or now.ko == (color, point):
            return None
        ko = following.board.play(*point, color)
        if following.board.get(*point) is None:
            lost = self.stones(now.board, color) - self.stones(following.board, color) + 1
            if lost == 1 or not (told or RULES[self.rules][1]):
                return None  # suicide
            following.taken[color] += lost
        if ko is not None:
            following.ko = (other(color), ko)
        following.taken[other(color)] += self.stones(now.board, other(color)) - self.stones(
            following.board, other(color)
        )
        return following

    @staticmethod
    def stones(board: boards.Board, color: str) -> int:
        return sum(stone == color for stone, _ in board.list_occupied_points())

    def play(self, color: str, point: Point | None) -> bool:
        """Play a move, whoever's turn it is; False if that is not possible."""
        following = self.after(color, point, told=True)
        if following is None:
            return False
        self.positions.append(following)
        self.moves.append((color, point))
        return True

    def undo(self) -> bool:
        if not self.moves:
            return False
        self.moves.pop()
        self.positions.pop()
        return True

    def repeats(self, color: str, point: Point | None) -> bool:
        """Whether the superko rule forbids a move of a stone."""
        following, ko = self.after(color, point), RULES[self.rules][0]
        if following is None or point is None or ko == "SIMPLE":
            return False
        return any(
            position.board.board == following.board.board
            and (ko == "POSITIONAL" or position.to_play == following.to_play)
            for position in self.positions
        )

    def score_text(self) -> str:
        bonus = RULES[self.rules][2]
        compensation = self.handicap + BONUS[bonus] if self.handicap and bonus in BONUS else 0
        points = self.now.board.area_score() - self.komi - compensation
        if abs(points) <= 0.1:
            return "0"
        return f"{'B' if points > 0 else 'W'}+{abs(points):.1f}"

    def history(self) -> list[str]:
        """Every move, newest first, as move_history has it."""
        return [f"{NAMES[color]} {vertex(point)}" for color, point in reversed(self.moves)]

    def as_sgf(self) -> bytes:
        game = sgf.Sgf_game(self.side)
        root = game.get_root()
        root.set("KM", self.komi)
        if self.handicap >= 2:
            root.set("HA", self.handicap)
        if self.setup:
            stones = {
                color: {point for point, stone in self.setup.items() if stone == color}
                for color in "bw"
            }
            root.set_setup_stones(stones["b"], stones["w"])
        root.set("PL", self.moves[0][0] if self.moves else self.now.to_play)
        for move in self.moves:
            game.extend_main_sequence().set_move(*move)
        content: bytes = game.serialise()
        return content


#: A row of `showboard`: its number, a sign for each point, its number.
ROW = re.compile(r"\s*(\d+) ([ .+XO()]*?) (\d+)\s*")


def read_diagram(text: str) -> dict[Point, str]:
    """The stones of a diagram as the engine shows it."""
    stones = {}
    for line in text.split("\n"):
        match = ROW.fullmatch(line)
        if match and match[1] == match[3]:
            for column, sign in enumerate(re.sub(r"[ ()]", "", match[2])):
                if sign in "XO":
                    stones[int(match[1]) - 1, column] = "b" if sign == "X" else "w"
    return stones


def differences(model: Model, shown: str) -> list[str]:
    """What `showboard` says otherwise than the model; empty if nothing."""
    found = []
    now = model.now
    stones = {point: color for color, point in now.board.list_occupied_points()}
    if read_diagram(shown) != stones:
        found.append(f"stones {stones}")
    expected = [
        f"{NAMES[now.to_play]} to play",
        f"prisoners: black {now.taken['w']}, white {now.taken['b']}",
        f"komi {model.komi:g}, handicap {model.handicap}, {len(model.moves)} moves played",
    ]
    return found + [line for line in expected if line not in shown]
