"""Immich's own database, read and never written."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

import psycopg
from pgvector.psycopg import register_vector_async
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from allinone.database.pool import Connection
from allinone.errors import DatabaseUnavailable
from allinone.immich.statements import statement

WAIT_FOR_CONNECTION = 3.0  # seconds
RECONNECT_FOR = 1.0  # seconds, then the next caller tries anew
MOST_CONNECTIONS = 6

READ = {
    "asset": ("id", "ownerId", "visibility", "deletedAt", "localDateTime", "width", "height", "updateId"),
    "asset_ocr": ("assetId", "text", "isVisible", "updateId"),
    "asset_ocr_audit": ("assetId", "id"),
    "asset_audit": ("assetId", "id"),
    "asset_job_status": ("assetId", "ocrAt"),
    "smart_search": ("assetId", "embedding"),
    "system_metadata": ("key", "value"),
}
"""The tables we read, and the columns that came with some version."""

OPTIONAL = {
    "asset_ocr.isVisible": "Lines that an edit has cut off stay findable (Immich 2.5 and later tell which they are).",
    "asset_ocr.updateId": "Changes of text are noticed by the time of the last reading (Immich 3.1 has a feed).",
    "asset_ocr_audit.id": "Text that is deleted without being read anew goes at the next full comparison.",
    "system_metadata.value": "The CLIP model and the machine-learning address set in Immich cannot be read.",
}
NEEDED = {
    "asset_ocr.text": "Text recognition came with Immich 2.2; photos are found by their look only.",
    "smart_search.embedding": "Pictures cannot be compared; Immich's own order stands.",
    "asset.updateId": "Changes cannot be followed; text comes and goes with the full comparisons.",
    "asset.width": "The order of lines is guessed without the picture's proportions.",
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ImmichSchema:
    """What of Immich's schema there is.

    Attributes:
        version: of Immich, such as "3.1.0"; None where it does not tell.
        columns: as "table.column".
    """

    version: str | None
    columns: frozenset[str]

    def has(self, column: str) -> bool:
        """Whether there is a column "table.column"."""
        return column in self.columns

    @property
    def has_text(self) -> bool:
        """Whether this Immich recognises text at all."""
        return self.has("asset_ocr.text")

    @property
    def missing(self) -> list[str]:
        """One line for each thing that is missing: what, and what follows."""
        return [
            f"Immich {self.version or '(version unknown)'} has no {column}. {consequence}"
            for column, consequence in {**NEEDED, **OPTIONAL}.items()
            if not self.has(column)
        ]


class ImmichDatabase:
    """A bounded pool of read-only connections, opened without waiting: Immich's database may be away for an hour."""

    def __init__(self, dsn: str) -> None:
        self._pool = AsyncConnectionPool(
            dsn,
            min_size=0,
            max_size=MOST_CONNECTIONS,
            open=False,
            timeout=WAIT_FOR_CONNECTION,
            reconnect_timeout=RECONNECT_FOR,
            configure=_configure,
            check=AsyncConnectionPool.check_connection,
            name="immich",
        )

    async def __aenter__(self) -> Self:
        await self._pool.open(wait=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection for one short transaction.

        Raises:
            DatabaseUnavailable: nothing answers, it broke on the way, or a migration of Immich's is in the way.
        """
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (psycopg.Error, PoolTimeout) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            message = f"Immich's database cannot be read ({reason}). Check DB_HOSTNAME, DB_USERNAME and DB_PASSWORD."
            raise DatabaseUnavailable(message) from error

    async def schema(self) -> ImmichSchema:
        """What there is to read.

        Raises:
            DatabaseUnavailable: see `connection`.
        """
        async with self.connection() as connection:
            rows = await (await connection.execute(statement("tables"), {"tables": list(READ)})).fetchall()
            columns = frozenset(name for (name,) in rows)
        try:
            async with self.connection() as connection:
                row = await (await connection.execute(statement("version"))).fetchone()
        except DatabaseUnavailable:
            row = None  # a role that may not read it
        return ImmichSchema(row[0].removeprefix("v") if row else None, columns)


async def _configure(connection: Connection) -> None:
    if await (await connection.execute("select to_regtype('vector')")).fetchone() != (None,):
        await register_vector_async(connection)
    await connection.commit()
