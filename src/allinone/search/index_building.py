"""Making and dropping indexes while searches and writes go on."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import psycopg
from psycopg import sql

from allinone.database.pool import Connection
from allinone.search.statements import statement

LOCK = 0x766563746F72  # any fixed number, of a session that makes an index


@asynccontextmanager
async def making(dsn: str) -> AsyncIterator[Connection | None]:
    """A connection to make indexes over, outside any transaction; None while another process makes some.

    Cancelling what is done over it stops PostgreSQL, too.
    """
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        row = await (await connection.execute("select pg_try_advisory_lock(%s)", [LOCK])).fetchone()
        if row is None or not row[0]:
            yield None
            return
        try:
            yield connection
        finally:
            with suppress(psycopg.Error):  # else the session's end gives it back, a moment after it is closed here
                await connection.execute("select pg_advisory_unlock(%s)", [LOCK])


async def indexes(connection: Connection, table: str, prefix: str) -> dict[str, bool]:
    """The indexes of `table` whose names begin with `prefix`, and whether each is whole.

    One that is not may still be being made, or be what an interrupted attempt left.
    """
    cursor = await connection.execute(statement("indexes"), {"table": table, "prefix": prefix})
    return dict(await cursor.fetchall())


async def drop(connection: Connection, names: Sequence[str]) -> None:
    """Drop indexes, once no search uses them any more."""
    for name in names:
        await connection.execute(sql.SQL("drop index concurrently if exists {}").format(sql.Identifier(name)))
