"""Which hits stand on which page."""

from uuid import UUID

from allinone.extension.immich_page_plan import PagePlan, likest_size, page_ends
from allinone.search.hits import RankedHit

HITS = tuple(RankedHit(UUID(int=number), 1.0) for number in range(100))
IDS = [hit.asset_id for hit in HITS]


def test_full_pages_where_everything_is_known() -> None:
    assert page_ends(HITS, set(IDS), 30, 4, 4) == (30, 60, 90, 100)


def test_pages_end_before_too_many_look_ups() -> None:
    assert page_ends(HITS, set(IDS[:50]), 80, 20, 20) == (70, 90, 100)
    assert page_ends(HITS[:3], (), 80, 20, 20) == (3,)
    assert page_ends((), (), 80, 20, 20) == ()
    assert page_ends(HITS, set(IDS[:50]), 80, 20, 5) == (55, 75, 95, 100)  # most of the first page was asked for
    assert page_ends(HITS, (), 80, 20, 0) == (1, 21, 41, 61, 81, 100)


def test_every_hit_is_on_exactly_one_page() -> None:
    plan = PagePlan(HITS, page_ends(HITS, set(IDS[::3]), 7, 3, 1))
    pages = [plan.page(number) for number in range(1, len(plan.ends) + 1)]
    assert [hit for page in pages for hit in page] == list(HITS)
    assert all(1 <= len(page) <= 7 for page in pages)
    assert plan.page(0) == plan.page(len(plan.ends) + 1) == ()
    assert [plan.follows(number) for number in (1, len(plan.ends))] == [True, False]


def test_pictures_are_asked_for_in_whole_pages() -> None:
    for size in (1, 7, 100, 150, 250, 300, 501, 999, 1000):
        asked = likest_size(size)
        assert asked % size == 0
        assert size <= asked <= 1000
    assert likest_size(100) == 200
