"""Which lines go on in which, for many photos at a time."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allinone.search import geometry
from allinone.search.geometry import COLUMN, ROW, Chain, find_chains
from allinone.wire.ocr import OcrLine
from unit.search.papers import at

PLACES = st.sampled_from([0.1, 0.12, 0.2, 0.21, 0.3, 0.5])
SIZES = st.sampled_from([0.02, 0.03, 0.1, 0.2, 0.4])
LINES = st.builds(at, st.text("發票统ab1 ", max_size=6), PLACES, PLACES, SIZES, SIZES)
PHOTOS = st.lists(st.lists(LINES, max_size=7), max_size=5)


def chains(*photos: list[OcrLine]) -> list[list[Chain]]:
    boxes = np.array([line.box for lines in photos for line in lines], np.float64).reshape(-1, 8)
    return find_chains(boxes, [line.text for lines in photos for line in lines], [len(lines) for lines in photos])


@given(PHOTOS, st.integers(1, 9))
def test_photos_have_nothing_to_do_with_each_other(photos: list[list[OcrLine]], most: int):
    together = chains(*photos)
    assert together == [chains(lines)[0] for lines in photos]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(geometry, "MOST_PAIRS", most)
        assert chains(*photos) == together


def test_the_nearest_on_the_row_and_below():
    first, right, further = (at("統一", left, 0.1, 0.1, 0.04) for left in (0.1, 0.23, 0.36))
    below = at("抬頭", 0.1, 0.15, 0.1, 0.04)
    found = chains([first, right, further], [further, first], [first, below], [])
    assert found == [[Chain(ROW, (0, 1, 2))], [], [Chain(COLUMN, (0, 1))], []]


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf, 1e300, -1e9, 0.0])
def test_boxes_that_make_no_sense_are_in_no_chain(odd: float):
    first, right = at("統一", 0.1, 0.1, 0.1, 0.04), at("發票", 0.23, 0.1, 0.1, 0.04)
    broken = OcrLine("破", (odd,) * 8, 0.9, 0.9)
    assert chains([broken, first, right, broken], [broken]) == [[Chain(ROW, (1, 2))], []]


def test_thousands_of_lines_in_one_place_take_little():
    lines = [at("統一", 0.1, 0.1, 0.1, 0.04)] * geometry.MOST_LINES
    assert chains(lines) == [[]]
    assert chains([*lines, lines[0]], [at("統", 0.1, 0.1, 0.05, 0.04), at("一", 0.16, 0.1, 0.05, 0.04)]) == [
        [],
        [Chain(ROW, (0, 1))],
    ]
