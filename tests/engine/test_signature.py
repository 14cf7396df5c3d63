"""The search does what it did when its number was written down (`bin/signature`)."""

from pathlib import Path

import numpy as np
import pytest

from lzp.engine.evaluator import find_fault
from lzp.features import encode
from tests.engine import signature as its
from tests.engine.signature_network import SignatureNetwork, mixed
from tests.engine.signature_positions import POSITIONS

pytestmark = pytest.mark.compiled

FEW = ("opening", "fight", "ko")


def test_the_search_has_the_committed_signature() -> None:
    found = its.signature()
    assert found == its.committed(), (
        f"what the search does has changed: {found} instead of {its.committed()};"
        f" {its.HOW_TO_UPDATE} (bin/signature --cases tells which positions)"
    )


@pytest.mark.parametrize("changes", [{"cpuct": 0.6}, {"fpu_reduction": 0.3}, {"seed": 8}])
def test_other_constants_have_another_signature(changes: dict[str, float]) -> None:
    assert its.signature(FEW, **changes) != its.signature(FEW)


def test_last_bits_do_not_change_the_signature() -> None:
    # Other processors and libraries round otherwise; a constant that is off by as much and
    # more takes every score of the search along.
    constants = {"cpuct": 0.5, "fpu_reduction": 0.25}
    exact = its.signature(FEW, **constants)
    for off in (1 - 1e-12, 1 + 1e-12):
        assert its.signature(FEW, **{name: c * off for name, c in constants.items()}) == exact


def test_numbers_of_the_network_are_those_of_splitmix64() -> None:
    # The first outputs for the seed 1234567, as published with xoshiro and on Rosetta Code.
    states = np.array([1234567 + n * 0x9E3779B97F4A7C15 & 2**64 - 1 for n in (1, 2, 3)], np.uint64)
    assert mixed(states).tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


def test_answers_are_exact_in_any_order_of_additions() -> None:
    network = SignatureNetwork(19)
    games = [make() for make in POSITIONS.values()]
    planes = encode(np.concatenate([game.boards for game in games if game.side == 19]))
    policy, winrate = network.evaluate(planes)
    assert find_fault(network, (policy, winrate), len(planes)) is None
    for answer in (policy, winrate):
        counts = answer.astype(np.float64) * 2**24
        assert (counts == np.round(counts)).all()
    random = np.random.default_rng(0)
    for row in policy:
        sums = {float(np.cumsum(random.permutation(row))[-1]) for _ in range(20)}
        assert sums == {float(row.astype(np.float64).sum())}
    assert (policy.max(axis=1) > 0.1).all()  # sharp: trees grow deep


def test_a_batch_is_answered_as_its_positions_are() -> None:
    network = SignatureNetwork(9)
    games = [POSITIONS[name]() for name in ("fight", "ko", "captures")]
    planes = encode(np.concatenate([game.boards for game in games]))
    together = network.evaluate(planes)
    for slot in range(len(planes)):
        alone = network.evaluate(planes[slot : slot + 1])
        assert (alone[0] == together[0][slot]).all()
        assert alone[1] == together[1][slot]


def test_positions_are_what_they_are_called() -> None:
    games = {name: make() for name, make in POSITIONS.items()}
    assert not any(game.is_over for game in games.values())
    assert games["handicap"].handicap == 4
    assert games["after a pass"].passes == 1
    ko = games["ko"]
    assert not ko.is_legal(6 * 9 + 2)  # C7 was just taken
    assert ko.legal_moves().size > 60
    assert len(games["almost full"].legal_moves()) < 20


def test_a_changed_number_is_told_and_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(its, "FILE", tmp_path / "signature.txt")
    monkeypatch.setattr(its, "signature", lambda: 42)
    its.FILE.write_text("41\n")
    with pytest.raises(SystemExit) as left:
        its.main(["--check"])
    told = capsys.readouterr()
    assert (left.value.code, told.out) == (1, "42\n")
    assert told.err == f"bin/signature: signature.txt has 41: {its.HOW_TO_UPDATE}\n"
    its.main(["--write"])
    its.main(["--check"])
    assert its.committed() == 42
