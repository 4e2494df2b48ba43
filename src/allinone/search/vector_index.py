"""The approximate index over one model's vectors: worth its while where they are many, made in the background.

IVFFlat of pgvector: vectors lie in lists, each around a centre, and a search compares those of the nearest lists.
Two halves, by the last bit of the photo's id, for PostgreSQL searches an index on one processor only: two halves are
searched on two in half the time.
"""

import asyncio
import math
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

import psycopg
from psycopg import sql

from allinone.database.pool import Connection
from allinone.search.index_building import drop, indexes, making
from allinone.search.statements import statement
from allinone.tasks import end

WORTHWHILE = 50_000
"""Vectors of one model from which the index is made, and of the owners asked for from which it is used: comparing
fewer is quick, and exact."""

TABLE = "search_vector"
HALVES = (0, 1)
VECTORS_A_LIST = 500
FEWEST_LISTS, MOST_LISTS = 20, 1000  # more would need more memory than making the index may take
SEARCHED = 0.2  # of all lists: the share that gives 0.98 of the nearest hundred, and twice that where few are theirs
GROWN = 2.0  # times the lists it has, then it is made anew: its centres are those of the photos it was made of

MANY_REMEMBERED = 600.0  # seconds for which it is known whether owners have many vectors
MOST_REMEMBERED = 64  # sets of owners
REPORT_EVERY = 2.0  # seconds

_Owners = tuple[tuple[UUID, ...], str]


def lists_for(vectors: int) -> int:
    """Into how many lists each half of so many vectors is sorted."""
    return min(max(vectors // len(HALVES) // VECTORS_A_LIST, FEWEST_LISTS), MOST_LISTS)


def settings(lists: int) -> sql.Composed:
    """For one transaction: how many lists are searched; the index, whatever it is thought to cost; and a plan that
    knows the model, for the index holds only that one's vectors."""
    probes = math.ceil(SEARCHED * lists)
    chosen = {
        "ivfflat.probes": str(probes),
        "ivfflat.iterative_scan": "relaxed_order",
        "ivfflat.max_probes": str(2 * probes),
        "enable_seqscan": "off",
        "enable_sort": "off",
        "plan_cache_mode": "force_custom_plan",
    }
    each = (sql.SQL("set_config({}, {}, true)").format(name, value) for name, value in chosen.items())
    return sql.SQL("select ") + sql.SQL(", ").join(each)


def index_name(model: str, dimensions: int, lists: int, half: int) -> str:
    """The name of half of a model's index, which tells how many lists it has."""
    return f"{_prefix(model, dimensions)}_{lists}_{half}"


def _prefix(model: str, dimensions: int) -> str:
    return f"search_vector_near_{dimensions}_{zlib.crc32(model.encode()):08x}"


def composed(name: str, model: str, dimensions: int, half: int, lists: int = 0) -> sql.Composed:
    """A statement with literals that tell one half of a model's vectors: its index is found by nothing else."""
    return sql.SQL(statement(name).decode()).format(
        name=sql.Identifier(index_name(model, dimensions, lists, half)),
        model=sql.Literal(model),
        dimensions=sql.Literal(dimensions),
        half=sql.Literal(half),
        lists=sql.Literal(lists),
    )


class VectorIndexes:
    """Whether an index serves a search better than comparing all vectors of its owners."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._many: OrderedDict[_Owners, tuple[float, bool]] = OrderedDict()

    async def lists(self, connection: Connection, owners: Sequence[UUID], model: str, dimensions: int) -> int:
        """The lists of each half of the model's index; 0 where it has none, or these owners' vectors are few."""
        lists = _most_lists(await indexes(connection, TABLE, _prefix(model, dimensions)), model, dimensions)
        return lists if lists and await self._have_many(connection, owners, model) else 0

    async def _have_many(self, connection: Connection, owners: Sequence[UUID], model: str) -> bool:
        key = (tuple(sorted(owners)), model)
        known = self._many.pop(key, None)
        if known is None or self._clock() - known[0] > MANY_REMEMBERED:
            asked = {"owners": list(owners), "model": model, "most": WORTHWHILE}
            row = await (await connection.execute(statement("vector_count"), asked)).fetchone()
            known = (self._clock(), row is not None and row[0] >= WORTHWHILE)
        self._many[key] = known
        while len(self._many) > MOST_REMEMBERED:
            self._many.popitem(last=False)
        return known[1]


def _most_lists(present: dict[str, bool], model: str, dimensions: int) -> int:
    """The lists of the newest index that has both halves; 0 where there is none."""
    ready = {name for name, whole in present.items() if whole}
    numbers = {name.removeprefix(_prefix(model, dimensions)).strip("_").partition("_")[0] for name in ready}
    lists = (int(number) for number in numbers if number.isdecimal())
    return max((one for one in lists if ready.issuperset(_halves(model, dimensions, one))), default=0)


def _halves(model: str, dimensions: int, lists: int) -> list[str]:
    return [index_name(model, dimensions, lists, half) for half in HALVES]


async def possible(connection: Connection) -> bool:
    """Whether this pgvector can search on in further lists where the first hold too few: 0.8 and later."""
    row = await (await connection.execute(statement("vector_index_possible"))).fetchone()
    return row is not None and bool(row[0])


async def build(
    dsn: str, model: str, dimensions: int, vectors: int, report: Callable[[float], None] | None = None
) -> bool:
    """Make the model's index for so many vectors, unless it has one made for half as many or more; whether it did.

    Searches and writes go on meanwhile, with the index there was until the new one is whole. Cancelling it stops
    PostgreSQL, too; what an interrupted attempt left is removed by the next. Nothing is done while another process
    makes an index. `report` is told the share done, 0..1.
    """
    async with making(dsn) as connection:
        return connection is not None and await _build(dsn, connection, model, dimensions, vectors, report)


async def _build(
    dsn: str,
    connection: Connection,
    model: str,
    dimensions: int,
    vectors: int,
    report: Callable[[float], None] | None,
) -> bool:
    present = await indexes(connection, TABLE, _prefix(model, dimensions))
    ready = [name for name, whole in present.items() if whole]
    await drop(connection, [name for name in present if name not in ready])
    lists, newest = lists_for(vectors), _most_lists(present, model, dimensions)
    if newest and lists < GROWN * newest:
        return False
    # What finding the centres of a thousand lists needs; PostgreSQL takes it only then.
    await connection.execute("set maintenance_work_mem = '512MB'")
    halves = _halves(model, dimensions, lists)
    for half, name in enumerate(halves):
        if name not in ready:  # an interrupted attempt may have made the first
            create = composed("vector_index_create", model, dimensions, half, lists)
            await _create(dsn, connection, create, report and partial(_half_done, report, half))
    await drop(connection, [name for name in ready if name not in halves])
    return True


async def _create(
    dsn: str, connection: Connection, create: sql.Composed, report: Callable[[float], None] | None
) -> None:
    watching = asyncio.create_task(_watch(dsn, connection.info.backend_pid, report)) if report else None
    try:
        await connection.execute(create)
    finally:
        if watching:
            await end(watching)


def _half_done(report: Callable[[float], None], half: int, share: float) -> None:
    report((half + share) / len(HALVES))


async def _watch(dsn: str, pid: int, report: Callable[[float], None]) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        while True:
            cursor = await connection.execute(statement("vector_index_progress"), {"pid": pid})
            row = await cursor.fetchone()
            if row is not None:
                _, blocks, all_blocks, tuples, all_tuples = row
                report(max(tuples / all_tuples if all_tuples else 0.0, blocks / all_blocks if all_blocks else 0.0))
            await asyncio.sleep(REPORT_EVERY)
