import numpy as np
import pytest

from allinone.search.reading_order import reading_order


def box(left: float, top: float, width: float, height: float, slant: float = 0.0) -> np.ndarray:
    """A box on a page turned by `slant` degrees about its origin."""
    corners = np.array([[left, top], [left + width, top], [left + width, top + height], [left, top + height]])
    angle = np.radians(slant)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return (corners @ turn).astype(np.float32)


def order(boxes: list, vertical: list | None = None) -> list[int]:
    return reading_order(boxes, vertical or [False] * len(boxes))


def test_nothing() -> None:
    assert order([]) == []


@pytest.mark.parametrize("slant", [-6.0, 0.0, 6.0])
@pytest.mark.parametrize("seed", range(5))
def test_lines_down_and_boxes_across_whatever_the_slant(slant: float, seed: int) -> None:
    rows = [box(left, 60 * row, 240, 40, slant) for row in range(10) for left in (0, 300, 800)]
    shuffled = np.random.default_rng(seed).permutation(len(rows))
    assert [int(shuffled[at]) for at in order([rows[at] for at in shuffled])] == list(range(len(rows)))


def test_boxes_of_one_line_may_differ_a_little_in_height() -> None:
    assert order([box(500, 104, 80, 30), box(0, 100, 200, 44), box(0, 160, 200, 40)]) == [1, 0, 2]


def test_columns_go_from_right_to_left() -> None:
    assert order([box(0, 0, 40, 400), box(60, 0, 40, 380), box(120, 0, 40, 400)], [True] * 3) == [2, 1, 0]


def test_a_column_in_two_pieces_goes_down() -> None:
    boxes = [box(100, 210, 40, 200), box(100, 0, 40, 200), box(40, 0, 40, 410)]
    assert order(boxes, [True] * 3) == [1, 0, 2]


def test_a_title_above_and_a_line_below_a_block_of_columns() -> None:
    boxes = [box(0, 500, 300, 40), box(0, 100, 40, 350), box(60, 100, 40, 350), box(0, 0, 300, 40)]
    assert order(boxes, [False, True, True, False]) == [3, 2, 1, 0]


def test_two_columns_of_a_couplet_far_apart() -> None:
    boxes = [box(0, 90, 40, 400), box(600, 100, 40, 400), box(150, 0, 300, 50)]
    assert order(boxes, [True, True, False]) == [2, 1, 0]
