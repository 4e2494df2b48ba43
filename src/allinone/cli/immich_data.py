"""Our own database beside an Immich: on Immich's server where we may, the embedded one otherwise."""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import psycopg
from psycopg import sql

from allinone.cli.local_data import LocalData, embedded_server
from allinone.database.data_directory import DataDirectory
from allinone.database.embedded import EmbeddedPostgres
from allinone.database.migrations import migrate
from allinone.database.pool import Database
from allinone.errors import ConfigurationError, DatabaseUnavailable
from allinone.immich.settings import ImmichSettings

NAME = "allinone"

log = logging.getLogger(__name__)


@asynccontextmanager
async def hold_immich_data(
    directory: DataDirectory, command: str, settings: ImmichSettings
) -> AsyncIterator[LocalData]:
    """Hold `directory`, with our own database open and migrated: `ALLINONE_DATABASE_URL`; else `allinone` on the server
    of Immich's database, created where the role may; else the embedded one.

    Raises:
        DataDirectoryInUse: another process holds it.
        DatabaseUnavailable: no database can be reached.
    """
    async with AsyncExitStack() as stack:
        hold = stack.enter_context(directory.hold(command))
        dsn = _given() or _beside_immich(settings)
        if dsn is None:
            await stack.enter_async_context(embedded_server(directory))
            dsn = EmbeddedPostgres(directory.postgres).dsn
            migrate(dsn)
        database = await stack.enter_async_context(Database(dsn))
        yield LocalData(directory, database, hold)


def _given() -> str | None:
    dsn = os.environ.get("ALLINONE_DATABASE_URL")
    if dsn:
        migrate(dsn)
    return dsn or None


def _beside_immich(settings: ImmichSettings) -> str | None:
    """Our database on Immich's server, migrated; None where the role may not have one there."""
    dsn = settings.own_dsn(NAME)
    try:
        if not _exists(dsn):
            _create(settings)
        migrate(dsn)
    except (psycopg.errors.InsufficientPrivilege, ConfigurationError) as error:
        reason = str(error).strip().splitlines()[0]
        log.info("Our index is kept in the embedded PostgreSQL (beside Immich's: %s).", reason)
        return None
    except psycopg.OperationalError as error:
        message = (
            f"Immich's PostgreSQL does not answer: {str(error).strip()} "
            "DB_HOSTNAME, DB_PORT, DB_USERNAME and DB_PASSWORD must be Immich's own."
        )
        raise DatabaseUnavailable(message) from error
    return dsn


def _exists(dsn: str) -> bool:
    try:
        with psycopg.connect(dsn):
            return True
    except psycopg.OperationalError as error:
        if f'database "{NAME}" does not exist' in str(error):  # libpq gives no code for it
            return False
        raise


def _create(settings: ImmichSettings) -> None:
    with psycopg.connect(settings.own_dsn("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(NAME)))
    log.info("Made our own database %r on Immich's PostgreSQL; nothing of Immich's is in it.", NAME)
