import gzip
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lzp.weights import (
    LeelaWeights,
    WeightsError,
    format_weights,
    read_weights,
    write_weights,
)
from lzp.weights.atomic import replacing
from tests.networks import random_weights

SMALL = random_weights(side=5, blocks=2, filters=4, seed=1)
TEXT = format_weights(SMALL)
LINES = TEXT.splitlines()


def assert_same_bits(ours: LeelaWeights, theirs: LeelaWeights) -> None:
    assert ours.version == theirs.version
    for (name, a), (_, b) in zip(ours.named_tensors(), theirs.named_tensors(), strict=True):
        np.testing.assert_array_equal(a.view(np.uint32), b.view(np.uint32), err_msg=name)


@pytest.mark.parametrize("name", ["net.txt", "net.txt.gz", "net"])
@pytest.mark.parametrize("version", [1, 2])
def test_a_written_file_reads_back_bit_for_bit(tmp_path: Path, name: str, version: int) -> None:
    weights = random_weights(side=9, blocks=3, filters=6, seed=2, version=version)
    write_weights(tmp_path / name, weights)
    read = read_weights(tmp_path / name)
    assert_same_bits(read, weights)
    assert (read.side, read.filters, len(read.blocks)) == (9, 6, 3)


def test_unusual_numbers_read_back_bit_for_bit(tmp_path: Path) -> None:
    limits = np.finfo(np.float32)
    extremes = (limits.max, limits.min, limits.tiny, limits.smallest_subnormal)
    odd = [0.0, -0.0, 1 / 3, 1e-5, *map(float, extremes)]
    rng = np.random.default_rng(3)
    bits = rng.integers(0, 2**32, SMALL.policy.weight.size, dtype=np.uint32).view(np.float32)
    bits[~np.isfinite(bits)] = 1.0
    bits[: len(odd)] = odd
    policy = replace(SMALL.policy, weight=bits.reshape(SMALL.policy.weight.shape))
    weights = replace(SMALL, policy=policy)
    write_weights(tmp_path / "odd.txt", weights)
    assert_same_bits(read_weights(tmp_path / "odd.txt"), weights)


def test_every_number_is_written_in_its_shortest_form() -> None:
    words = LINES[2].split()
    for word, number in zip(words, SMALL.input.bias, strict=True):
        assert float(word) == float(repr(float(word)))
        assert len(word.strip(b"-")) <= len(repr(number.item()).strip("-"))
        assert np.float32(word.decode()) == number


def test_equal_networks_give_equal_gzip_files(tmp_path: Path) -> None:
    write_weights(tmp_path / "a.txt.gz", SMALL)
    write_weights(tmp_path / "b.txt.gz", random_weights(side=5, blocks=2, filters=4, seed=1))
    assert (tmp_path / "a.txt.gz").read_bytes() == (tmp_path / "b.txt.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.txt.gz").read_bytes()) == TEXT


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(TEXT.rstrip(b"\n"), id="no final newline"),
        pytest.param(TEXT + b"\n \n", id="blank lines at the end"),
        pytest.param(TEXT.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(TEXT.replace(b" ", b" \t  "), id="tabs and many blanks"),
        pytest.param(TEXT.replace(b"1\n", b"1 made by hand\n", 1), id="words after the version"),
        pytest.param(gzip.compress(TEXT), id="gzip under a plain name"),
    ],
)
def test_what_leelaz_tolerates_is_read_and_blank_lines_too(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "net.txt").write_bytes(text)
    assert_same_bits(read_weights(tmp_path / "net.txt"), SMALL)


def test_numbers_may_be_written_in_all_ways_that_leelaz_reads(tmp_path: Path) -> None:
    lines = [*LINES[:2], b".5 3. -.25 +1.5E-03", *LINES[3:]]
    (tmp_path / "net.txt").write_bytes(b"\n".join(lines))
    bias = read_weights(tmp_path / "net.txt").input.bias
    np.testing.assert_array_equal(bias, np.array([0.5, 3.0, -0.25, 1.5e-3], np.float32))


def with_line(number: int, line: bytes) -> bytes:
    return b"\n".join([*LINES[: number - 1], line, *LINES[number:]]) + b"\n"


BAD_TEXTS: list[tuple[str, bytes, str]] = [
    ("empty", b"", "empty file"),
    ("only blank lines", b"\n\n", "empty file"),
    ("version 3", with_line(1, b"3"), "line 1: version 3, expected 1 or 2"),
    ("version 1.5", with_line(1, b"1.5"), "line 1: expected a version, 1 or 2, found '1.5'"),
    ("no version", with_line(1, b"hello"), "line 1: expected a version, 1 or 2, found 'hello'"),
    ("a line too few", b"\n".join(LINES[:-1]), "34 lines, expected 19 + 8 for each residual block"),
    ("no block", b"\n".join(LINES[:5] + LINES[-14:]), "19 lines, expected 19 + 8"),
    ("cut off in a line", TEXT[:-2500], "34 lines, expected 19"),
    ("a word", with_line(3, b"0 0 x1 0"), "line 3: word 3 is not a number: 'x1'"),
    ("hex", with_line(3, b"0 0 0x1 0"), "line 3: word 3 is not a number: '0x1'"),
    ("nan", with_line(3, b"0 nan 0 0"), "line 3: number 2 is not finite"),
    ("inf", with_line(3, b"0 0 0 -inf"), "line 3: number 4 is not finite"),
    ("beyond float32", with_line(3, b"0 0 0 1e39"), "line 3: number 4 is not finite"),
    ("blank line inside", with_line(3, b""), "line 3: empty, expected numbers"),
    ("a number too many", with_line(2, LINES[1] + b" 1"), "line 2 (input weight): 649 numbers"),
    ("a bias too short", with_line(4, b"0 0 0"), "line 4 (input mean): 3 numbers, expected 4"),
    ("policy for no board", with_line(27, b"0 0 0"), "policy layer has 3 outputs, which fits no"),
    ("a 26x26 board", with_line(27, b"0 " * 677), "677 outputs, which fits no board of 2 to 25"),
    ("negative variance", with_line(5, b"1 1 -1 1"), "input variance: a variance is not above"),
    ("binary", bytes(range(256)) * 40, "line 1: expected a version"),
    ("too many blocks", b"1\n" + b"0\n" * 3000, "more than 256 residual blocks"),
    ("damaged gzip", gzip.compress(TEXT)[:200] + b"x" * 200, "gzip"),
    ("cut off gzip", gzip.compress(TEXT)[:-2000], "the gzip data is cut off"),
]


@pytest.mark.parametrize(
    ("text", "message"), [pytest.param(text, message, id=name) for name, text, message in BAD_TEXTS]
)
def test_a_bad_file_is_refused_in_one_line(tmp_path: Path, text: bytes, message: str) -> None:
    path = tmp_path / "net.txt"
    path.write_bytes(text)
    with pytest.raises(WeightsError) as caught:
        read_weights(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=re.escape(f"{tmp_path / 'none.txt'}: no such file")):
        read_weights(tmp_path / "none.txt")
    with pytest.raises(WeightsError, match="directory"):
        read_weights(tmp_path)


def test_weights_check_themselves() -> None:
    with pytest.raises(WeightsError, match="input weight: float64 numbers, expected float32"):
        replace(SMALL, input=replace(SMALL.input, weight=SMALL.input.weight.astype(np.float64)))
    hidden = SMALL.value_hidden
    with pytest.raises(WeightsError, match=r"value hidden bias: shape \[255\], expected \[256\]"):
        replace(SMALL, value_hidden=replace(hidden, bias=hidden.bias[1:].copy()))
    with pytest.raises(WeightsError, match="version 3"):
        replace(SMALL, version=3)
    with pytest.raises(WeightsError, match="no residual block"):
        replace(SMALL, blocks=())


def test_a_failed_write_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "net.txt"
    path.write_bytes(b"old")
    writing = replacing(path)
    writing.__enter__().write(b"half of the ne")
    error = RuntimeError("disk on fire")
    assert not writing.__exit__(RuntimeError, error, None)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_weights(tmp_path / "none" / "net.txt", SMALL)
