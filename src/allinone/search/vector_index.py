"""The approximate index over one model's vectors: worth its while where they are many, made in the background."""

import asyncio
import time
import zlib
from collections.abc import Callable

import psycopg
from psycopg import sql

from allinone.database.pool import Connection
from allinone.search.statements import statement

WORTHWHILE = 50_000
"""Vectors of one model from which the index is made; of fewer, comparing all of them is as quick and exact."""

SEARCHED = 400
"""Candidates HNSW keeps while it searches: half-precision neighbours of 200 hits, and a margin."""

REMEMBERED = 60.0  # seconds for which it is known whether an index is there
REPORT_EVERY = 2.0  # seconds

SETTINGS = (
    f"select set_config('hnsw.ef_search', '{SEARCHED}', true),"
    " set_config('hnsw.iterative_scan', 'relaxed_order', true),"
    " set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true),"
    " set_config('plan_cache_mode', 'force_custom_plan', true)"
)
"""For one transaction: go on where the owners' photos are few among the nearest; the index, whatever it is thought
to cost; and a plan that knows the model, for the index holds only that one's vectors."""


def index_name(model: str, dimensions: int) -> str:
    """The name of a model's index."""
    return f"search_vector_near_{dimensions}_{zlib.crc32(model.encode()):08x}"


def composed(name: str, model: str, dimensions: int) -> sql.Composed:
    """A statement with model and dimensions as literals: an index over an expression is found by nothing else."""
    identifier = sql.Identifier(index_name(model, dimensions))
    template = sql.SQL(statement(name).decode())
    return template.format(name=identifier, model=sql.Literal(model), dimensions=sql.Literal(dimensions))


class VectorIndexes:
    """Which models have an index; remembered for a while."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, tuple[float, bool]] = {}

    async def ready(self, connection: Connection, model: str, dimensions: int) -> bool:
        """Whether the model's vectors can be searched through an index."""
        name = index_name(model, dimensions)
        known = self._known.get(name)
        if known is None or self._clock() - known[0] > REMEMBERED:
            cursor = await connection.execute(statement("vector_index_valid"), {"name": name})
            row = await cursor.fetchone()
            if len(self._known) > 64:  # names come from callers
                self._known.clear()
            known = (self._clock(), row is not None and bool(row[0]))
            self._known[name] = known
        return known[1]


async def build(dsn: str, model: str, dimensions: int, report: Callable[[float], None] | None = None) -> bool:
    """Make the model's index unless it is there; whether it was made. Searches and writes go on meanwhile.

    Cancelling it stops PostgreSQL, too; what an interrupted attempt left is removed by the next. `report` is told
    the share done, 0..1.
    """
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        name = index_name(model, dimensions)
        cursor = await connection.execute(statement("vector_index_valid"), {"name": name})
        row = await cursor.fetchone()
        if row is not None and row[0]:
            return False
        await connection.execute(sql.SQL("drop index concurrently if exists {}").format(sql.Identifier(name)))
        # A graph that does not fit would be made on disk, many times as slowly.
        await connection.execute("set maintenance_work_mem = '512MB'")
        watching = asyncio.create_task(_watch(dsn, connection.info.backend_pid, report)) if report else None
        try:
            await connection.execute(composed("vector_index_create", model, dimensions))
        finally:
            if watching:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
        return True


async def _watch(dsn: str, pid: int, report: Callable[[float], None]) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        while True:
            cursor = await connection.execute(statement("vector_index_progress"), {"pid": pid})
            row = await cursor.fetchone()
            if row is not None:
                _, blocks, all_blocks, tuples, all_tuples = row
                report(max(tuples / all_tuples if all_tuples else 0.0, blocks / all_blocks if all_blocks else 0.0))
            await asyncio.sleep(REPORT_EVERY)
