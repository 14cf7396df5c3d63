"""What the search makes of the rules: legal moves, repetitions, the score at the end."""

import numpy as np
import pytest

from lzp.engine.search import Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.engine.tree_state import TERMINAL
from lzp.go import BLACK, WHITE, Game
from lzp.go.diagram import parse_diagram
from lzp.go.rules import NAMED, Rules
from lzp.go.vertex import parse_vertex
from tests.engine.tree_checks import check_invariants, walk

pytestmark = pytest.mark.compiled


class EvenEvaluator:
    """Every move as good as any other, every position even."""

    name = "even"

    def __init__(self, side):
        self.side = side

    def evaluate(self, planes):
        size = self.side**2 + 1
        policy = np.full((len(planes), size), 1 / size, np.float32)
        return policy, np.full(len(planes), 0.5, np.float32)


def game_from(diagram, rules, to_play=BLACK, komi=0.0):
    side, stones = parse_diagram(diagram)
    game = Game(side, komi, Rules.parse(rules))
    game.set_up(stones, to_play)
    return game


def searched(game, visits=600, **params):
    search = Search(EvenEvaluator(game.side), SearchParams(seed=1, symmetry=0, **params))
    search.set_position(game)
    search.run(SearchLimits(visits=visits))
    return search


def root_moves(search, game):
    report = search.report(min_moves=game.pass_move + 1)
    return sorted(move.move for move in report.moves)


SEND_TWO = ".O.O.\nXXOO.\nX....\n.....\n....."


@pytest.mark.parametrize("name", NAMED)
def test_the_root_offers_what_the_game_allows(name):
    game = game_from(".OX.\nOOX.\nXXX.\n....", name, WHITE)
    legal = game.legal_moves().tolist()
    assert root_moves(searched(game, dumb_pass=True), game) == legal
    assert (parse_vertex("A4", 4) in legal) == NAMED[name].suicide
    ko = game_from(SEND_TWO, name, WHITE)
    for vertex in ("A5", "C5"):
        ko.play(parse_vertex(vertex, 5))
    assert root_moves(searched(ko, dumb_pass=True), ko) == ko.legal_moves().tolist()


def replay(game, line):
    """Play a line of the tree on a copy; the last move's code is returned with the copy."""
    twin = game.copy()
    for move in line[:-1]:
        twin.play(move)
    return twin, twin.check(line[-1])


@pytest.mark.parametrize("name", ["chinese", "chinese-ogs", "aga", "new-zealand", "tromp-taylor"])
def test_every_line_of_the_tree_is_legal_and_cycles_are_draws_or_forbidden(name):
    game = game_from(SEND_TWO, name, WHITE, komi=0.5)
    for word in ("A5", "C5", "B5", "pass"):  # A5 would come again
        game.play(parse_vertex(word, 5), superko=False)
    search = searched(game, visits=3000, dumb_pass=True)
    check_invariants(search)
    nodes, repeats = search.tree.arrays.nodes, 0
    for line, index, _ in walk(search):
        if not line:
            continue
        twin, code = replay(game, line)
        assert code == 0, (name, line)
        twin.play(line[-1])
        keys = twin.superko_keys()
        comes_again = bool((keys[:-1] == keys[-1]).any()) and line[-1] != game.pass_move
        assert comes_again == (name == "chinese" and nodes[index]["net_winrate"] == 0.5
                               and nodes[index]["state"] == TERMINAL)  # fmt: skip
        repeats += comes_again
    assert (repeats > 0) == (name == "chinese")


# Both live. By area nothing is left; by territory a stone of one's own costs a point.
EVEN = ".X.O.\nXX.OO\n.X.O.\nXX.OO\n.X.O."


def test_filling_ones_own_territory_loses_a_point_where_territory_counts():
    # White fills a point of its own, Black passes; if White passes now, the game is over.
    for name, expected in [("japanese", 0.0), ("chinese", 0.5)]:
        game = game_from(EVEN, name, WHITE, 0.0)
        game.play(parse_vertex("E1", 5))
        game.play(game.pass_move)
        search = searched(game, visits=400, dumb_pass=True)
        passing = next(m for m in search.report(30).moves if m.move == game.pass_move)
        assert passing.winrate == expected, name
