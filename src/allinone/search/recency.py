"""Which part of a library is its newest, so that a common word need not be looked up in all of it.

Visiting the rows of all photos with a word that stands in every second one is what costs time; the index
alone tells quickly which of them are of some years, months and days.
"""

import math
import time
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from allinone.database.pool import Connection
from allinone.search.statements import statement
from allinone.search.tokens import day_token, month_token, ten_days_token, year_token

AGE = 300.0  # seconds a timeline is used: it decides how much work is done, and which of too many are found
MOST_TIMELINES = 64
MOST_PERIODS = 60  # tokens to ask for at once; each is looked at for every candidate
LARGEST_PART = 0.5  # of a library; asking for more costs as much as asking for all
TOKEN_COST = 300  # photos that could be looked at in the time that one token more takes


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest part of a library: the tokens of its periods, and its first day.

    Without tokens it is what an index of the photos from that day on holds.
    """

    tokens: Sequence[str]
    since: date


class _Period(IntEnum):
    """A kind of period; the value is how many parts of (year, month, tens of its day, day) name one."""

    YEAR = 1
    MONTH = 2
    TEN_DAYS = 3
    DAY = 4

    def of(self, day: date) -> tuple[int, ...]:
        """The period a day is in."""
        return (day.year, day.month, day.day // 10, day.day)[: self.value]


_TOKENS = {
    _Period.YEAR: year_token,
    _Period.MONTH: month_token,
    _Period.TEN_DAYS: ten_days_token,
    _Period.DAY: day_token,
}


class Timeline:
    """How many photos with text were taken on each day.

    Attributes:
        total: how many there are, also those without a date.
    """

    def __init__(self, days: Sequence[tuple[date, int]], total: int) -> None:
        """Take the `days` with photos, the newest first, and how many each has."""
        self.total = total
        # Of each kind of period, newest first: the oldest day with photos in it, and all photos up to its end.
        self._ends = {period: _ends(days, period) for period in _Period}

    def newest(self, photos: int) -> "Newest | None":
        """The newest part that holds `photos` or more; None where that is most of them.

        It goes to the end of a year, a month or ten days where that costs less: each token is held against each
        candidate.
        """
        cheapest: tuple[float, Newest | None] = (math.inf, None)
        for period in _Period:
            ends = self._ends[period]
            last = bisect_left(ends, photos, key=itemgetter(1))
            if last < len(ends) and ends[last][1] <= self.total * LARGEST_PART:
                since, count = ends[last]
                tokens = self._tokens(since, period)
                cost = count + TOKEN_COST * len(tokens)
                if len(tokens) <= MOST_PERIODS and cost < cheapest[0]:
                    cheapest = cost, Newest(tokens, since)
        return cheapest[1]

    def since(self, day: date) -> int:
        """How many photos were taken on `day` or later."""
        ends = self._ends[_Period.DAY]
        at = bisect_right(ends, -day.toordinal(), key=_backwards)
        return ends[at - 1][1] if at else 0

    def day_of(self, photos: int) -> date | None:
        """The latest day with so many photos from it on; None where fewer have a date."""
        ends = self._ends[_Period.DAY]
        at = bisect_left(ends, photos, key=itemgetter(1))
        return ends[at][0] if at < len(ends) else None

    def _tokens(self, oldest: date, smallest: _Period) -> list[str]:
        """The days from `oldest` on: its year in periods as small as `smallest`, all others as a whole."""
        tokens = []
        for period in list(_Period)[:smallest]:
            ends, around = self._ends[period], period.of(oldest)[:-1]
            at = bisect_left(ends, -oldest.toordinal(), key=_backwards)
            if period is not smallest:
                at -= 1  # the period that `oldest` is in is told by smaller ones
            while at >= 0 and period.of(ends[at][0])[:-1] == around:
                tokens.append(_TOKENS[period](ends[at][0]))
                at -= 1
        return tokens


def _backwards(end: tuple[date, int]) -> int:
    return -end[0].toordinal()


def _ends(days: Sequence[tuple[date, int]], period: _Period) -> list[tuple[date, int]]:
    ends = []
    counted = 0
    for _, in_period in groupby(days, key=lambda entry: period.of(entry[0])):
        entries = list(in_period)
        counted += sum(count for _, count in entries)
        ends.append((entries[-1][0], counted))
    return ends


class Recency:
    """The timelines of libraries, remembered for a while."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[tuple[UUID, ...], tuple[float, Timeline]] = OrderedDict()

    async def timeline(self, connection: Connection, owners: Sequence[UUID]) -> Timeline:
        """The timeline of some owners' photos, at most `AGE` seconds old."""
        key = tuple(sorted(owners))
        kept = self._kept.get(key)
        if kept is None or self._clock() - kept[0] > AGE:
            kept = (self._clock(), await _read(connection, owners))
            self._kept[key] = kept
            while len(self._kept) > MOST_TIMELINES:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return kept[1]


async def timeline_of_all(connection: Connection) -> Timeline:
    """The timeline of everybody's photos."""
    cursor = await connection.execute(statement("timeline_of_all"))
    return _timeline(await cursor.fetchall())


async def _read(connection: Connection, owners: Sequence[UUID]) -> Timeline:
    cursor = await connection.execute(statement("timeline"), {"owners": list(owners)})
    return _timeline(await cursor.fetchall())


def _timeline(rows: Sequence[tuple[date | None, int]]) -> Timeline:
    days = sorted(((day, count) for day, count in rows if day is not None), reverse=True)
    return Timeline(days, sum(count for _, count in rows))
