"""Queries changed at random: each line gets an answer or an error, and nothing ends the engine."""

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lzp.engine.analysis.settings import Settings
from tests.engine.analysis_clients import SIDE, Answer, query, serve
from tests.engine.scripted import UniformEvaluator
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled

LIMIT = {"player": "B", "moves": ["A1", "pass"], "untilDepth": 2}
#: Every field, each with a value that is right.
WHOLE: dict[str, Any] = query(
    initialStones=[["B", "A1"]],
    initialPlayer="B",
    analyzeTurns=[0, 1, 2],
    priorities=[0, 5, -5],
    whiteHandicapBonus="N",
    overrideSettings={"reportAnalysisWinratesAs": "WHITE", "wideRootNoise": 0.04},
    maxVisits=6,
    rootPolicyTemperature=1.1,
    rootFpuReductionMax=0.1,
    analysisPVLen=3,
    includeOwnership=True,
    includePolicy=True,
    includePVVisits=True,
    includeMovesOwnership=False,
    avoidMoves=[LIMIT],
    reportDuringSearchEvery=0.001,
)
#: What a query can do without.
OPTIONAL = sorted(WHOLE.keys() - {"id", "boardXSize", "boardYSize", "moves", "rules"})
ACTIONS = ["terminate", "terminate_all", "query_version", "query_models", "clear_cache", "dance"]
#: A search may be asked to go on for ever; the clock ends it.
SETTINGS = Settings(time_s=0.02)

WORDS = st.sampled_from(
    ["B", "w", "pass", "A1", "Z99", "C3", "(0,0)", "", "\ud800", "chinese", "maxVisits", "-0"]
)
NUMBERS = st.one_of(
    st.integers(-3, 30),
    st.sampled_from([2**31, 2**63, -(2**70), 10**400]),
    st.floats(allow_nan=False, allow_infinity=False),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, WORDS, st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def changed_queries(draw: st.DrawFn) -> Answer:
    """Return a query with fields left out, replaced and added."""
    fields = dict(WHOLE)
    for name in draw(st.lists(st.sampled_from(OPTIONAL), max_size=8)):
        fields.pop(name, None)
    for name in draw(st.lists(st.sampled_from(sorted(WHOLE)), max_size=2)):
        fields[name] = draw(JSON)
    if draw(st.integers(0, 5)) == 0:
        fields["action"] = draw(st.sampled_from(ACTIONS) | JSON)
        fields["terminateId"] = draw(st.sampled_from(["0", "1", 2]))
    return fields


@st.composite
def changed_lines(draw: st.DrawFn) -> str:
    """Return a query's text, mostly whole."""
    text = json.dumps(draw(changed_queries()))
    if draw(st.integers(0, 4)):
        return text
    start = draw(st.integers(0, len(text)))
    end = min(len(text), start + draw(st.integers(0, 6)))
    return text[:start] + draw(st.text(max_size=3).filter(lambda t: "\n" not in t)) + text[end:]


def read(line: str) -> Answer | None:
    """Return the object of a line with a string as id; None for any other line."""

    def refuse(word: str) -> None:
        raise ValueError(word)

    try:
        fields = json.loads(line, parse_constant=refuse)
    except (ValueError, RecursionError):
        return None
    is_query = isinstance(fields, dict) and isinstance(fields.get("id"), str)
    return fields if is_query else None


@settings(max_examples=60)
@given(st.lists(changed_lines(), min_size=1, max_size=6))
def test_each_line_is_answered(lines: list[str]) -> None:
    numbered = []
    for number, line in enumerate(lines):
        fields = read(line)
        numbered.append(line if fields is None else json.dumps({**fields, "id": str(number)}))
    answers = serve(numbered, [UniformEvaluator(SIDE)], settings=SETTINGS)
    bad = sum(read(line) is None and bool(line.strip()) for line in numbered)
    assert sum("id" not in each for each in answers) == bad
    for number, line in enumerate(numbered):
        fields = read(line)
        if fields is not None:
            own = [each for each in answers if each.get("id") == str(number)]
            check_answers(fields, [each for each in own if "warning" not in each])


def check_answers(fields: Answer, own: list[Answer]) -> None:
    """Check that a query got one error, one echo, or the end of each of its turns."""
    assert own
    if "error" in own[0]:
        assert len(own) == 1
        assert "field" in own[0]
    elif "action" in fields:
        assert len(own) == 1
        assert own[0]["action"] == fields["action"]
    else:
        ends = [each["turnNumber"] for each in own if each["isDuringSearch"] is False]
        turns = fields.get("analyzeTurns", [len(fields["moves"])])
        assert sorted(ends) == sorted(set(turns))


def mutate(text: bytes, chance: random.Random) -> bytes:
    """Return bytes with some of them changed, repeated or lost; no line ends."""
    data = bytearray(text)
    for _ in range(chance.randrange(4)):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.randrange(8))
        piece = chance.choice([b"", chance.randbytes(3), bytes(data[start:end]) * 3, b"[" * 50])
        data[start:end] = piece
    return bytes(data).replace(b"\n", b"").replace(b"\r", b"")


@pytest.mark.parametrize(
    "count",
    [pytest.param(1_500, marks=pytest.mark.slow), pytest.param(100_000, marks=pytest.mark.long)],
)
def test_process_answers_any_bytes_and_ends_well(tmp_path: Path, count: int) -> None:
    network = write_random_network(tmp_path / "net.txt.gz", side=SIDE)
    chance = random.Random(5)
    whole = json.dumps({**WHOLE, "maxVisits": 2}).encode()
    lines = [mutate(whole, chance) for _ in range(count)]
    lines += [b"\xff\xfe\x00", b"[" * 200_000, b'"' + b"x" * 3_000_000, b"{}" * 10]
    last = json.dumps({"id": "last", "action": "query_version"}).encode()
    command = [sys.executable, "-m", "lzp.engine.analysis.cli", "-w", str(network)]
    command += ["--backend", "onnxruntime", "--precision", "float32", "-t", "1"]
    command += ["-override-config", "maxTime=0.05"]
    done = subprocess.run(
        command,
        input=b"\n".join([*lines, last]),  # and no end of line after the last
        capture_output=True,
        timeout=300 + count // 20,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert any(each.get("id") == "last" for each in answers)
    spoken = [line for line in lines if line.decode("utf-8", "replace").strip()]
    assert len(answers) >= len(spoken)
