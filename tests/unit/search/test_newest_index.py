"""Which indexes of the newest photos there should be."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allinone.search import newest_index
from allinone.search.newest_index import GROWN, MOST, PARTS, SHRUNK, WORTHWHILE, candidates_statement, wanted
from allinone.search.recency import Timeline

LAST = date(2024, 6, 30)


def timeline(days: Mapping[date, int], undated: int = 0) -> Timeline:
    return Timeline(sorted(days.items(), reverse=True), sum(days.values()) + undated)


def even(photos_a_day: int, last: date = LAST, total: int = 200_000) -> Timeline:
    return timeline({last - timedelta(day): photos_a_day for day in range(total // photos_a_day)})


def test_each_part_begins_with_the_day_that_completes_it():
    assert wanted(even(1000), []) == [LAST - timedelta(photos // 1000 - 1) for photos in PARTS]


def test_an_index_that_grows_stands_for_the_next_larger_one_in_time():
    made = wanted(even(500), [])
    assert wanted(even(500, LAST + timedelta(1)), made) == made
    # They hold 3,000, 5,000, 9,000, 17,000 and 33,000 now.
    assert wanted(even(500, LAST + timedelta(2)), made) == [LAST - timedelta(1), made[0], *made[2:]]


def test_an_index_may_lose_a_quarter():
    made = wanted(even(1000), [])
    fewer = timeline({LAST - timedelta(day): 750 if day < 2 else 1000 for day in range(200)})
    assert wanted(fewer, made) == made
    fewer = timeline({LAST - timedelta(day): 700 if day < 2 else 1000 for day in range(200)})
    assert wanted(fewer, made)[0] == LAST - timedelta(2)


def test_one_day_with_very_many_photos_is_one_index_and_made_once():
    crowded = timeline({LAST: 50_000, LAST - timedelta(1): 100_000})
    assert wanted(crowded, []) == [LAST]
    assert wanted(crowded, [LAST]) == [LAST]


def test_a_day_with_most_of_a_library_has_no_index():
    scanned = timeline({LAST: 1500, LAST - timedelta(1): 500_000})
    assert wanted(scanned, []) == []
    assert wanted(scanned, [LAST - timedelta(1)]) == []
    assert wanted(timeline({LAST: 4000, LAST - timedelta(1): 500_000}), []) == [LAST]


def test_small_libraries_and_photos_without_a_date_have_none(monkeypatch: pytest.MonkeyPatch):
    assert wanted(even(1000, total=99_000), [LAST]) == []
    assert wanted(timeline({}, undated=500_000), []) == []
    few_dated = timeline({LAST: 1500, LAST - timedelta(1): 1500}, undated=500_000)
    assert wanted(few_dated, []) == [LAST - timedelta(1)]
    monkeypatch.setattr(newest_index, "WORTHWHILE", 1)
    assert wanted(timeline({}), []) == []


DAYS = st.dictionaries(st.dates(date(1, 1, 1), date(9999, 12, 31)), st.integers(1, 90_000), max_size=20)


@given(DAYS, st.lists(st.dates(), max_size=5), st.integers(0, 200_000))
def test_once_made_nothing_is_missing(days: dict[date, int], present: list[date], undated: int):
    lately = timeline(days, undated)
    made = wanted(lately, present)
    assert set(wanted(lately, made)) <= set(made)
    assert len(made) <= len(PARTS)
    if lately.total >= WORTHWHILE:
        for photos in PARTS:
            latest = lately.day_of(photos)
            about = [day for day in made if SHRUNK * photos <= lately.since(day) < GROWN * photos]
            assert latest is None or latest in made or about or lately.since(latest) > MOST


@given(DAYS, st.dates(), st.integers(1, 200_000))
def test_a_timeline_counts_from_a_day_on(days: dict[date, int], day: date, photos: int):
    counted = timeline(days)
    assert counted.since(day) == sum(count for taken, count in days.items() if taken >= day)
    latest = counted.day_of(photos)
    reached = [taken for taken in days if counted.since(taken) >= photos]
    assert latest == max(reached, default=None)


def test_only_a_day_is_written_into_the_statement():
    everything, since = candidates_statement(None), candidates_statement(LAST)
    assert b"{" not in everything
    assert b"2024-06-30" not in everything
    assert b"and (taken_at >= '2024-06-30'::date) is true" in since
    assert since.count(b"%(tokens)s") == everything.count(b"%(tokens)s") == 1
