"""The arena: many games at once are the games that would be played alone, and none is lost."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lzp.engine.evaluator import Evaluator
from lzp.engine.many import Question, Task, Together
from lzp.engine.search import EvaluationError, Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.features import encode
from lzp.go import BLACK, WHITE, Game
from lzp.play.arena import Arena, ArenaOptions
from lzp.play.arena_game import ArenaGame, ArenaRules, Seat
from lzp.play.arena_openings import draw_opening
from lzp.play.arena_results import ArenaError, ArenaFolder
from lzp.play.arena_score import spending, view_of
from lzp.play.arena_settings import Contestant
from lzp.play.match_results import tally
from tests.engine.scripted import HashEvaluator, UniformEvaluator, stone_margin

SIDE = 5


class NoisyEvaluator(HashEvaluator):
    """Answers as HashEvaluator; keeps the sizes of its batches."""

    def __init__(self, side: int = SIDE):
        super().__init__(side)
        self.batches: list[int] = []

    def evaluate(self, planes):
        self.batches.append(len(planes))
        return super().evaluate(planes)


def options(a: str = "", b: str = "leela", **changes) -> ArenaOptions:
    rules = ArenaRules(side=SIDE, komi=0.5, max_moves=40)
    both = (Contestant.parse(f"{a},evaluations=6"), Contestant.parse(f"{b},evaluations=6"))
    given = {"games": 6, "rules": rules, "parallel": 4, "openings": "network", **changes}
    return ArenaOptions(contestants=both, **given)


def arena(folder: Path | None = None, **changes) -> Arena:
    return Arena(options(**changes), folder, lambda path, batch: NoisyEvaluator())


def moves_by_number(games: Iterator[ArenaGame]) -> dict[int, tuple[int, ...]]:
    return {game.number: game.moves for game in games}


def test_games_at_once_are_the_games_played_alone() -> None:
    alone = moves_by_number(arena(parallel=1).play())
    together = moves_by_number(arena(parallel=6).play())
    assert together == alone
    assert len(set(alone.values())) == 6


def test_another_seed_makes_other_games() -> None:
    first = moves_by_number(arena().play())
    other = moves_by_number(arena(seed=1).play())
    assert all(first[number] != other[number] for number in first)


def test_batches_hold_a_leaf_of_every_running_game() -> None:
    played = arena(parallel=6)
    list(played.play())
    batches = played._evaluators[0].batches  # type: ignore[attr-defined]
    assert played.counts.batches == len(batches)
    assert played.counts.evaluations == sum(batches)
    assert max(len_ for len_ in batches if len_ != 8) >= 6
    assert batches.count(6) > len(batches) / 3


def test_the_games_of_a_pair_share_an_opening_and_exchange_colors() -> None:
    games = sorted(arena().play(), key=lambda game: game.number)
    for even, odd in zip(games[::2], games[1::2], strict=True):
        assert even.opening == odd.opening > 0
        assert even.moves[: even.opening] == odd.moves[: odd.opening]
        assert (even.black, even.white) == (odd.white, odd.black) == (0, 1)


def test_result_is_that_of_the_moves() -> None:
    for played in arena(games=8).play():
        game = Game(SIDE, 0.5)
        for move in played.moves:
            game.play(move)
        if played.ending == "score":
            assert game.is_over
        else:
            assert played.ending == "length"
            assert game.ply == 40
        assert played.points == game.area_score()
        assert played.winner == (BLACK if played.points > 0 else WHITE)
        assert played.as_played().result_of(played.black) == (played.winner == BLACK)


def test_budget_counts_positions_sent_to_the_network() -> None:
    evaluator = NoisyEvaluator()
    contestant = Contestant.parse("evaluations=10,batch_size=4,cache=off")
    seat = Seat(contestant, evaluator, 0, seed=1)
    decided = list(Together([evaluator], 1).run(iter([seat.choose(Game(SIDE))])))
    assert evaluator.batches == [1, 4, 4, 1]
    assert seat.evaluations == 10
    assert decided[0].report.playouts == seat.playouts == 9


def test_visits_search_as_the_search_alone_does() -> None:
    evaluator = NoisyEvaluator()
    game = Game(SIDE)
    seat = Seat(Contestant.parse("visits=50"), evaluator, 0, seed=3)
    found = next(Together([evaluator], 1).run(iter([seat.choose(game)])))
    search = Search(evaluator, SearchParams.strong(batch_size=1, seed=3))
    search.set_position(game)
    alone = search.run(SearchLimits(visits=50))
    assert found.report.visits_root == alone.visits_root == 50
    assert found.report.moves == alone.moves


class Certain(UniformEvaluator):
    """Says that one color has as good as won."""

    def __init__(self, side: int, black_winrate: float):
        super().__init__(
            side, lambda planes: (2 * black_winrate - 1) * (1 if planes[16, 0, 0] else -1)
        )


def test_game_ends_when_both_agree() -> None:
    rules = ArenaRules(side=SIDE, komi=0.5, agreed_winrate=0.95, agreed_moves=4)
    # Games played on would not be as certain.
    asked = options(a="rollouts=0", rules=rules)
    played = Arena(asked, None, lambda path, batch: Certain(SIDE, 0.98))
    for game in played.play():
        assert (game.ending, game.winner) == ("agreed", BLACK)
        assert len(game.moves) == game.opening + 4


def test_game_does_not_end_while_they_disagree() -> None:
    rules = ArenaRules(side=SIDE, komi=0.5, agreed_winrate=0.95, agreed_moves=2, max_moves=30)
    asked = options(a="plain,weights=a", b="plain,weights=b", rules=rules)
    networks = {"a": Certain(SIDE, 0.98), "b": Certain(SIDE, 0.02)}
    played = Arena(asked, None, lambda path, batch: networks[str(path)])
    assert all(game.ending != "agreed" for game in played.play())


def test_contestant_resigns_when_it_may() -> None:
    rules = ArenaRules(side=SIDE, komi=0.5, agreed_winrate=1.0, max_moves=40)
    asked = options(a="resign_percent=10,rollouts=0", b="", rules=rules)
    for game in Arena(asked, None, lambda path, batch: Certain(SIDE, 0.02)).play():
        first_is_black = game.black == 0
        assert (game.ending == "resign") == first_is_black
        assert game.winner == WHITE or not first_is_black


def test_each_network_gets_its_own_batches() -> None:
    networks: dict[str, Evaluator] = {name: NoisyEvaluator() for name in "ab"}
    asked = options(a="weights=a", b="weights=b")
    list(Arena(asked, None, lambda path, batch: networks[str(path)]).play())
    assert networks["a"].batches  # type: ignore[attr-defined]
    assert networks["b"].batches  # type: ignore[attr-defined]


def test_stronger_settings_win() -> None:
    rules = ArenaRules(side=SIDE, komi=0.5, max_moves=60)
    pair = (Contestant.parse("evaluations=60"), Contestant.parse("evaluations=2"))
    asked = ArenaOptions(contestants=pair, games=12, rules=rules, openings="network")
    played = Arena(asked, None, lambda path, batch: UniformEvaluator(SIDE, stone_margin))
    list(played.play())
    view = view_of(asked, played.games)
    assert tally(view.games).games == 12
    assert tally(view.games).score > 0.6
    spent = spending(view, played.games.values())
    assert 50 < spent["evaluations=60"]["evaluations"] <= 60
    assert 1 <= spent["evaluations=2"]["evaluations"] <= 2


def test_round_robin_meets_everybody_with_both_colors() -> None:
    lines = ("leela", "cpuct=0.8", "cpuct=2", "visits=3")
    rules = ArenaRules(side=SIDE, komi=0.5, max_moves=20)
    asked = ArenaOptions(
        contestants=tuple(Contestant.parse(line + ",evaluations=3") for line in lines),
        games=2, rules=rules, openings="random",
    )  # fmt: skip
    played = Arena(asked, None, lambda path, batch: NoisyEvaluator())
    seats = [(game.black, game.white) for game in played.play()]
    assert sorted(seats) == [(a, b) for a in range(4) for b in range(4) if a != b]
    view = view_of(asked, played.games)
    assert len(view.labels) == 4
    assert sum(tally(view.games, a, b).games for a in range(4) for b in range(a)) == 12
    gauntlet = replace(asked, gauntlet=True)
    assert {frozenset((each.black, each.white)) for each in gauntlet.seatings()} == {
        frozenset((0, other)) for other in (1, 2, 3)
    }


@pytest.mark.parametrize("referee", [None, "settled"])
def test_dead_stones_count_as_the_referee_says(referee: str | None) -> None:
    game = Game(SIDE, 0.5)
    for move in range(SIDE):  # Black's wall on the third row, one white stone below it
        game.play(2 * SIDE + move, BLACK)
    game.play(2, WHITE)
    counted = arena(referee=referee)._count(game)
    assert counted == game.area_score() + (11 if referee else 0)


def test_halving_is_planned_for_the_evaluations_that_there_are() -> None:
    line = "evaluations=24,halving_visits=32,halving_moves=4,cache=off"
    seat = Seat(Contestant.parse(line), evaluator := NoisyEvaluator(), 0, seed=1)
    found = next(Together([evaluator], 1).run(iter([seat.choose(Game(SIDE))])))
    halving = {"halving_visits": 32, "halving_moves": 4}
    params = SearchParams.strong(batch_size=1, seed=1, cache="off", **halving)
    search = Search(evaluator, params)
    search.set_position(Game(SIDE))
    alone = search.run(SearchLimits(playouts=23))  # the root's evaluation is the 24th
    assert found.report.moves == alone.moves
    assert seat.evaluations == 24


# Openings


def test_lopsided_openings_are_drawn_again() -> None:
    evaluator = UniformEvaluator(9, stone_margin)
    tasks = (draw_opening(9, 7.5, 0, number) for number in range(20))
    openings = list(Together([evaluator], 20).run(tasks))
    assert len({tuple(opening) for opening in openings}) == 20
    for opening in openings:
        game = Game(9)
        for move in opening:
            game.play(move)
        _, winrate = evaluator.evaluate(encode(game.boards))
        assert abs(float(winrate[0]) - 0.5) <= 0.15


# Folders


def test_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    whole = moves_by_number(arena().play())
    first = arena(tmp_path).play()
    kept = [next(first) for _ in range(2)]
    del first
    with (tmp_path / "games.jsonl").open("ab") as file:  # what a kill leaves of a line
        file.write(b'{"number":5,"first_co')
    rest = list(arena(tmp_path).play())
    assert {game.number for game in rest} == set(range(6)) - {game.number for game in kept}
    found = ArenaFolder(tmp_path, options().identity()).read()
    assert moves_by_number(iter(found.values())) == whole
    assert list(arena(tmp_path).play()) == []


def test_parts_make_the_games_of_the_whole(tmp_path: Path) -> None:
    whole = moves_by_number(arena(games=10).play())
    runs = [arena(tmp_path, games=10, part=part, parts=3).play() for part in range(3)]
    pending = list(runs)
    while pending:  # in turns, as processes would
        pending = [run for run in pending if next(run, None) is not None]
    assert moves_by_number(iter(arena(tmp_path, games=10).games.values())) == whole


def test_folder_of_another_arena_is_refused(tmp_path: Path) -> None:
    list(arena(tmp_path, games=2).play())
    with pytest.raises(ArenaError, match=r"another arena \(seed\)"):
        arena(tmp_path, seed=1)
    assert len(arena(tmp_path, games=4).games) == 2  # more games of the same are no other arena


@pytest.mark.parametrize("line", ["", "[]", "{}", '{"number": "x"}', "\xff", "[" * 5000])
def test_lines_that_are_no_games_are_skipped(tmp_path: Path, line: str) -> None:
    list(arena(tmp_path, games=2).play())
    path = tmp_path / "games.jsonl"
    path.write_bytes(line.encode("latin-1") + b"\n" + path.read_bytes())
    assert sorted(arena(tmp_path, games=2).games) == [0, 1]


def test_kept_game_says_everything(tmp_path: Path) -> None:
    games = sorted(arena(tmp_path).play(), key=lambda game: game.number)
    read = ArenaFolder(tmp_path, options().identity()).read()
    assert [read[number] for number in sorted(read)] == games
    assert json.loads((tmp_path / "arena.json").read_text())["seed"] == 0


# Settings


def test_settings_become_fields() -> None:
    found = Contestant.parse("leela,cpuct=0.8,symmetry=none,noise=true,visits=30,name=x")
    expected = SearchParams.leela(cpuct=0.8, noise=True, batch_size=1, cache_mib=8)
    assert (found.name, found.search, found.player.visits) == ("x", expected, 30)
    assert found.evaluations is None
    plain = SearchParams(cpuct=0.8, batch_size=1, cache_mib=8)
    assert Contestant.parse("plain,cpuct=0.8").search == plain
    strong = SearchParams.strong(cpuct=0.9, batch_size=1, cache_mib=8)
    assert Contestant.parse("cpuct=0.9").search == strong != plain
    assert Contestant.parse("weights=a/b.gz").weights == Path("a/b.gz")
    assert Contestant.parse("").evaluations == 100


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("cpuct", "'cpuct' is neither"),
        ("cupct=1", "unknown setting 'cupct'"),
        ("cpuct=x", "cpuct: cannot read 'x'"),
        ("cpuct=-1", "cpuct must be 0 to 100"),
        ("cpuct=1,cpuct=2", "'cpuct' is set twice"),
        ("leela,plain", "more than one preset"),
        ("evaluations=0", "evaluations must be"),
        ("visits=1.5", "visits: cannot read"),
        ("time_management=often", "time_management: cannot read"),
        ("max_time_s=1", "knows no time"),
    ],
)
def test_wrong_settings_are_one_line(line: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Contestant.parse(line)


# Tasks


def test_answers_go_to_those_who_asked() -> None:
    evaluators = [HashEvaluator(SIDE, seed=seed) for seed in (0, 1)]

    def task(number: int) -> Task[bool]:
        random = np.random.default_rng(number)
        for _ in range(number % 4):
            network = int(random.integers(2))
            planes = random.integers(0, 2, (int(random.integers(1, 4)), 18, SIDE, SIDE), np.uint8)
            policy, winrate = yield Question(network, planes)
            expected = evaluators[network].evaluate(planes)
            assert np.array_equal(policy, expected[0])
            assert np.array_equal(winrate, expected[1])
        return True

    done = list(Together(evaluators, 5).run(task(number) for number in range(30)))
    assert done == [True] * 30


def test_evaluator_that_fails_is_named() -> None:
    class Failing(HashEvaluator):
        def evaluate(self, planes):
            raise ValueError("no good")

    game = Game(SIDE)
    seat = Seat(Contestant.parse(""), Failing(SIDE), 0, seed=1)
    with pytest.raises(EvaluationError, match="hash: no good"):
        list(Together([Failing(SIDE)], 1).run(iter([seat.choose(game)])))
