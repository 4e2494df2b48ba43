"""New photos in a grid that is on the screen."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from allinone.extension.pages.regrouping import regroup


def ids(*numbers: int) -> list[UUID]:
    return [UUID(int=number) for number in numbers]


def test_a_new_photo_changes_one_group_only() -> None:
    groups = [ids(1, 2, 3), ids(4, 5, 6)]
    assert regroup(groups, ids(9, 1, 2, 3, 4, 5, 6)) == [ids(9, 1, 2, 3), ids(4, 5, 6)]
    assert regroup(groups, ids(1, 2, 3, 4, 9, 5, 6)) == [ids(1, 2, 3), ids(4, 9, 5, 6)]


def test_a_photo_that_went_leaves_its_group() -> None:
    assert regroup([ids(1, 2), ids(3, 4)], ids(2, 3, 4)) == [ids(2), ids(3, 4)]


def test_an_empty_grid_gets_one_group() -> None:
    assert regroup([], ids(1, 2)) == [ids(1, 2)]


@given(st.lists(st.lists(st.integers(0, 20)), max_size=5), st.lists(st.integers(0, 30), unique=True))
def test_nothing_is_lost_and_the_order_stays(groups: list[list[int]], photos: list[int]) -> None:
    regrouped = regroup([ids(*group) for group in groups], ids(*photos))
    assert [photo for group in regrouped for photo in group] == ids(*photos)
    assert len(regrouped) == max(1, len(groups))
