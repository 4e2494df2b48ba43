"""deploy/postgres/*.sql on a real PostgreSQL, through psql, as the how-to runs them."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo

from allinone.database.embedded import EmbeddedPostgres

SQL = Path(__file__).parents[2] / "deploy/postgres"

IMMICH = """
create table asset (id uuid primary key, "ownerId" uuid not null);
create table asset_ocr (id uuid primary key, "assetId" uuid not null, text text not null, "updateId" uuid);
create table asset_ocr_audit (id uuid primary key, "assetId" uuid not null);
create table asset_audit (id uuid primary key, "assetId" uuid not null);
create table asset_job_status ("assetId" uuid primary key, "ocrAt" timestamptz);
create table partner ("sharedById" uuid, "sharedWithId" uuid);
create table smart_search ("assetId" uuid primary key, embedding text);
create table "user" (id uuid primary key, email text, password text);
create table session (id uuid primary key, token text);
create table api_key (id uuid primary key, key text);
create table system_metadata (key text primary key, value jsonb);
"""
READ = (
    *("asset", "asset_ocr", "asset_ocr_audit", "asset_audit", "asset_job_status", "partner", "smart_search"),
    "system_metadata",
)
OWN = "allinone_roles"
SECRET = ("user", "session", "api_key")


@pytest.fixture
def immich(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A database such as Immich's, with our role in it; both gone afterwards."""
    maintenance = conninfo.make_conninfo(postgres.dsn, dbname="postgres")
    name = "immich_roles"
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    dsn = conninfo.make_conninfo(postgres.dsn, dbname=name)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(IMMICH)
    yield dsn
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("drop owned by allinone")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")
        connection.execute("drop role allinone")


def run_sql(postgres: EmbeddedPostgres, file: str, dsn: str) -> str:
    """psql with a file, as the how-to has it."""
    program = postgres._programs / "psql"
    command = [program, "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-f", SQL / file, dsn]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def as_role(dsn: str) -> str:
    return conninfo.make_conninfo(dsn, user="allinone")


def test_the_role_reads_what_search_needs_and_nothing_secret(postgres: EmbeddedPostgres, immich: str) -> None:
    run_sql(postgres, "role.sql", immich)
    with psycopg.connect(as_role(immich), autocommit=True) as connection:
        for table in (
            "asset",
            "asset_ocr",
            "asset_ocr_audit",
            "asset_audit",
            "asset_job_status",
            "partner",
            "smart_search",
        ):
            assert connection.execute(f"select count(*) from {table}").fetchone() == (0,)
        for table in SECRET:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f'select * from "{table}"')


@pytest.mark.parametrize(
    "statement",
    [
        "insert into asset_ocr values (gen_random_uuid(), gen_random_uuid(), 'x', null)",
        "update asset_ocr set text = ''",
        "delete from smart_search",
        "truncate asset",
        "create table mine (id int)",
        "alter table asset add column mine int",
        "drop table asset",
        "create index on asset_ocr (text)",
    ],
)
def test_the_role_writes_nothing_even_when_it_asks_for_a_writing_session(
    postgres: EmbeddedPostgres, immich: str, statement: str
) -> None:
    run_sql(postgres, "role.sql", immich)
    with psycopg.connect(as_role(immich), autocommit=True) as connection:
        with pytest.raises((psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.InsufficientPrivilege)):
            connection.execute(statement)
        connection.execute("set default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_it_may_be_run_again_and_after_a_restore(postgres: EmbeddedPostgres, immich: str) -> None:
    run_sql(postgres, "role.sql", immich)
    with psycopg.connect(immich, autocommit=True) as connection:
        connection.execute("drop table asset_ocr; create table asset_ocr (id uuid, text text)")
    with psycopg.connect(as_role(immich)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("select * from asset_ocr")
    run_sql(postgres, "role.sql", immich)
    with psycopg.connect(as_role(immich)) as connection:
        assert connection.execute("select * from asset_ocr").fetchall() == []


def test_a_table_that_immich_does_not_have_is_told_not_fatal(postgres: EmbeddedPostgres, immich: str) -> None:
    assert "Immich has no table version_history here" in run_sql(postgres, "role.sql", immich)


def test_our_own_database_is_made_once_and_belongs_to_the_role(postgres: EmbeddedPostgres, immich: str) -> None:
    run_sql(postgres, "role.sql", immich)
    text = (SQL / "database.sql").read_text()
    # the tests' own database has that name: this one gets another
    renamed = re.sub(
        r"(?<=create database )allinone|(?<=datname = ')allinone|(?<=connect )allinone", "allinone_roles", text
    )
    program = postgres._programs / "psql"
    maintenance = conninfo.make_conninfo(postgres.dsn, dbname="postgres")
    try:
        for _ in range(2):
            subprocess.run(
                [program, "--no-psqlrc", "-v", "ON_ERROR_STOP=1", maintenance], input=renamed, text=True, check=True
            )
        own = conninfo.make_conninfo(as_role(immich), dbname=OWN)
        with psycopg.connect(own, autocommit=True) as connection:
            connection.execute("create table photos (embedding vector(3))")
            assert connection.execute("select current_user").fetchone() == ("allinone",)
    finally:
        with psycopg.connect(maintenance, autocommit=True) as connection:
            connection.execute(f"drop database if exists {OWN} with (force)")


def test_the_role_may_read_every_table_that_is_read() -> None:
    granted = set(re.findall(r"'([a-z_]+)'", (SQL / "role.sql").read_text().split("array[")[1].split("]")[0]))
    queries = Path(__file__).parents[2] / "src/allinone/immich/queries"
    named = {
        name
        for query in queries.glob("*.sql")
        for name in re.findall(r'\b(?:from|join)\s+"?([a-z_]+)"?\b(?!\s*\()', query.read_text())
    }
    ours = {name for name in named if name.startswith("immich_")}
    assert named - ours - {"lateral", "information_schema"} <= granted
