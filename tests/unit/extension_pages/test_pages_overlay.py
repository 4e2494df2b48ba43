"""Where a line of text stands on a picture."""

import math

import pytest

from allinone.extension.pages.overlay import overlay, place
from allinone.wire.ocr import Box, OcrLine


def test_a_straight_line() -> None:
    where = place((0.1, 0.2, 0.5, 0.2, 0.5, 0.3, 0.1, 0.3), 4, aspect=2.0)
    assert (where.left, where.top) == (pytest.approx(10), pytest.approx(20))
    assert where.width == pytest.approx(40)
    assert where.height == pytest.approx(5)  # a tenth of the height of a picture twice as wide as tall
    assert where.angle == pytest.approx(0)
    assert not where.vertical


@pytest.mark.parametrize("degrees", [-30, 12, 90, 180, -90])
def test_a_turned_line_keeps_its_size(degrees: float) -> None:
    aspect, width, height = 1.5, 0.3, 0.04
    across = (math.cos(math.radians(degrees)), math.sin(math.radians(degrees)))
    down = (-across[1], across[0])
    corners = [(0, 0), (width, 0), (width, height), (0, height)]
    points = [(0.5 + x * across[0] + y * down[0], 0.3 + x * across[1] + y * down[1]) for x, y in corners]
    box: Box = tuple(value for x, y in points for value in (x, y * aspect))  # type: ignore[assignment]
    where = place(box, 6, aspect)
    assert where.width == pytest.approx(30)
    assert where.height == pytest.approx(4)
    assert where.angle % 360 == pytest.approx(degrees % 360)
    assert not where.vertical


@pytest.mark.parametrize(("characters", "vertical"), [(1, False), (5, True)])
def test_a_tall_box_is_written_downwards_unless_it_is_one_character(characters: int, *, vertical: bool) -> None:
    where = place((0.4, 0.1, 0.5, 0.1, 0.5, 0.9, 0.4, 0.9), characters, aspect=1.0)
    assert where.vertical is vertical


def test_a_box_without_extent_is_no_error() -> None:
    where = place((0.5,) * 8, 3, aspect=1.0)
    assert (where.width, where.height, where.angle) == (0, 0, 0)


def test_lines_are_numbered_and_matches_marked() -> None:
    box: Box = (0.1, 0.1, 0.5, 0.1, 0.5, 0.2, 0.1, 0.2)
    html = overlay([OcrLine("一<二", box, 1, 1), OcrLine("發票", box, 1, 1)], {1: [(0, 1)]}, 1.0)
    assert 'class="ocr-line"' in html
    assert 'class="ocr-line matched"' in html
    assert 'data-line="1"' in html
    assert "一&lt;二" in html
    assert "<mark>發</mark>票" in html
