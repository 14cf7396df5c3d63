"""Remembered answers: what counts as the same position, images, bounds, and what is saved."""

import numpy as np
import pytest

from lzp.engine.batches import Batch
from lzp.engine.cache import EvaluationCache
from lzp.engine.cache_kernels import find_answer, keep_answer, policy_row, write_key
from lzp.engine.cache_state import WAYS
from lzp.engine.search import Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.features import SYMMETRIES, encode, symmetry_tables
from lzp.go import BLACK, WHITE, Game
from tests.engine.scripted import HashEvaluator, UniformEvaluator, search_on
from tests.engine.tree_checks import check_invariants, check_rules, snapshot


def random_game(side: int, plies: int, seed: int) -> Game:
    random = np.random.default_rng(seed)
    game = Game(side)
    for _ in range(plies):
        if not game.is_over:
            game.play(int(random.choice(game.legal_moves())))
    return game


def image_of(game: Game, symmetry: int) -> Game:
    """Return the game as it would be with the board turned or mirrored."""
    inverse = np.argsort(symmetry_tables(game.side)[symmetry])
    twin = Game(game.side, game.komi)
    for color, move in game.moves:
        twin.play(move if move == game.pass_move else int(inverse[move]), color)
    return twin


def key_of(cache: EvaluationCache, game: Game) -> int:
    arrays = Batch(game.side, 1).arrays
    arrays.boards[0] = game.boards[0]
    write_key(cache.arrays, arrays, 0, game.position_hashes().copy())
    return int(arrays.leaves[0]["key"])


def seen(game: Game) -> bytes:
    return encode(game.boards).tobytes()


def seen_from_all_sides(game: Game) -> bytes:
    planes = encode(np.repeat(game.boards, SYMMETRIES), np.arange(SYMMETRIES))
    return min(image.tobytes() for image in planes)


def stands(game: Game) -> tuple[object, ...]:
    prisoners = game.board.prisoners(BLACK), game.board.prisoners(WHITE)
    stones = game.board.colors().tobytes()
    return stones, game.to_play, game.board.ko_move, game.passes, prisoners


def stands_from_all_sides(game: Game) -> object:
    return min((stands(image_of(game, s)) for s in range(SYMMETRIES)), key=str)


CASES = [
    ("exact", 0, seen),
    ("exact", None, seen_from_all_sides),
    ("transpositions", 0, stands),
    ("transpositions", None, stands_from_all_sides),
]


@pytest.mark.compiled  # minutes as plain Python
@pytest.mark.parametrize(("mode", "symmetry", "identity"), CASES)
def test_keys_are_equal_exactly_for_equal_positions(mode, symmetry, identity) -> None:
    # On 3x3 every kind of ending is met again and again: captures, ko, passes.
    cache = EvaluationCache(SearchParams(cache=mode, symmetry=symmetry), 3)
    if symmetry is None:
        cache.arrays.heads["symmetric_plies"] = 100
    by_key: dict[int, object] = {}
    by_position: dict[object, int] = {}
    met = 0
    for seed in range(150):
        game = Game(3)
        random = np.random.default_rng(seed)
        for _ in range(14):
            key, position = key_of(cache, game), identity(game)
            met += position in by_position
            assert by_key.setdefault(key, position) == position
            assert by_position.setdefault(position, key) == key
            if game.is_over:
                break
            # Not with a pass: it leaves what the network sees as it was, but not the key.
            moves = game.legal_moves()
            game.play(int(random.choice(moves if game.ply else moves[:-1])))
    assert met > 100
    assert len(by_key) > 200


def test_path_in_the_tree_and_history_of_the_game_give_the_same_key() -> None:
    # The position at the root is looked up again after moves were played on the board.
    game = random_game(5, 6, 3)
    search = search_on(game, HashEvaluator(5), symmetry=0)
    line = search.run(SearchLimits(visits=100)).moves[0].pv
    assert len(line) > 2
    search.tree.clear()
    for move in line[:3]:
        game.play(move)
    search.set_position(game)
    assert search.run(SearchLimits(playouts=1)).hits >= 1


@pytest.mark.parametrize("ply", [0, 3])
def test_known_positions_need_no_network(ply: int) -> None:
    evaluator = UniformEvaluator(5)
    search = search_on(random_game(5, ply, 1), evaluator, batch_size=1, symmetry=0)
    first = search.run(SearchLimits(visits=150))
    tree, asked = snapshot(search), len(evaluator.batches)
    assert first.lookups - first.hits == first.leaves == asked
    search.tree.clear()
    again = search.run(SearchLimits(visits=150))
    assert len(evaluator.batches) == asked
    assert snapshot(search) == tree
    assert (again.batches, again.hits, again.lookups) == (0, first.lookups, first.lookups)
    check_invariants(search)
    search.clear()
    assert search.run(SearchLimits(visits=150)).hits == first.hits


def test_off_remembers_nothing() -> None:
    search = search_on(Game(5), cache="off", symmetry=0)
    search.run(SearchLimits(visits=50))
    search.tree.clear()
    report = search.run(SearchLimits(visits=50))
    assert (report.hits, report.lookups, report.leaves) == (0, 0, 50)


@pytest.mark.parametrize("symmetry", range(SYMMETRIES))
def test_images_share_an_answer(symmetry: int) -> None:
    game = Game(9)
    for move in (11, 20, 40, 5, 60):
        game.play(move)
    evaluator = HashEvaluator(9)
    search = search_on(game, evaluator, batch_size=1)
    before = search.run(SearchLimits(visits=2), min_moves=82)
    search.tree.clear()
    image = image_of(game, symmetry)
    search.set_position(image)
    after = search.run(SearchLimits(visits=2), min_moves=82)
    assert after.hits >= 1
    inverse = np.argsort(symmetry_tables(9)[symmetry])
    priors = {inverse[m.move] if m.move < 81 else 81: m.prior for m in before.moves}
    assert len(priors) == len(after.moves)
    for found in after.moves:
        assert found.prior == pytest.approx(priors[found.move], abs=1e-7)


def test_late_positions_do_not_share_with_images() -> None:
    game = random_game(9, 8, 5)
    search = search_on(game, batch_size=1)
    search.run(SearchLimits(visits=2))
    search.set_position(image_of(game, 1))
    assert search.run(SearchLimits(visits=2)).hits == 0


@pytest.mark.compiled  # a minute and more as plain Python
def test_transpositions_save_evaluations_and_keep_the_rules() -> None:
    game, found = Game(5, 0.5), {}
    for mode in ("exact", "transpositions"):
        search = search_on(game, UniformEvaluator(5), symmetry=0, cache=mode)
        found[mode] = search.run(SearchLimits(visits=2000))
        check_invariants(search)
        check_rules(search, game)
    assert found["transpositions"].hits > found["exact"].hits + 10
    assert found["transpositions"].leaves < found["exact"].leaves


@pytest.mark.parametrize(("sets", "rows"), [(3, 1000), (12, 10), (3, 9)])
def test_oldest_answer_makes_room(sets: int, rows: int) -> None:
    cache = EvaluationCache(SearchParams(cache_mib=1), 3)
    cache.arrays = cache.arrays._replace(
        entries=cache.arrays.entries[: sets * WAYS].copy(),
        policies=cache.arrays.policies[:rows].copy(),
    )
    arrays = Batch(3, 1).arrays
    random = np.random.default_rng(1)
    keys = random.integers(1, 2**64, 40, dtype=np.uint64)
    twin: list[dict[int, float]] = [{} for _ in range(sets)]  # by set, the oldest first
    last: list[int] = []  # keys kept
    hits = 0
    for key in random.choice(keys, 500):
        place = twin[(int(key) >> 32) * sets >> 32]
        is_known = int(key) in place and int(key) in last[-rows:]
        entry = find_answer(cache.arrays, key)
        assert (entry >= 0) == is_known
        if is_known:
            hits += 1
            assert cache.arrays.entries[entry]["winrate"] == place[int(key)]
            row = cache.arrays.policies[policy_row(cache.arrays, entry)]
            assert (row == place[int(key)]).all()
            continue
        arrays.leaves[0]["key"] = key
        arrays.winrate[0] = arrays.policy[0] = random.random()
        keep_answer(cache.arrays, arrays, 0)
        place.pop(int(key), None)
        place[int(key)] = arrays.winrate[0]
        last.append(int(key))
        if len(place) > WAYS:
            del place[next(iter(place))]
    assert cache.hits == hits > 50
    assert cache.lookups == 500


@pytest.mark.parametrize(("side", "mib"), [(5, 1), (19, 3), (19, 100)])
def test_memory_is_bounded(side: int, mib: int) -> None:
    cache = EvaluationCache(SearchParams(cache_mib=mib), side)
    kept = cache.arrays.entries.nbytes + cache.arrays.policies.nbytes
    assert 0.98 * mib * 2**20 < kept <= mib * 2**20
    assert len(EvaluationCache(SearchParams(cache="off"), side).arrays.entries) == 0


def test_no_memory_is_no_cache() -> None:
    search = Search(HashEvaluator(5), SearchParams(cache_mib=0))
    search.set_position(Game(5))
    assert search.run(SearchLimits(visits=20)).lookups == 0


def test_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="cache must be off, exact or transpositions"):
        SearchParams(cache="all")  # type: ignore[arg-type]
