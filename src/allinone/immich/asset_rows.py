"""What Immich's database holds of single assets: the only place where a job's outcome can be seen."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from uuid import UUID

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from allinone.errors import DatabaseUnavailable

CONNECTIONS = 2
WAIT_SECONDS = 5.0
MOST_ASSETS = 1000  # in one statement


@dataclass(frozen=True, slots=True)
class AssetRows:
    """One asset's rows at one moment.

    Attributes:
        ocr_at: when Immich last looked for text; None if never.
        lines: of text.
        text: a digest of them; None without lines.
        vector_version: changes with every writing of the vector; None where there is none.
        vector: a digest of the vector.
    """

    ocr_at: datetime | None
    lines: int
    text: str | None
    vector_version: str | None
    vector: str | None


class AssetRowsReader:
    """Reads them, with a small pool of its own. Opens nothing before it is entered, and waits for nothing then."""

    def __init__(self, dsn: str) -> None:
        self._pool = AsyncConnectionPool(
            dsn,
            min_size=0,
            max_size=CONNECTIONS,
            open=False,
            timeout=WAIT_SECONDS,
            reconnect_timeout=1.0,
            check=AsyncConnectionPool.check_connection,
            kwargs={"autocommit": True},
            name="immich jobs",
        )

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Open while the block runs."""
        await self._pool.open()
        try:
            yield
        finally:
            await self._pool.close()

    async def read(self, assets: Sequence[UUID]) -> dict[UUID, AssetRows]:
        """The rows of `assets`; those that Immich does not have are empty.

        Raises:
            DatabaseUnavailable: Immich's database does not answer, or does not let us read.
        """
        found: dict[UUID, AssetRows] = {}
        try:
            async with self._pool.connection() as connection:
                for begin in range(0, len(assets), MOST_ASSETS):
                    some = list(assets[begin : begin + MOST_ASSETS])
                    cursor = await connection.execute(_statement(), {"assets": some})
                    found |= {row[0]: AssetRows(*row[1:]) for row in await cursor.fetchall()}
        except (psycopg.Error, PoolTimeout) as error:
            message = (
                f"Immich's database does not say how the job stands ({str(error).strip() or type(error).__name__})."
            )
            raise DatabaseUnavailable(message) from error
        return found


@cache
def _statement() -> bytes:
    return resources.files("allinone.immich").joinpath("queries", "asset_rows.sql").read_bytes()
