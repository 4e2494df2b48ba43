"""Indexes over the newest photos alone, where most of what is looked for is.

PostgreSQL reads a word's list of photos from end to end, whichever part of a library is asked for. Among a million
photos that was two fifths of a search for a word that one in twelve has; of the newest 8,000 it has some hundreds.
Each index holds the photos from one day on, and has that day in its name.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import lru_cache

from psycopg import sql

from allinone.database.pool import Connection
from allinone.search.index_building import drop, indexes, making
from allinone.search.recency import Timeline, timeline_of_all
from allinone.search.statements import statement

WORTHWHILE = 100_000
"""Photos with text from which on the indexes are made: of fewer, a word's list is soon read from end to end."""

PARTS = (2_000, 4_000, 8_000, 16_000, 32_000)
"""Photos that the indexes hold when made, so that one holds little more than a word needs. Words rarer than the
last one serves have short lists anyway."""

MOST = 2 * PARTS[-1]
"""Photos up to which an index is made: all of a day are in it, and a day can have most of a library."""

SHRUNK, GROWN = 0.75, 1.5  # times that many; what has grown further stands for the next larger one

AGE = 60.0  # seconds it is remembered which there are; one that has gone costs time, never photos
TABLE = "search_token"
PREFIX = f"{TABLE}_since_"


def index_name(since: date) -> str:
    """The name of the index of the photos from `since` on."""
    return PREFIX + since.isoformat().replace("-", "")


@lru_cache(maxsize=16)
def candidates_statement(since: date | None) -> bytes:
    """The statement that finds candidates, all of them or those from the day `since` on, which has an index."""
    # A literal, because PostgreSQL plans before it knows what parameters stand for; and "is true", word for word as the
    # index has it, for which no other index serves.
    only = sql.SQL("and (taken_at >= {}) is true").format(sql.Literal(since)) if since else sql.SQL("")
    return sql.SQL(statement("candidates").decode()).format(newest=only).as_bytes(None)


class NewestIndexes:
    """Which of the indexes there are, remembered for a while."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: tuple[float, Sequence[date]] | None = None

    async def days(self, connection: Connection) -> Sequence[date]:
        """The first days of the indexes, the latest and so the smallest index first."""
        if self._kept is None or self._clock() - self._kept[0] > AGE:
            present = await indexes(connection, TABLE, PREFIX)
            self._kept = self._clock(), sorted(_days(present), reverse=True)
        return self._kept[1]


def _days(present: Mapping[str, bool]) -> list[date]:
    """The first days of those that are whole; others may have been given such a name by somebody else."""
    days = []
    for name, whole in present.items():
        with suppress(ValueError):
            day = date.fromisoformat(name.removeprefix(PREFIX))
            if whole and name == index_name(day):
                days.append(day)
    return days


def wanted(timeline: Timeline, present: Collection[date]) -> list[date]:
    """The first days of the indexes there should be; those `present` are as good while they hold about as much."""
    if timeline.total < WORTHWHILE:
        return []
    days = []
    for photos in PARTS:
        fitting = [day for day in present if SHRUNK * photos <= timeline.since(day) < GROWN * photos]
        day = max(fitting, default=None) or timeline.day_of(photos)
        if day is not None and timeline.since(day) <= MOST and day not in days:
            days.append(day)
    return days


async def build(dsn: str) -> int:
    """Make the indexes that are missing and drop those not needed any more; how many were made.

    Searches and writes go on meanwhile. May be cancelled at any moment: what an interrupted attempt left is removed
    by the next. Nothing is done while another process makes an index.
    """
    async with making(dsn) as connection:
        if connection is None:
            return 0
        present = await indexes(connection, TABLE, PREFIX)
        ready = _days(present)
        days = wanted(await timeline_of_all(connection), ready)
        missing = [day for day in days if day not in ready]
        await drop(connection, [name for name, whole in present.items() if not whole])
        for day in missing:
            create = sql.SQL(statement("newest_index_create").decode())
            await connection.execute(create.format(name=sql.Identifier(index_name(day)), since=sql.Literal(day)))
        await drop(connection, [index_name(day) for day in ready if day not in days])
        return len(missing)
