"""What all tests share: one real PostgreSQL for the session, and a fresh database for each test."""

import itertools
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo
from tests.support.immich.site import ImmichSite

from allinone.database.embedded import EmbeddedPostgres
from allinone.database.migrations import migrate
from allinone.database.pool import Database
from support.reference import Reference

_numbers = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_is_heard() -> None:
    """A shell that starts tests in the background has them ignore Ctrl-C, and so would every program they start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A running embedded PostgreSQL whose database `allinone` is migrated and empty (the template)."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"))
    server.start()
    migrate(server.dsn)
    yield server
    server.stop()


@pytest.fixture
def dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    """Connection string of a migrated, empty database of this test's own, cloned from the template."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    maintenance = conninfo.make_conninfo(postgres.dsn, dbname="postgres")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f"create database {name} template allinone")
    yield conninfo.make_conninfo(postgres.dsn, dbname=name)
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    """An open pool on this test's own database."""
    async with Database(dsn) as opened:
        yield opened


@pytest.fixture
def empty_dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    """Connection string of an empty database, for others' schemas."""
    name = f"empty_{os.getpid()}_{next(_numbers)}"
    maintenance = conninfo.make_conninfo(postgres.dsn, dbname="postgres")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        # Immich's image has such a locale too; without one pg_trgm sees no Chinese.
        connection.execute(f"create database {name} template template0 encoding 'UTF8' lc_ctype 'C.UTF-8'")
    yield conninfo.make_conninfo(postgres.dsn, dbname=name)
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def immich_site(empty_dsn: str, tmp_path: Path) -> Iterator[ImmichSite]:
    """A running stand-in Immich in a database of this test's own, with Redis, worker and machine learning."""
    with ImmichSite(empty_dsn, tmp_path / "immich") as site:
        yield site


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of sample photos."""
    return Path(__file__).parents[1] / "samples"


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """cn_clip, transformers and insightface on torch, in a virtual environment of their own."""
    return Reference(tmp_path_factory.mktemp("reference"))
