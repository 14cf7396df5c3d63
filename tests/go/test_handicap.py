"""Handicap places against those that the real Leela Zero and the GTP text name."""

import pytest

from lzp.go.handicap import fixed_handicap, max_fixed_handicap, star_points
from lzp.go.vertex import format_vertex

LEELA_ZERO = {
    2: "D4 Q16",
    3: "D4 Q16 D16",
    4: "D4 Q16 D16 Q4",
    5: "D4 Q16 D16 Q4 K10",
    6: "D4 D10 D16 Q4 Q10 Q16",
    7: "D4 D10 D16 Q4 Q10 Q16 K10",
    8: "D4 D10 D16 Q4 Q10 Q16 K4 K16",
    9: "D4 D10 D16 Q4 Q10 Q16 K4 K16 K10",
}


@pytest.mark.parametrize(("stones", "expected"), LEELA_ZERO.items())
def test_fixed_handicap_on_19x19_is_leela_zeros(stones, expected):
    places = [format_vertex(move, 19) for move in fixed_handicap(stones, 19)]
    assert sorted(places) == sorted(expected.split())


@pytest.mark.parametrize(
    ("side", "expected"), [(6, 0), (7, 4), (8, 4), (9, 9), (10, 4), (13, 9), (19, 9), (25, 9)]
)
def test_the_most_stones_follow_the_gtp_text(side, expected):
    assert max_fixed_handicap(side) == expected


@pytest.mark.parametrize(("stones", "side"), [(1, 19), (10, 19), (5, 8), (2, 6), (-1, 19)])
def test_other_numbers_are_refused(stones, side):
    with pytest.raises(ValueError, match="no fixed places"):
        fixed_handicap(stones, side)


def test_star_points_of_9x9_and_19x19():
    assert {format_vertex(m, 9) for m in star_points(9)} == {"C3", "C7", "G3", "G7", "E5"}
    assert len(star_points(19)) == 9
    assert len(star_points(18)) == 4
    assert star_points(5) == frozenset()
