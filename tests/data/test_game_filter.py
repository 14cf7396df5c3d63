"""Filters of games against plain Python over the same records, and what wrong ones say."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from lzp.data import ConvertOptions, GameFilter, GameStore, StoreError, convert
from lzp.data.filter_words import parse_filter
from lzp.data.game_filter import split_of
from lzp.data.selection import select_games
from lzp.sgf.record import ENDINGS
from tests.data.makers import write_records

ALL_TRAIN: dict[str, Any] = {"val_fraction": 0.0, "test_fraction": 0.0}


class Known(NamedTuple):
    """What a record says of a game; None where it is silent."""

    black: int | None
    white: int | None
    handicap: int
    komi: float | None
    moves: int
    result: str
    date: str
    rules: str


GAMES = [
    Known(6, 7, 0, 6.5, 4, "B+R", "2015-06-30", "Japanese"),
    Known(7, 6, 0, 7.5, 5, "W+2.5", "2015-07-01", "Chinese"),
    Known(None, 9, 0, 6.5, 6, "W+R", "2016-01-01", "chinese"),
    Known(-2, 0, 2, 0.5, 7, "B+T", "2016-12", ""),
    Known(9, 9, 0, None, 8, "W+F", "", "AGA"),
    Known(10, 18, 0, 0.0, 3, "B+1", "2016-12-31", "Japanese"),
    Known(3, 3, 4, 0.5, 9, "Jigo", "2017-02-03", "Japanese"),
]


def rank_of(rank: int | None) -> str:
    if rank is None:
        return ""
    return f"{rank}d" if 0 < rank < 10 else f"{rank - 9}p" if rank >= 10 else f"{1 - rank}k"


def sgf(game: Known) -> str:
    names = {"BR": rank_of(game.black), "WR": rank_of(game.white), "RU": game.rules}
    names |= {"DT": game.date, "HA": str(game.handicap or ""), "RE": game.result}
    names["KM"] = "" if game.komi is None else str(game.komi)
    root = "".join(f"{name}[{value}]" for name, value in names.items() if value)
    first = f"{game.handicap}{game.moves}{game.result}"  # other moves in each game
    points = [f"{'abcdefghi'[i]}{'abcdefghi'[len(first) % 5]}" for i in range(game.moves)]
    moves = "".join(f";{'BW'[i % 2]}[{point}]" for i, point in enumerate(points))
    return f"(;SZ[9]{root}{moves})"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> GameStore:
    folder = tmp_path_factory.mktemp("filter")
    source = write_records(folder / "games.sgf", [sgf(game) for game in GAMES])
    options = ConvertOptions(sides=(9,), min_moves=1, exclude=frozenset())
    convert([source], folder / "games.lzps", options, workers=1)
    opened = GameStore.open(folder / "games.lzps")
    assert opened.lengths.tolist() == [game.moves for game in GAMES]
    return opened


def ending(game: Known) -> str:
    letters = {"R": "resign", "T": "time", "F": "forfeit"}
    return "draw" if game.result == "Jigo" else letters.get(game.result[2:], "score")


def lowest(game: Known) -> int:
    return -99 if game.black is None or game.white is None else min(game.black, game.white)


def highest(game: Known) -> int:
    return 99 if game.black is None or game.white is None else max(game.black, game.white)


CASES: list[tuple[dict[str, Any], Callable[[Known], bool]]] = [
    ({}, lambda g: True),
    ({"even_only": True}, lambda g: g.handicap == 0),
    ({"min_rank": 6}, lambda g: lowest(g) >= 6),
    ({"min_rank": "6d"}, lambda g: lowest(g) >= 6),
    ({"max_rank": "9d"}, lambda g: highest(g) <= 9),
    ({"min_rank": "3k", "max_rank": "5d"}, lambda g: lowest(g) >= -2 and highest(g) <= 5),
    ({"min_rank": "1p"}, lambda g: lowest(g) >= 10),
    ({"min_handicap": 1}, lambda g: g.handicap >= 1),
    ({"max_handicap": 3}, lambda g: g.handicap <= 3),
    ({"komi": (6.5, 7.5)}, lambda g: g.komi in (6.5, 7.5)),
    ({"komi": (0.0,)}, lambda g: g.komi == 0),
    ({"min_komi": 0.5}, lambda g: g.komi is not None and g.komi >= 0.5),
    ({"max_komi": 6.5}, lambda g: g.komi is not None and g.komi <= 6.5),
    ({"min_moves": 5, "max_moves": 8}, lambda g: 5 <= g.moves <= 8),
    ({"winner": "white"}, lambda g: g.result[0] == "W"),
    ({"winner": "black"}, lambda g: g.result[0] == "B"),
    ({"endings": ("resign", "score")}, lambda g: ending(g) in ("resign", "score")),
    ({"endings": ("draw",)}, lambda g: ending(g) == "draw"),
    ({"since": 2016}, lambda g: g.date >= "2016"),
    ({"since": "2015-07"}, lambda g: g.date >= "2015-07"),
    ({"until": "2015-06-30"}, lambda g: "" < g.date <= "2015-06-30"),
    ({"until": "2015"}, lambda g: "" < g.date < "2016"),
    ({"since": "2016-12", "until": "2016-12"}, lambda g: g.date.startswith("2016-12")),
    ({"rules": ("Chinese",)}, lambda g: g.rules.lower() == "chinese"),
    ({"rules": ("", "aga")}, lambda g: g.rules.lower() in ("", "aga")),
    (
        {"even_only": True, "min_rank": 6, "endings": ("score",)},
        lambda g: g.handicap == 0 and lowest(g) >= 6 and ending(g) == "score",
    ),
]


@pytest.mark.parametrize("undecided", [False, True])
@pytest.mark.parametrize(("asked", "fits"), CASES, ids=[str(case[0]) for case in CASES])
def test_a_filter_takes_what_plain_python_takes(
    asked: dict[str, Any], fits: Callable[[Known], bool], undecided: bool, store: GameStore
) -> None:
    chosen = GameFilter(**asked, undecided=undecided, **ALL_TRAIN)
    wanted = [
        number
        for number, game in enumerate(GAMES)
        if fits(game) and (undecided or "+" in game.result)
    ]
    if wanted:
        assert select_games(store, "train", chosen).games.tolist() == wanted
    else:
        with pytest.raises(StoreError, match="no games in the train split"):
            select_games(store, "train", chosen)


@pytest.mark.parametrize(("asked", "fits"), CASES, ids=[str(case[0]) for case in CASES])
def test_a_conversion_takes_the_same_games(
    asked: dict[str, Any], fits: Callable[[Known], bool], tmp_path: Path
) -> None:
    source = write_records(tmp_path / "games.sgf", [sgf(game) for game in GAMES])
    chosen = parse_filter([words_of(key, value) for key, value in asked.items()])
    options = ConvertOptions(sides=(9,), min_moves=1, exclude=frozenset(), games=chosen)
    report = convert([source], tmp_path / "out", options, workers=1)
    store = GameStore.open(tmp_path / "out")
    assert store.lengths.tolist() == [game.moves for game in GAMES if fits(game)]
    assert report.excluded.get("filter", 0) == sum(not fits(game) for game in GAMES)
    assert all(": not " in example for example in report.examples.get("filter", []))


def words_of(key: str, value: Any) -> str:
    """A filter's value as a word of a command line."""
    if isinstance(value, tuple):
        return f"{key}={','.join(map(str, value))}"
    return f"{key}={str(value).lower() if value is True else rank_word(key, value)}"


def rank_word(key: str, value: Any) -> str:
    return rank_of(value) if key.endswith("rank") and isinstance(value, int) else str(value)


def test_a_copy_that_passes_is_stored_where_the_first_one_does_not(tmp_path: Path) -> None:
    weak, strong = GAMES[0]._replace(black=1), GAMES[0]
    source = write_records(tmp_path / "games.sgf", [sgf(weak), sgf(strong)])
    options = ConvertOptions(sides=(9,), min_moves=1, games=GameFilter(min_rank="6d"))
    report = convert([source], tmp_path / "out", options, workers=1)
    assert report.games_stored == 1
    assert report.excluded == {"filter": 1}


WRONG_WORDS = [
    ("strength=9", "--only strength=9: expected KEY=VALUE, with even_only, min_rank"),
    ("komi", "--only komi: expected KEY=VALUE"),
    ("komi=much", "--only komi=much: komi does not take 'much'"),
    ("even_only=maybe", "even_only does not take 'maybe'"),
    ("min_moves=1.5", "min_moves does not take '1.5'"),
    ("since=soon", "since must be YYYY"),
]


@pytest.mark.parametrize(("word", "complaint"), WRONG_WORDS)
def test_wrong_words_are_named(word: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_filter([word])


def test_the_counts_name_the_condition_that_leaves_nothing(store: GameStore) -> None:
    chosen = GameFilter(even_only=True, min_rank="6d", min_komi=8, rules=("AGA",), **ALL_TRAIN)
    with pytest.raises(StoreError) as caught:
        select_games(store, "train", chosen)
    assert str(caught.value) == (
        f"{store.path}: no games in the train split: 7 games, 7 on 9x9, 7 with moves,"
        " 6 with a winner, 5 without handicap, 4 with both ranks from 6d, 0 with komi from 8"
    )
    with pytest.raises(StoreError, match=r"6 with a winner, 0 in the val split$"):
        select_games(store, "val", GameFilter(**ALL_TRAIN))


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"min_rank": "strong"}, "min_rank must be a rank such as 6d, 3k or 1p, got 'strong'"),
    ({"max_rank": 77}, "max_rank must be a rank .* got 77"),
    ({"min_rank": "9d", "max_rank": "1k"}, "min_rank must not be above max_rank, got 9d and 1k"),
    ({"min_handicap": 3, "max_handicap": 2}, "min_handicap must not be above max_handicap"),
    ({"min_komi": 7.5, "max_komi": 6.5}, "min_komi must not be above max_komi, got 7.5 and 6.5"),
    ({"min_moves": 2, "max_moves": 1}, "min_moves must not be above max_moves"),
    ({"since": "2016-02", "until": 2015}, "since must not be above until, got 2016-02 and 2015"),
    ({"since": "yesterday"}, "since must be YYYY, YYYY-MM or YYYY-MM-DD, got 'yesterday'"),
    ({"until": 20150630}, "until must be YYYY"),
    ({"winner": "red"}, "winner must be black or white, got 'red'"),
    ({"endings": ("win",)}, f"no such ending: win .known: {', '.join(ENDINGS)}"),
    ({"komi": ()}, "komi must name at least one value, or be null"),
    ({"val_fraction": -0.1}, "val_fraction and test_fraction"),
]


@pytest.mark.parametrize(("asked", "complaint"), WRONG)
def test_a_wrong_filter_is_named(asked: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        GameFilter(**asked)


def test_a_split_follows_from_the_hash_and_the_fractions() -> None:
    hashes = np.array([0, 1 << 62, 1 << 63, (1 << 64) - 1], np.uint64)
    quarters = GameFilter(val_fraction=0.25, test_fraction=0.25)
    assert split_of(hashes, quarters).tolist() == [2, 1, 0, 0]
    everything = GameFilter(val_fraction=0.0, test_fraction=1.0)
    assert split_of(hashes, everything).tolist() == [2] * 4
