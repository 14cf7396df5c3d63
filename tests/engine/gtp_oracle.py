"""What each reply should be, by a model of the game: see gtp_model.py.

A command is a method named after it. It gets the words after the command and the reply, says
whether the reply is right, and follows it (a move of the engine's is played on the model).
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from sgfmill import sgf

from tests.engine.gtp_model import COLORS, NAMES, Model, differences, parse_vertex, vertex

Words = list[str]

LINE = re.compile(r"(\d+)?(.*)", re.DOTALL | re.ASCII)
REPLY = re.compile(r"([=?])(\d*)([ \n]|$)(.*)", re.DOTALL | re.ASCII)
INFO = re.compile(
    r"info move (\S+) visits \d+ winrate \d{1,5} prior \d{1,5} lcb \d{1,5} order \d+ pv( \S+)+"
)
SCORE = re.compile(r"[BW]\+\d+\.\d|0")
WHOLE = re.compile(r"[+-]?\d{1,9}", re.ASCII)
DECIMAL = re.compile(r"[+-]?(\d{1,12}(\.\d*)?|\.\d+)(e[+-]?\d)?", re.ASCII | re.IGNORECASE)
#: Kinds of clocks: for each word whether it is seconds ("s"), a limit ("n") or a count ("i").
CLOCKS = {"none": "", "absolute": "s", "byoyomi": "ssi", "canadian": "ssi"}
KATA_CLOCKS = {**CLOCKS, "fischer": "ss", "fischer-capped": "ssnn"}
#: GTP 2, 4.1.1, for 7x7.
FIXED = {2: "C3 E5", 3: "C3 E5 C5", 4: "C3 E5 C5 E3"}


class WrongError(AssertionError):
    """A reply is not what it should be."""


def check(condition: object, complaint: str) -> None:
    if not condition:
        raise WrongError(complaint)


def cut(line: str) -> tuple[str, str, Words] | None:
    """The id, name and words of a line as GTP 2 (2.5 to 2.7) has it; None if it holds nothing."""
    text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", line).split("#")[0].strip()
    if not text:
        return None
    match = LINE.fullmatch(text)
    assert match
    number, rest = match[1] or "", match[2]
    name, *words = rest.split() or [""]
    if number and rest[:1].strip():
        name = number + name
    return (number.lstrip("0") or "0") if number else "", name.lower(), words


def number_of(word: str, kind: str) -> float | None:
    """A number as a time command has it, None if it is none."""
    if kind == "i":
        value = int(word) if WHOLE.fullmatch(word) else -1
        return value if value >= 0 else None
    if not DECIMAL.fullmatch(word):
        return None
    return float(word) if kind == "n" or float(word) >= 0 else None


class Oracle:
    """Checks replies, one after another, and keeps the model in step."""

    def __init__(self, sides: Iterable[int], side: int, komi: float) -> None:
        self.sides, self.model = set(sides), Model(side, komi)
        self.listed: set[str] = set()
        self.settled: object = None
        #: Where a command is other than the name of a method.
        self.methods: dict[str, Callable[[Words, bool, str], None]] = {
            "lz-genmove_analyze": self.genmove_analyze,
            "kgs-genmove_cleanup": self.genmove,
            "lz-analyze": self.analyze,
            "kgs-time_settings": lambda *rest: self.clock(CLOCKS, *rest),
            "kata-time_settings": lambda *rest: self.clock(KATA_CLOCKS, *rest),
            "gogui-interrupt": self.nothing,
        }

    def expects_reply(self, line: str) -> bool:
        return cut(line) is not None

    def hear(self, line: str, reply: str) -> None:
        """Check the reply to a line; WrongError says what is wrong with it."""
        parts = cut(line)
        assert parts is not None
        number, name, words = parts
        match = REPLY.fullmatch(reply)
        check(match, "not a reply")
        assert match
        ok, text = match[1] == "=", match[4]
        check(match[2] == number, f"the id should be {number!r}")
        check(ok or ("\n" not in text and text), "an error is one line of text")
        check(not re.search(r"\n(=|\?|\n)", text), "a line that looks like another reply")
        method = self.methods.get(name) or getattr(self, name.replace("-", "_"), None)
        if name in self.listed and method is not None:
            method(words, ok, text)
        else:
            check(not ok or name in self.listed, "should be unknown")

    # Who are you

    def protocol_version(self, _: Words, ok: bool, text: str) -> None:
        check(ok and text == "2", "should be 2")

    def name(self, _: Words, ok: bool, text: str) -> None:
        check(ok and text, "should be a name")

    def version(self, _: Words, ok: bool, text: str) -> None:
        check(ok and re.match(r"\d+\.(\d+)", text), "should be a version")

    def list_commands(self, _: Words, ok: bool, text: str) -> None:
        check(ok and set(text.split("\n")) == self.listed, "should be as before")

    def known_command(self, words: Words, ok: bool, text: str) -> None:
        known = bool(words) and words[0].lower() in self.listed
        check(ok == bool(words), "wants a word")
        check(not ok or text == str(known).lower(), f"should be {known}")

    def nothing(self, _: Words, ok: bool, text: str) -> None:
        check(ok and not text, "should be empty")

    def cputime(self, _: Words, ok: bool, text: str) -> None:
        check(ok and float(text) >= 0, "should be seconds")

    # The game

    def boardsize(self, words: Words, ok: bool, text: str) -> None:
        whole = [int(word) if WHOLE.fullmatch(word) else -1 for word in words[:2]]
        right = bool(whole) and len(set(whole)) == 1 and whole[0] in self.sides
        check(ok == right and not (ok and text), f"should be {right}")
        if right:
            self.model.clear(whole[0])

    def clear_board(self, words: Words, ok: bool, text: str) -> None:
        self.nothing(words, ok, text)
        self.model.clear(self.model.side)

    def komi(self, words: Words, ok: bool, text: str) -> None:
        is_nan = bool(words) and words[0].lower() == "nan"
        value = float(words[0]) if words and DECIMAL.fullmatch(words[0]) else None
        right = is_nan or (value is not None and abs(value) <= self.model.side**2)
        check(ok == right and not (ok and text), f"should be {right}")
        if right and value is not None:
            self.model.komi = value

    def play(self, words: Words, ok: bool, text: str) -> None:
        if len(words) > 1 and words[1].lower() == "resign" and words[0].lower() in COLORS:
            return self.nothing(words, ok, text)
        try:
            color, point = COLORS[words[0].lower()], parse_vertex(words[1], self.model.side)
        except (LookupError, ValueError):
            return check(not ok, "no color or no vertex")
        check(self.model.play(color, point) == ok, "legality")
        return check(not (ok and text), "should be empty")

    def undo(self, _: Words, ok: bool, text: str) -> None:
        check(self.model.undo() == ok and not (ok and text), "whether there is a move")

    def showboard(self, _: Words, ok: bool, text: str) -> None:
        check(ok, "should be shown")
        wrong = differences(self.model, text)
        check(not wrong, f"should be {wrong}")

    def last_move(self, _: Words, ok: bool, text: str) -> None:
        history = self.model.history()
        check(ok == bool(history) and not (ok and text != history[0]), f"should be {history[:1]}")

    def move_history(self, _: Words, ok: bool, text: str) -> None:
        check(ok and text == "\n".join(self.model.history()), "another history")

    def final_score(self, _: Words, ok: bool, text: str) -> None:
        check(ok and SCORE.fullmatch(text), "should be a score")
        if self.settled is self.model.now:
            check(text == self.model.score_text(), f"should be {self.model.score_text()}")

    def final_status_list(self, words: Words, ok: bool, text: str) -> None:
        right = bool(words) and words[0].lower() in ("alive", "dead", "seki")
        check(ok == right, f"should be {right}")
        if not right:
            return
        stones = {vertex(point) for _, point in self.model.now.board.list_occupied_points()}
        check(set(text.split()) <= stones, "lists a point without a stone")
        if self.settled is self.model.now:
            wanted = stones if words[0].lower() == "alive" else set()
            check(set(text.split()) == wanted, f"should be {wanted}")

    # Handicap

    def fixed_handicap(self, words: Words, ok: bool, text: str) -> None:
        stones = int(words[0]) if words and WHOLE.fullmatch(words[0]) else -1
        wanted = FIXED.get(stones, "").split() if self.model.side == 7 else []
        right = bool(wanted) and self.model.is_untouched
        check(ok == right and not (ok and set(text.split()) != set(wanted)), f"should be {wanted}")
        if right:
            self._place(text.split())

    def place_free_handicap(self, words: Words, ok: bool, text: str) -> None:
        stones = int(words[0]) if words and WHOLE.fullmatch(words[0]) else -1
        placed = text.split() if ok else []
        if not 0 <= stones < self.model.side**2 or not self.model.is_untouched:
            return check(not ok, "should be refused")
        if stones < 2:
            self.nothing(words, ok, text)
            self.model.now.to_play = "w" if stones else "b"
            return None
        check(ok or self.model.side < 7, "there are places")
        check(not ok or 2 <= len(set(placed)) == len(placed) <= stones, "too many or too few")
        return self._place(placed) if ok else None

    def set_free_handicap(self, words: Words, ok: bool, text: str) -> None:
        try:
            points = [parse_vertex(word, self.model.side) for word in words]
        except ValueError:
            return check(not ok, "no vertex")
        right = 2 <= len(set(points)) == len(points) and None not in points
        right = right and self.model.is_untouched
        check(ok == right, f"should be {right}")
        return self._place(text.split()) if right else None

    def _place(self, placed: Words) -> None:
        """Put the engine's handicap stones on the model."""
        points = [parse_vertex(word, self.model.side) for word in placed]
        stones = {point: "b" for point in points if point is not None}
        self.model.set_up(stones, "w", len(stones))

    # Clocks

    def time_settings(self, words: Words, ok: bool, text: str) -> None:
        self.clock({"": "ssi"}, ["", *words], ok, text)

    def clock(self, kinds: dict[str, str], words: Words, ok: bool, text: str) -> None:
        kind = kinds.get(words[0].lower()) if words else None
        numbers = None
        if kind is not None and len(words) > len(kind):
            numbers = [number_of(*pair) for pair in zip(words[1:], kind, strict=False)]
        right = numbers is not None and None not in numbers
        if right and kind == "ssnn":
            assert numbers is not None
            right = numbers[2] < 0 or numbers[0] <= numbers[2]  # type: ignore[operator]
        check(ok == right and not (ok and text), f"should be {right}")

    def time_left(self, words: Words, ok: bool, text: str) -> None:
        right = len(words) > 2 and words[0].lower() in COLORS
        right = right and number_of(words[1], "n") is not None
        right = right and number_of(words[2], "i") is not None
        check(ok == right and not (ok and text), f"should be {right}")

    # Thinking

    def genmove(self, words: Words, ok: bool, text: str) -> None:
        right = bool(words) and words[0].lower() in COLORS
        check(ok == right, f"should be {right}")
        if right:
            self._follow(COLORS[words[0].lower()], text)

    def genmove_analyze(self, words: Words, ok: bool, text: str) -> None:
        check(ok, "should be a move")
        *lines, last = text.split("\n")
        check(last.startswith("play "), "should end with the move")
        self._read_analysis(lines)
        self._follow(COLORS[words[0].lower()], last.removeprefix("play "))

    def _follow(self, color: str, move: str) -> None:
        """Play the engine's move on the model."""
        self.model.now.to_play = color
        if move == "resign":
            return
        point = parse_vertex(move, self.model.side)
        check(move == vertex(point), "not as GTP spells it")
        check(not self.model.repeats(color, point), f"{NAMES[color]} {move} repeats a position")
        check(self.model.after(color, point), f"{NAMES[color]} {move} is not legal")
        self.model.play(color, point)

    def analyze(self, words: Words, ok: bool, text: str) -> None:
        colors = [COLORS[word.lower()] for word in words if word.lower() in COLORS]
        check(ok, "should be analyzed")
        if colors:
            self.model.now.to_play = colors[-1]
        self._read_analysis([line for line in text.split("\n") if line])

    def _read_analysis(self, lines: Words) -> None:
        color = self.model.now.to_play
        for line in lines:
            for part in line.split(" info "):
                part = part if part.startswith("info ") else f"info {part}"
                found = INFO.fullmatch(part)
                check(found, f"not a report: {part}")
                assert found
                point = parse_vertex(found[1], self.model.side)
                legal = self.model.after(color, point) is not None
                check(legal, f"{found[1]} is not legal for {NAMES[color]}")

    # Records

    def printsgf(self, words: Words, ok: bool, text: str) -> None:
        check(ok, "should be written")
        content = Path(" ".join(words)).read_bytes() if words else text.encode()
        game = sgf.Sgf_game.from_bytes(content)
        black, white, _ = game.get_root().get_setup_stones()
        moves = [node.get_move() for node in game.get_main_sequence()[1:]]
        stones = dict.fromkeys(black, "b") | dict.fromkeys(white, "w")
        check(game.get_size() == self.model.side, "another size")
        check(game.get_komi() == self.model.komi, "another komi")
        check((stones, moves) == (self.model.setup, self.model.moves), "another game")

    def loadsgf(self, words: Words, ok: bool, text: str) -> None:
        """Only with records that `Model.as_sgf` wrote, and a ply behind them or not."""
        path = Path(words[0]) if words else Path("/nowhere")
        if not path.is_file():
            return check(not ok, "no such file")
        game = sgf.Sgf_game.from_bytes(path.read_bytes())
        check(ok == (game.get_size() in self.sides) and not (ok and text), "whether it fits")
        return self._load(game, int(words[1]) if len(words) > 1 else 0) if ok else None

    def _load(self, game: sgf.Sgf_game, number: int) -> None:
        """Put the position before a move on the model; the end where it is 0."""
        root, model = game.get_root(), self.model
        black, white, _ = root.get_setup_stones()
        model.clear(game.get_size())
        model.komi = game.get_komi()
        stones = dict.fromkeys(black, "b") | dict.fromkeys(white, "w")
        moves = [node.get_move() for node in game.get_main_sequence()[1:]]
        first = root.get("PL") if root.has_property("PL") else [*moves, ("b", None)][0][0]
        # Black's stones alone are a handicap, also where no number says so.
        alone = len(black) if black and not white else 0
        model.set_up(stones, first, root.get("HA") if root.has_property("HA") else alone)
        for move in moves[: number - 1] if number else moves:
            assert model.play(*move)
        if number and number <= len(moves):
            model.now.to_play = moves[number - 1][0]
