"""Connections to our database, pooled, with the driver's errors turned into ours."""

import select
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self
from weakref import WeakKeyDictionary

import psycopg
from pgvector.psycopg import register_vector_async
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from allinone.errors import DatabaseUnavailable

Connection = psycopg.AsyncConnection[TupleRow]

WAIT_FOR_CONNECTION = 10.0  # seconds a caller waits for a free connection
RECONNECT_FOR = 1.0  # seconds, then the next caller tries anew: the pool's own pauses double up to minutes
UNKNOWN = "?"  # settings of a connection that nobody asks for
IDLE_UNCHECKED = 5.0  # seconds since a connection was last lent; after that PostgreSQL is asked before it is again


class Database:
    """A bounded pool of connections. Opening one reaches nothing until `open` is awaited.

    Connections come back to the pool healthy or not at all: each is checked before it is lent, so callers
    survive a restart of PostgreSQL.
    """

    def __init__(self, dsn: str, *, max_connections: int = 8) -> None:
        self.dsn = dsn
        self._pool = AsyncConnectionPool(
            dsn,
            min_size=1,
            max_size=max_connections,
            open=False,
            timeout=WAIT_FOR_CONNECTION,
            reconnect_timeout=RECONNECT_FOR,
            configure=_configure,
            check=self._check,
            name="allinone",
        )
        self._lent: WeakKeyDictionary[Connection, float] = WeakKeyDictionary()
        self._settings: WeakKeyDictionary[Connection, str] = WeakKeyDictionary()

    async def open(self) -> Self:
        """Open the pool and wait for its first connection.

        Raises:
            DatabaseUnavailable: nothing answers.
        """
        try:
            await self._pool.open(wait=True, timeout=WAIT_FOR_CONNECTION)
        except PoolTimeout as error:
            await self._pool.close()
            raise _unavailable(error) from error
        return self

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @asynccontextmanager
    async def connection(self, *, transaction: bool = True, settings: str = "") -> AsyncIterator[Connection]:
        """Lend a connection for one transaction: committed when the block ends well, rolled back otherwise.

        Without `transaction` each statement, or pipeline of statements, is one by itself: for those who only read,
        this spares the way to PostgreSQL and back that a commit takes. `settings` is a statement whose settings of the
        session hold meanwhile; it is executed only where the connection was last lent with others.

        Raises:
            DatabaseUnavailable: no connection within `WAIT_FOR_CONNECTION`, or it broke on the way.
        """
        try:
            async with self._pool.connection() as connection:
                await self._set(connection, settings)
                await connection.set_autocommit(not transaction)
                yield connection
        except (PoolTimeout, psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise _unavailable(error) from error

    async def _set(self, connection: Connection, settings: str) -> None:
        present = self._settings.get(connection, "")
        if present == settings:
            return
        self._settings[connection] = UNKNOWN  # until all is done: it may be cancelled at any moment
        await connection.set_autocommit(True)
        if present:
            await connection.execute("reset all")
        if settings:
            await connection.execute(settings.encode())
        self._settings[connection] = settings

    async def _check(self, connection: Connection) -> None:
        # Asking takes a way to PostgreSQL and back. A server that has gone tells so by itself: its end of the
        # connection is closed, which can be seen at once. Only machines that vanished need to be asked.
        now = time.monotonic()
        if now - self._lent.get(connection, -IDLE_UNCHECKED) >= IDLE_UNCHECKED or _has_news(connection):
            await AsyncConnectionPool.check_connection(connection)
        self._lent[connection] = now


def _has_news(connection: Connection) -> bool:
    """Whether PostgreSQL has sent something unasked, such as the end of the connection."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _unavailable(error: Exception) -> DatabaseUnavailable:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return DatabaseUnavailable(f"The database does not answer ({reason}). It is tried again with the next request.")


async def _configure(connection: Connection) -> None:
    if await (await connection.execute("select to_regtype('vector')")).fetchone() != (None,):
        await register_vector_async(connection)
    await connection.commit()
