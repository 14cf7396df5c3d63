"""Rule sets by name, short form and JSON, and what they change in a game."""

import json

import numpy as np
import pytest

from lzp.go import BLACK, WHITE, Game
from lzp.go.constants import KO, LEGAL, SUICIDE, SUPERKO
from lzp.go.diagram import parse_diagram
from lzp.go.rules import NAMED, Rules, RulesError
from lzp.go.vertex import parse_color, parse_vertex
from tests.naive import NaiveGo


def game_from(diagram, rules, to_play=BLACK, komi=0.0):
    side, stones = parse_diagram(diagram)
    game = Game(side, komi, Rules.parse(rules))
    game.set_up(stones, to_play)
    return game


def play_all(game, text):
    for word in text.split():
        color, vertex = word.split(":") if ":" in word else ("", word)
        game.play(parse_vertex(vertex, game.side), parse_color(color) if color else None)


def code_of(game, vertex, color=None):
    return game.check(parse_vertex(vertex, game.side), color)


# As https://github.com/lightvector/KataGo/blob/master/docs/GTP_Extensions.md has them.
KATAGO = {
    "tromp-taylor": ("POSITIONAL", "AREA", True, "NONE", "0"),
    "chinese": ("SIMPLE", "AREA", False, "NONE", "N"),
    "chinese-ogs": ("POSITIONAL", "AREA", False, "NONE", "N"),
    "chinese-kgs": ("POSITIONAL", "AREA", False, "NONE", "N"),
    "japanese": ("SIMPLE", "TERRITORY", False, "SEKI", "0"),
    "korean": ("SIMPLE", "TERRITORY", False, "SEKI", "0"),
    "stone-scoring": ("SIMPLE", "AREA", False, "ALL", "0"),
    "aga": ("SITUATIONAL", "AREA", False, "NONE", "N-1"),
    "bga": ("SITUATIONAL", "AREA", False, "NONE", "N-1"),
    "new-zealand": ("SITUATIONAL", "AREA", True, "NONE", "0"),
    "aga-button": ("SITUATIONAL", "AREA", False, "NONE", "N-1"),
}


@pytest.mark.parametrize("name", KATAGO)
def test_the_rule_sets_are_those_that_katago_documents(name):
    values = Rules.named(name).as_json()
    keys = ("ko", "scoring", "suicide", "tax", "whiteHandicapBonus")
    assert tuple(values[key] for key in keys) == KATAGO[name]
    assert values["hasButton"] == (name == "aga-button")
    assert Rules.parse(json.dumps(values)) == Rules.named(name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("New Zealand", "new-zealand"),
        ("new_zealand", "new-zealand"),
        ("NZ", "new-zealand"),
        ("TROMP_TAYLOR", "tromp-taylor"),
        ("chineseOGS", "chinese-ogs"),
        ("koSIMPLEscoreAREAtaxNONEsui0whbN", "chinese"),
        ("koSIMPLEscoreTERRITORYtaxSEKIsui0", "japanese"),
        ("koSITUATIONALscoreAREAtaxNONEsui0button1whbN-1", "aga-button"),
        ('{"scoring":"TERRITORY","ko":"SIMPLE","suicide":false}', "japanese"),
        ('{"friendlyPassOk":true}', "ing"),
        ('{"friendlyPassOk":false}', "tromp-taylor"),
        ("koPOSITIONALscoreAREAtaxNONEsui1whb0fpok1", "ing"),
        ("{}", "tromp-taylor"),
    ],
)
def test_every_spelling_is_read(text, name):
    assert Rules.parse(text) == NAMED[name]


@pytest.mark.parametrize("name", NAMED)
def test_rules_written_as_text_are_read_back(name):
    assert Rules.parse(str(NAMED[name])) == NAMED[name]
    odd = Rules(ko="SITUATIONAL", tax="SEKI", button=True)
    assert Rules.parse(str(odd)) == odd


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "unknown rules"),
        ("martian", "unknown rules 'martian'; known are chinese, "),
        ("koSIMPLEmore", "unknown rules"),
        ('{"ko":"TRIPLE"}', "ko must be one of SIMPLE, POSITIONAL, SITUATIONAL, not 'TRIPLE'"),
        ('{"ko":[1]}', "ko must be one of"),
        ('{"suicide":"yes"}', "suicide must be true or false"),
        ('{"suicide":1}', "suicide must be true or false"),
        ('{"komi":6.5}', "unknown rule 'komi'"),
        ('{"ko"', "not valid JSON"),
        ("{" * 100_000, "not valid JSON"),
        ('{"hasButton":true,"scoring":"TERRITORY"}', "a button goes with area scoring"),
    ],
)
def test_what_is_no_rule_set_is_refused_in_one_line(text, words):
    with pytest.raises(RulesError) as caught:
        Rules.parse(text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_rule_is_changed_by_katagos_words():
    rules = Rules.named("chinese").with_rule("suicide", "true").with_rule("ko", "positional")
    assert (rules.suicide, rules.ko, rules.handicap_bonus) == (True, "POSITIONAL", "N")
    assert rules.with_rule("whiteHandicapBonus", "n-1").handicap_bonus == "N-1"
    for key, value in [("suicide", "maybe"), ("ko", "none"), ("komi", "6.5"), ("", "")]:
        with pytest.raises(RulesError):
            rules.with_rule(key, value)


BONUSES = [("chinese", 4), ("aga", 3), ("new-zealand", 0), ("tromp-taylor", 0), ("japanese", 0)]


@pytest.mark.parametrize(("name", "bonus"), BONUSES)
def test_white_is_compensated_for_handicap_stones(name, bonus):
    game = Game(9, 0.5, Rules.named(name))
    game.set_up([(BLACK, move) for move in (20, 24, 56, 60)], WHITE, handicap=4)
    assert game.compensation == 0.5 + bonus
    empty = Game(9, 0.5, Rules.named(name))
    assert empty.compensation == 0.5


SUICIDES = [
    ("of a chain", ".OX.\nOOX.\nXXX.\n....", WHITE, "A4", LEGAL),
    ("of one stone", ".X.\nX..\n...", WHITE, "A3", SUICIDE),
    ("of one stone beside its own chain that has liberties", ".OX\nO.X\nX..", WHITE, "A3", LEGAL),
]


@pytest.mark.parametrize(("name", "diagram", "color", "vertex", "code"), SUICIDES)
def test_suicide_where_it_is_allowed(name, diagram, color, vertex, code):
    assert code_of(game_from(diagram, "new-zealand", color), vertex) == code, name


def test_suicide_takes_the_chain_off_and_makes_prisoners():
    game = game_from(".OX.\nOOX.\nXXX.\n....", "tromp-taylor", WHITE)
    play_all(game, "A4")
    assert str(game.board) == str(game_from("..X.\n..X.\nXXX.\n....", "tromp-taylor").board)
    assert game.board.prisoners(WHITE) == 4
    game.undo()
    assert code_of(game, "A4") == LEGAL
    game.rules = Rules.named("chinese")
    assert code_of(game, "A4") == SUICIDE
    assert parse_vertex("A4", 4) not in game.legal_moves()


class SuicidalGo(NaiveGo):
    """The naive board with suicide of two or more stones, and superko as it is asked for."""

    def __init__(self, side, situational):
        super().__init__(side)
        self.situational = situational
        self.past: list[tuple] = [(frozenset(), BLACK)]

    def result(self, move, color):
        found = super().result(move, color)
        if found is not None:
            return found
        members, _ = self.chain({**self.stones, move: color}, move)
        if len(members) == 1:
            return None
        return {m: c for m, c in self.stones.items() if m not in members}, set()

    def is_legal(self, move, color, superko=True):
        if not super().is_legal(move, color, superko=False) or move == self.side**2:
            return move == self.side**2
        after = frozenset(self.result(move, color)[0].items())
        if self.situational:
            return (after, 3 - color) not in self.past
        return after not in [stones for stones, _ in self.past]

    def play(self, move, color):
        self.ko = None
        if move != self.side**2:
            before = self.stones
            stones, taken = self.result(move, color)
            if len(taken) == 1 and move in stones:
                members, border = self.chain(stones, move)
                if len(members) == 1 and len(border) == 1:
                    self.ko = next(iter(taken))
            self.stones = stones
            assert stones != before
        self.past.append((frozenset(self.stones.items()), 3 - color))


@pytest.mark.parametrize("side", [3, 4])
@pytest.mark.parametrize("name", ["tromp-taylor", "new-zealand"])
def test_legal_moves_equal_a_naive_board_with_suicide_and_superko(side, name):
    rng = np.random.default_rng(side)
    rules = Rules.named(name)
    suicides = 0
    for _ in range(4):
        game, other = Game(side, 0, rules), SuicidalGo(side, rules.ko == "SITUATIONAL")
        while game.ply < 80:
            color = game.to_play
            legal = game.legal_moves(color)
            assert legal.tolist() == other.legal_moves(color), game
            move = int(rng.choice(legal))
            game.play(move, color)
            other.play(move, color)
            suicides += move < side**2 and game.board[move] == 0
            assert game.board.colors().tolist() == other.colors()
    assert suicides > 0


SEND_TWO = ".O.O.\nXXOO.\nX....\n.....\n....."


@pytest.mark.parametrize(
    ("name", "return_one", "send_again"),
    [("chinese-ogs", SUPERKO, None), ("aga", LEGAL, SUPERKO), ("chinese", LEGAL, LEGAL)],
)
def test_sending_two_returning_one_is_what_superko_rules_differ_in(name, return_one, send_again):
    game = game_from(SEND_TWO, name, WHITE)
    play_all(game, "A5 C5")
    # The stones lie as at first when White takes back, but then it is Black's turn.
    assert code_of(game, "B5") == return_one
    assert (parse_vertex("B5", 5) in game.legal_moves()) == (return_one == LEGAL)
    if send_again is not None:
        play_all(game, "B5 pass")
        assert code_of(game, "A5") == send_again


@pytest.mark.parametrize(("name", "code"), [("aga", SUPERKO), ("chinese", LEGAL)])
def test_a_ko_is_free_after_two_passes_only_without_superko(name, code):
    game = game_from(".XO.\nX.XO\n.XO.\n....", name, WHITE)
    play_all(game, "B3")
    assert code_of(game, "C3") == KO
    play_all(game, "pass pass")
    assert code_of(game, "C3") == code


def test_the_first_pass_takes_the_button_and_does_not_end_the_game():
    game = game_from(".X.O.\n.X.O.\n.X.O.\n.X.O.\n.X.O.", "aga-button")
    play_all(game, "pass")
    assert (game.passes, game.score()) == (0, 0.5)
    play_all(game, "pass")
    assert not game.is_over
    play_all(game, "pass")
    assert game.is_over
    game.rules = Rules.named("aga")
    assert (game.passes, game.score()) == (3, 0)
    game.rules = Rules.named("aga-button")
    assert (game.passes, game.score()) == (2, 0.5)


def test_territory_is_empty_points_and_prisoners():
    game = game_from(".X.O.\n.X.O.\n.X.O.\n.X.O.\n.X.O.", "japanese", komi=0.5)
    assert game.score() == -0.5
    play_all(game, "A1 E1")
    assert (game.score(), game.area_score()) == (-0.5, -0.5)
    play_all(game, "A5 pass")  # costs Black a point of territory and no area
    assert (game.score(), game.area_score()) == (-1.5, -0.5)
    taken = game_from("O..\nX..\n...", "japanese")
    play_all(taken, "B3")
    assert taken.score() == 7 + 1
    assert taken.copy().score() == taken.score()
