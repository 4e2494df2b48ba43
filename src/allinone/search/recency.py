"""Which part of a library is its newest, so that a common word need not be looked up in all of it.

Visiting the rows of all photos with a word that stands in every second one is what costs time; the index
alone tells quickly which of them are of some years, months and days.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from uuid import UUID

from allinone.database.pool import Connection
from allinone.search.statements import statement
from allinone.search.tokens import day_token, month_token, year_token

AGE = 300.0  # seconds a timeline is used: it decides how much work is done, and which of too many are found
MOST_TIMELINES = 64
MOST_PERIODS = 60  # tokens to ask for at once; each is looked at for every candidate
LARGEST_PART = 0.5  # of a library; asking for more costs as much as asking for all


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest part of a library: the tokens of its periods, and its first day."""

    tokens: Sequence[str]
    since: date


@dataclass(frozen=True, slots=True)
class Timeline:
    """How many photos with text were taken on each day, the newest day first."""

    days: Sequence[tuple[date, int]]
    total: int

    def newest(self, photos: int) -> "Newest | None":
        """The newest part that holds `photos` or more; None where that is most of them."""
        if photos > self.total * LARGEST_PART:
            return None
        wanted: list[date] = []
        counted = 0
        for day, count in self.days:
            wanted.append(day)
            counted += count
            if counted >= photos:
                break
        if counted < photos or counted > self.total * LARGEST_PART:
            return None
        tokens = _periods(wanted)
        return Newest(tokens, wanted[-1]) if len(tokens) <= MOST_PERIODS else None


def _periods(days: Sequence[date]) -> list[str]:
    """The last of some descending days' month by its days, its year by its months, all others by year."""
    last = days[-1]
    tokens = []
    for year, in_year in groupby(days, key=lambda day: day.year):
        if year != last.year:
            tokens.append(year_token(date(year, 1, 1)))
            continue
        for month, in_month in groupby(in_year, key=lambda day: day.month):
            if month != last.month:
                tokens.append(month_token(date(year, month, 1)))
            else:
                tokens.extend(day_token(day) for day in in_month)
    return tokens


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


async def _read(connection: Connection, owners: Sequence[UUID]) -> Timeline:
    cursor = await connection.execute(statement("timeline"), {"owners": list(owners)})
    rows = await cursor.fetchall()
    days = sorted(((day, count) for day, count in rows if day is not None), reverse=True)
    return Timeline(days, sum(count for _, count in rows))
