"""What replies should be to the commands of GoGui, KataGo and servers; see gtp_oracle.py."""

import json
import re

from tests.engine.gtp_model import COLORS, RULES, Move, parse_vertex, vertex
from tests.engine.gtp_oracle import WHOLE, Oracle, Words, check

KATA_INFO = re.compile(
    r"info move (\S+) visits \d+ .*?winrate [01]\.\d+ .*?scoreMean -?\d+\.\d+ .*?pv( \S+)+"
)


class Everything(Oracle):
    """The oracle of all commands."""

    def __init__(self, *args) -> None:
        super().__init__(*args)
        self.methods |= {
            "kata-analyze": self.kata_analyze,
            "kata-genmove_analyze": self.kata_genmove_analyze,
            "cgos-genmove_analyze": self.cgos_genmove_analyze,
            "kata-search": self.kata_search,
            "gogui-version": self.nothing,
            "kgs-game_over": self.nothing,
        }

    # GoGui

    def gg_undo(self, words: Words, ok: bool, text: str) -> None:
        count = 1
        if words:
            count = int(words[0]) if WHOLE.fullmatch(words[0]) else -1
        right = 0 <= count <= len(self.model.moves)
        check(ok == right and not (ok and text), f"should be {right}")
        for _ in range(count if right else 0):
            self.model.undo()

    def _pairs(self, words: Words) -> list[Move] | None:
        """Colors and vertices in turn; None if the words are something else."""
        try:
            return [
                (COLORS[color.lower()], parse_vertex(point, self.model.side))
                for color, point in zip(words[::2], words[1::2], strict=True)
            ]
        except (LookupError, ValueError):
            return None

    def gogui_play_sequence(self, words: Words, ok: bool, text: str) -> None:
        moves, played = self._pairs(words), 0
        while moves is not None and played < len(moves) and self.model.play(*moves[played]):
            played += 1
        right = moves is not None and played == len(moves)
        for _ in range(0 if right else played):
            self.model.undo()
        check(ok == right and not (ok and text), f"should be {right}")

    def gogui_setup(self, words: Words, ok: bool, text: str) -> None:
        added, model = self._pairs(words), self.model
        stones = {point: color for color, point in model.now.board.list_occupied_points()}
        for color, point in added or []:
            if point is None or point in stones:
                return check(not ok, "no empty point")
            stones[point] = color
        if added is None:
            return check(not ok, "no colors and points")
        board = model.now.board.copy()
        has_liberties = board.apply_setup(
            *([point for point, color in stones.items() if color == each] for each in "bw"), []
        )
        check(ok == has_liberties and not (ok and text), "whether all chains have liberties")
        if ok:
            model.set_up(stones, model.now.to_play, model.handicap)
        return None

    def gogui_setup_player(self, words: Words, ok: bool, text: str) -> None:
        right = bool(words) and words[0].lower() in COLORS
        check(ok == right and not (ok and text), f"should be {right}")
        if right:
            self.model.now.to_play = COLORS[words[0].lower()]

    def list_stones(self, words: Words, ok: bool, text: str) -> None:
        color = COLORS.get(words[0].lower()) if words else None
        check(ok == (color is not None), "wants a color")
        stones = self.model.now.board.list_occupied_points()
        wanted = {vertex(point) for stone, point in stones if stone == color}
        check(not ok or set(text.split()) == wanted, f"should be {wanted}")

    # KataGo

    def kata_set_rules(self, words: Words, ok: bool, text: str) -> None:
        """Only with names that RULES has, or words that are none."""
        name = " ".join(words).lower()
        check(ok == (name in RULES) and not (ok and text), "whether there are such rules")
        if ok:
            self.model.rules = name

    def kata_get_rules(self, _: Words, ok: bool, text: str) -> None:
        check(ok, "should be told")
        told = json.loads(text)
        rules = (told["ko"], told["suicide"], told["whiteHandicapBonus"])
        check(rules == RULES[self.model.rules] and told["scoring"] == "AREA", "other rules")

    def _read_kata(self, lines: Words, color: str) -> None:
        for line in lines:
            for part in re.split(" rootInfo | ownership ", line)[0].split(" info "):
                found = KATA_INFO.fullmatch(part if part.startswith("info ") else f"info {part}")
                check(found, f"not a report: {part}")
                assert found
                point = parse_vertex(found[1], self.model.side)
                check(self.model.after(color, point), f"{found[1]} is not legal")

    def kata_analyze(self, words: Words, ok: bool, text: str) -> None:
        colors = [COLORS[word.lower()] for word in words if word.lower() in COLORS]
        check(ok, "should be analyzed")
        if colors:
            self.model.now.to_play = colors[-1]
        lines = [line for line in text.split("\n") if line]
        self._read_kata(lines, self.model.now.to_play)

    def kata_genmove_analyze(self, words: Words, ok: bool, text: str) -> None:
        check(ok, "should be a move")
        *lines, last = text.split("\n")
        check(last.startswith("play "), "should end with the move")
        color = COLORS[words[0].lower()]
        self._read_kata([line for line in lines if line], color)
        self._follow(color, last.removeprefix("play "))

    def cgos_genmove_analyze(self, words: Words, ok: bool, text: str) -> None:
        check(ok, "should be a move")
        *findings, last = text.lstrip("\n").split("\n")  # none without time for a search
        check(len(findings) <= 1 and all(json.loads(line) for line in findings), "wants JSON")
        self._follow(COLORS[words[0].lower()], last.removeprefix("play "))

    def kata_search(self, words: Words, ok: bool, text: str) -> None:
        """A move that could be played, and is not."""
        right = not words or words[0].lower() in COLORS
        check(ok == right, f"should be {right}")
        if not right or text == "resign":
            return
        color = COLORS[words[0].lower()] if words else self.model.now.to_play
        point = parse_vertex(text, self.model.side)
        check(self.model.after(color, point), f"{text} is not legal")
        check(not self.model.repeats(color, point), f"{text} repeats a position")
