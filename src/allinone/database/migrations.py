"""Brings the database to the form this version needs: numbered SQL files, each applied once, in order.

Two series share one table: ours (`migrations/NNNN_*.sql`) and the job queue's, which procrastinate ships.
"""

import hashlib
from importlib import resources
from importlib.resources.abc import Traversable

import psycopg
from procrastinate.schema import SchemaManager
from psycopg import sql

from allinone.errors import ConfigurationError, DatabaseUnavailable

LOCK = 0x616C6C696E  # any fixed number: one migrator at a time per database

CREATE_TABLE = """
create table if not exists schema_migration (
    series text not null,
    name text not null,
    digest text not null,
    applied_at timestamptz not null default now(),
    primary key (series, name)
)
"""


def migrate(dsn: str) -> list[str]:
    """Apply what is missing, all in one transaction, and return the names applied.

    Raises:
        DatabaseUnavailable: nothing answers at `dsn`.
        ConfigurationError: the database was made by a newer version, an applied file has changed, or pgvector or
            the right to create tables is missing.
    """
    try:
        with psycopg.connect(dsn) as connection:
            connection.execute("select pg_advisory_xact_lock(%s)", [LOCK])
            connection.execute(CREATE_TABLE)
            ours = _apply(connection, "allinone", _files("allinone.database", "migrations"))
            return ours + _apply_queue(connection)
    except psycopg.OperationalError as error:
        message = f"The database could not be prepared: {error}"
        raise DatabaseUnavailable(message) from error
    except psycopg.errors.FeatureNotSupported as error:
        message = (
            f"The database lacks something ({error.diag.message_primary}). The extension pgvector is needed: "
            "on Debian, apt install postgresql-NN-pgvector; or unset ALLINONE_DATABASE_URL to use the embedded one."
        )
        raise ConfigurationError(message) from error
    except psycopg.errors.InsufficientPrivilege as error:
        message = (
            f"The role in ALLINONE_DATABASE_URL may not prepare the database ({error.diag.message_primary}). "
            "Make it the owner of a database of its own, where an administrator ran: create extension vector"
        )
        raise ConfigurationError(message) from error


def _files(package: str, folder: str) -> list[Traversable]:
    found = [entry for entry in resources.files(package).joinpath(folder).iterdir() if entry.name.endswith(".sql")]
    return sorted(found, key=lambda entry: entry.name)


def _apply(connection: psycopg.Connection, series: str, files: list[Traversable]) -> list[str]:
    rows = connection.execute("select name, digest from schema_migration where series = %s", [series]).fetchall()
    applied: dict[str, str] = dict(rows)
    unknown = applied.keys() - {entry.name for entry in files}
    if unknown:
        message = (
            f"The database was made by a newer version of allinone (it has {max(unknown)}). "
            "Use that version, or an empty --data-dir."
        )
        raise ConfigurationError(message)
    done = []
    for entry in files:
        text = entry.read_text(encoding="utf-8")
        digest = hashlib.sha256(text.encode()).hexdigest()
        if entry.name not in applied:
            connection.execute(sql.SQL(text))
            _record(connection, series, entry.name, digest)
            done.append(entry.name)
        elif applied[entry.name] != digest:
            message = f"{entry.name} was applied in another form; a migration must never be edited after a release."
            raise ConfigurationError(message)
    return done


def _apply_queue(connection: psycopg.Connection) -> list[str]:
    """A new database gets the queue's whole schema; one that has it, the queue's later migrations."""
    files = _files("procrastinate.sql", "migrations")
    if connection.execute("select to_regclass('procrastinate_jobs')").fetchone() != (None,):
        return _apply(connection, "procrastinate", files)
    connection.execute(sql.SQL(SchemaManager.get_schema()))
    for entry in files:
        text = entry.read_text(encoding="utf-8")
        _record(connection, "procrastinate", entry.name, hashlib.sha256(text.encode()).hexdigest())
    return ["procrastinate"]


def _record(connection: psycopg.Connection, series: str, name: str, digest: str) -> None:
    connection.execute(
        "insert into schema_migration (series, name, digest) values (%s, %s, %s)", [series, name, digest]
    )
