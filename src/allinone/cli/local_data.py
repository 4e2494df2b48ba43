"""Opens a data directory for a command: its lock, its database, its migrations."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from allinone.database.data_directory import DataDirectory, Hold, default_data_directory
from allinone.database.embedded import EmbeddedPostgres
from allinone.database.migrations import migrate
from allinone.database.pool import Database
from allinone.errors import DatabaseUnavailable
from allinone.tasks import background


@dataclass(frozen=True, slots=True)
class LocalData:
    """An open data directory.

    Attributes:
        directory: where it lies.
        database: an open pool.
        hold: its lock; None where another process holds it and we are that one's guest.
    """

    directory: DataDirectory
    database: Database
    hold: Hold | None


def data_directory(option: Path | None) -> DataDirectory:
    """The data directory that `--data-dir` names, or the default one."""
    return DataDirectory(option or default_data_directory())


def embedded_dsn(directory: DataDirectory) -> str:
    """Connection string of the database: `ALLINONE_DATABASE_URL`, or the embedded one of `directory`."""
    return os.environ.get("ALLINONE_DATABASE_URL") or EmbeddedPostgres(directory.postgres).dsn


@asynccontextmanager
async def hold_data(directory: DataDirectory, command: str) -> AsyncIterator[LocalData]:
    """Hold `directory` with its database started, migrated and kept running.

    Raises:
        DataDirectoryInUse: another process holds it.
        DatabaseUnavailable: the database would not start.
    """
    async with AsyncExitStack() as stack:
        hold = stack.enter_context(directory.hold(command))
        if not os.environ.get("ALLINONE_DATABASE_URL"):
            await stack.enter_async_context(embedded_server(directory))
        dsn = embedded_dsn(directory)
        migrate(dsn)
        database = await stack.enter_async_context(Database(dsn))
        yield LocalData(directory, database, hold)


@asynccontextmanager
async def join_data(directory: DataDirectory, command: str) -> AsyncIterator[LocalData]:
    """Like `hold_data`; where another of our processes holds `directory`, use the database it runs.

    Raises:
        DatabaseUnavailable: the database would not start, or the holder's does not answer.
    """
    if directory.holder() is None:
        async with hold_data(directory, command) as data:
            yield data
        return
    try:
        database = await Database(embedded_dsn(directory), max_connections=2).open()
    except DatabaseUnavailable as error:
        message = f"{directory.path} is in use by another user's process, or by one that is just starting: {error}"
        raise DatabaseUnavailable(message) from error
    async with database:
        yield LocalData(directory, database, None)


@asynccontextmanager
async def embedded_server(directory: DataDirectory) -> AsyncIterator[None]:
    """The embedded PostgreSQL of `directory`, kept running while the block runs."""
    server = EmbeddedPostgres(directory.postgres)
    server.start()
    try:
        async with background(server.keep_running(), "keep PostgreSQL running"):
            yield
    finally:
        server.stop()
