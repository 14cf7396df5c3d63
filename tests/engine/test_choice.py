"""The choice of what runs a network: measured once, never something that is too far off."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lzp.engine import choice_measure
from lzp.engine.agreement import Agreement, CrossCheck, Tally
from lzp.engine.backends import BACKENDS
from lzp.engine.certificate import keep_proof, proven_backends, proves
from lzp.engine.choice import Candidate, Setting, Wish, candidates
from lzp.engine.choice_measure import choose, measure_rate
from lzp.engine.evaluator import Answer, Evaluator, empty_planes
from lzp.engine.export import write_model
from lzp.engine.loading import load_lanes
from lzp.engine.measured_cache import machine_key, read_measured, write_measured
from lzp.engine.model import ModelError, open_network
from lzp.engine.network_file import NetworkFile
from lzp.engine.run_options import BACKEND_NAMES, RunOptions
from lzp.engine.sample_positions import GAMES, play_games
from tests.networks import random_weights

pytestmark = pytest.mark.compiled

NOTHING: frozenset[str] = frozenset()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own for each test, and short measurements."""
    monkeypatch.setenv("LZP_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(choice_measure, "ROUND_S", 0.005)
    return tmp_path / "cache" / "measured"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> NetworkFile:
    path = tmp_path_factory.mktemp("network") / "net.txt"
    write_model(path, random_weights(side=9, blocks=1, filters=8, seed=4))
    return open_network(path)


class Skewed:
    """Answers at once, and wrongly: what must never be chosen for its speed."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.side, self.name = evaluator.side, evaluator.name
        self._evaluator = evaluator
        self._known: dict[bytes, Answer] = {}

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        key = planes.tobytes()
        if key not in self._known:
            policy, winrate = self._evaluator.evaluate(planes)
            self._known[key] = policy, np.where(winrate < 0.5, winrate + 0.1, winrate - 0.1)
        return self._known[key]


def add_backend(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    opens: Callable[[NetworkFile, RunOptions], Sequence[Evaluator]],
    precisions: tuple[str, ...] = ("float32",),
) -> None:
    backend = replace(BACKENDS["onnxruntime"], name=name, open=opens, precisions=lambda: precisions)
    monkeypatch.setitem(BACKENDS, name, backend)


def wish(**changes: int | str) -> Wish:
    return Wish(**{"threads": 1, "batch_size": 4, **changes})  # type: ignore[arg-type]


def test_the_command_lines_know_every_backend() -> None:
    assert tuple(BACKENDS) == BACKEND_NAMES
    assert all(backend.name == name for name, backend in BACKENDS.items())


def test_the_fastest_is_not_chosen_where_it_is_wrong(
    network: NetworkFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens = BACKENDS["onnxruntime"].open
    add_backend(monkeypatch, "hasty", lambda f, o: [Skewed(e) for e in opens(f, o)])
    choice = choose(network, wish())
    assert choice.setting.backend != "hasty"
    (row,) = [row for row in choice.rows if row.setting.backend == "hasty"]
    assert row.reason is not None
    assert row.reason.startswith("too far off: winrate within 0.1")
    assert row.agreement is not None
    assert row.agreement.positions >= 2 * GAMES
    # Asked for by name, it is taken as it is.
    named = choose(network, wish(backend="hasty", precision="float32"))
    assert named.setting.backend == "hasty"


def test_what_cannot_be_opened_is_left_out(
    network: NetworkFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_file: NetworkFile, _options: RunOptions) -> Sequence[Evaluator]:
        raise RuntimeError("no such luck\nand more")

    add_backend(monkeypatch, "broken", fail)
    choice = choose(network, wish())
    assert choice.setting.backend != "broken"
    (row,) = [row for row in choice.rows if row.setting.backend == "broken"]
    assert row.reason == f"{network.path}: no such luck"


def test_a_choice_is_measured_once_and_told(network: NetworkFile, cache: Path) -> None:
    told: list[str] = []
    first = choose(network, wish(threads=2), told.append)
    assert first.is_new
    assert told == ["measuring what runs net.txt fastest, once on this machine"]
    lanes = {(row.setting.lanes, row.setting.threads) for row in first.rows}
    assert lanes == {(2, 1), (1, 2)}
    assert all(row.rate > 0 for row in first.rows if row.reason is None)
    second = choose(network, wish(threads=2), told.append)
    assert (second.setting, second.is_new, len(told)) == (first.setting, False, 1)
    assert len(list(cache.iterdir())) == 1
    # Another wish and another network are other questions.
    assert choose(network, wish(threads=2, batch_size=5)).is_new
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[]", "null", '{"key": 1}', "\0" * 100, "[" * 100_000],
    ids=["empty", "cut", "list", "null", "other", "zeros", "deep"],
)
def test_a_damaged_entry_is_measured_again_and_replaced(
    damage: str, network: NetworkFile, cache: Path
) -> None:
    choose(network, wish())
    (entry,) = cache.iterdir()
    whole = json.loads(entry.read_text())
    entry.write_text(damage)
    assert choose(network, wish()).is_new
    assert json.loads(entry.read_text())["key"] == whole["key"]
    assert list(cache.iterdir()) == [entry]


@pytest.mark.parametrize(
    "setting",
    [
        {"backend": "abacus", "precision": "float32", "lanes": 1, "threads": 1},
        {"backend": "onnxruntime", "precision": "float32", "lanes": 0, "threads": 1},
        {"backend": "onnxruntime"},
        7,
    ],
    ids=["backend", "lanes", "short", "number"],
)
def test_an_entry_that_makes_no_sense_is_measured_again(
    setting: object, network: NetworkFile, cache: Path
) -> None:
    choose(network, wish())
    (entry,) = cache.iterdir()
    whole = json.loads(entry.read_text())
    whole["measured"]["setting"] = setting
    entry.write_text(json.dumps(whole))
    assert choose(network, wish()).is_new


def test_a_kept_choice_that_fails_is_made_again(
    network: NetworkFile, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_backend(monkeypatch, "rare", BACKENDS["onnxruntime"].open)
    choose(network, wish())
    (entry,) = cache.iterdir()
    whole = json.loads(entry.read_text())
    whole["measured"]["setting"]["backend"] = "rare"
    entry.write_text(json.dumps(whole))
    assert load_lanes(network, wish()).setting.backend == "rare"

    def fail(_file: NetworkFile, _options: RunOptions) -> Sequence[Evaluator]:
        raise RuntimeError("gone")

    add_backend(monkeypatch, "rare", fail)
    assert load_lanes(network, wish()).setting.backend != "rare"


def test_where_nothing_can_be_kept_a_choice_is_made_all_the_same(
    network: NetworkFile, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.parent.mkdir()
    cache.write_text("a file where the folder should be")
    assert choose(network, wish()).is_new


def test_what_is_asked_for_by_name_is_not_measured(network: NetworkFile, cache: Path) -> None:
    choice = choose(network, wish(backend="onnxruntime", precision="float32", threads=3))
    assert choice.setting == Setting(backend="onnxruntime", precision="float32", lanes=3, threads=1)
    assert choice.rows == ()
    assert not cache.exists() or not list(cache.iterdir())


def names(found: list[Candidate]) -> list[str]:
    return [f"{one.backend.name} {one.precision}" for one in found]


def test_half_is_a_wish_and_float16_an_order(
    network: NetworkFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in set(BACKENDS) - {"onnxruntime"}:
        monkeypatch.delitem(BACKENDS, name)
    assert names(candidates(network, wish(precision="half"), NOTHING)) == ["onnxruntime float32"]
    with pytest.raises(ModelError, match="nothing here computes in float16"):
        candidates(network, wish(precision="float16"), NOTHING)
    add_backend(monkeypatch, "both", BACKENDS["onnxruntime"].open, ("float32", "bfloat16", "int8"))
    for word, expected in {
        "half": ["both bfloat16"],
        "single": ["onnxruntime float32", "both float32"],
        "auto": ["onnxruntime float32", "both float32", "both bfloat16"],
        "int8": ["onnxruntime int8", "both int8"],
    }.items():
        assert names(candidates(network, wish(precision=word), NOTHING)) == expected
    proven = candidates(network, wish(), frozenset({"both"}))
    assert names(proven)[-1] == "both int8"


def test_an_unavailable_backend_says_why(network: NetworkFile) -> None:
    if (reason := BACKENDS["cuda"].why_not()) is None:
        pytest.skip("this machine has a GPU")
    with pytest.raises(ModelError, match=f"cuda: {reason}"):
        candidates(network, wish(backend="cuda"), NOTHING)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"backend": "abacus"}, "backend 'abacus', expected one of"),
        ({"precision": "float8"}, "precision 'float8', expected one of auto, float32"),
        ({"threads": 0}, "threads: 0, expected 1 or more"),
    ],
)
def test_a_wish_is_checked(changes: dict[str, int | str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wish(**changes)


GOOD = Agreement(positions=1000, winrate=0.015, winrate_mean=0.002, policy=0.2, top1=0.99)


def test_int8_is_proven_by_a_thousand_positions() -> None:
    assert proves(GOOD)
    for change in ({"positions": 999}, {"winrate": 0.0151}, {"top1": 0.989}):
        assert not proves(replace(GOOD, **change))
    assert not proves(replace(GOOD, winrate=float("nan")))


def test_a_proof_holds_for_one_network_and_backend(network: NetworkFile, tmp_path: Path) -> None:
    machine = machine_key()
    assert proven_backends(network, machine) == NOTHING
    keep_proof(network, "openvino", GOOD)
    assert proven_backends(network, machine) == {"openvino"}
    path = tmp_path / "other.txt"
    write_model(path, random_weights(side=9, blocks=1, filters=8, seed=5))
    assert proven_backends(open_network(path), machine) == NOTHING
    keep_proof(network, "openvino", replace(GOOD, top1=0.5))
    assert proven_backends(network, machine) == NOTHING


def test_entries_of_another_key_are_not_taken(cache: Path) -> None:
    write_measured({"a": 1}, {"found": 2})
    assert read_measured({"a": 1}) == {"found": 2}
    assert read_measured({"a": 2}) is None
    (entry,) = cache.iterdir()
    entry.write_text(json.dumps({"key": {"a": 3}, "measured": {}}))
    assert read_measured({"a": 1}) is None


class Fixed:
    """Answers what it is given."""

    def __init__(self, policy: list[list[float]], winrate: list[float]) -> None:
        self.side, self.name = 1, "fixed"
        self._answer = np.array(policy, np.float32), np.array(winrate, np.float32)

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        return self._answer


def test_a_cross_check_counts_what_differs() -> None:
    first = Fixed([[0.75, 0.25], [0.75, 0.25]], [0.5, 0.25])
    second = Fixed([[0.5, 0.5], [0.25, 0.75]], [0.5, 0.75])
    check = CrossCheck(first, second)
    assert check.tally.agreement() is None
    planes = empty_planes(1, 2)
    assert check.evaluate(planes) is first.evaluate(planes)
    check.evaluate(planes)
    assert check.tally.agreement() == Agreement(
        positions=4, winrate=0.5, winrate_mean=0.25, policy=0.5, top1=0.5
    )


def test_a_cross_check_does_not_forget_what_is_no_number() -> None:
    tally = Tally()
    sound = Fixed([[0.75, 0.25]], [0.5]).evaluate(empty_planes(1, 1))
    tally.add(sound, Fixed([[0.75, 0.25]], [float("nan")]).evaluate(empty_planes(1, 1)))
    tally.add(sound, sound)
    found = tally.agreement()
    assert found is not None
    assert np.isnan(found.winrate)


def test_sample_positions_are_legal_varied_and_the_same_each_time(network: NetworkFile) -> None:
    evaluator = load_lanes(network, wish(backend="onnxruntime", precision="float32")).evaluators[0]
    first, second = (
        np.concatenate([planes for planes, _ in play_games(evaluator, 6)]) for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)
    stones = first[:, [0, 8]].sum(axis=(1, 2, 3))
    assert stones.min() == 0
    assert stones.max() > 30
    assert len({planes.tobytes() for planes in first}) > 0.9 * len(first)


def test_a_rate_counts_all_lanes() -> None:
    class Waits(Fixed):
        calls = 0

        def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
            self.calls += 1
            return super().evaluate(planes)

    lanes = [Waits([[0.5, 0.5]], [0.5]) for _ in range(2)]
    rate = measure_rate(lanes, empty_planes(1, 3), 0.01)
    assert all(lane.calls > 0 for lane in lanes)
    assert rate <= 3 * sum(lane.calls for lane in lanes) / 0.01
