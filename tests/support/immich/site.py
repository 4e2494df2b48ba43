"""A whole Immich for tests: PostgreSQL's database, Redis, machine learning, server and worker.

with ImmichSite(dsn, folder) as site:
    anna = site.rows.add_user("anna")
    site.rows.add_asset(anna, ["統一發票"], shows="receipt on a table")
    httpx.post(site.url + "/api/search/smart", headers={"x-api-key": anna.api_key}, json={"query": "receipt"})
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import psycopg
from psycopg import conninfo, sql
from starlette.applications import Starlette
from tests.support.immich.machine_learning import DIMENSIONS, MachineLearning
from tests.support.immich.redis_server import RedisServer
from tests.support.immich.rows import ImmichRows, create_schema
from tests.support.immich.server import Immich
from tests.support.immich.serving import Serving
from tests.support.immich.worker import ImmichWorker

READER = "allinone_reader"
READER_PASSWORD = "reader"
CLIP_MODEL = "ViT-B-16__openai"


class ImmichSite:
    """Immich on loopback, in an empty database that it fills with its schema.

    Attributes:
        url: of immich-server.
        rows: writes Immich's rows.
        immich: the server's behaviour and what it was asked.
        machine_learning: the machine-learning server's behaviour and what it was asked.
        redis: the Redis server, where `with_redis`.
    """

    def __init__(
        self,
        dsn: str,
        folder: Path,
        *,
        version: tuple[int, int, int] = (3, 1, 0),
        with_redis: bool = True,
        hnsw: bool = False,
        dimensions: int = DIMENSIONS,
    ) -> None:
        self.dsn = dsn
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        create_schema(dsn, version=version, hnsw=hnsw, dimensions=dimensions)
        self.rows = ImmichRows(dsn, folder, dimensions=dimensions)
        self.rows.set_clip_model(CLIP_MODEL)
        self.machine_learning = MachineLearning()
        self.machine_learning.dimensions = dimensions
        self.machine_learning_server = Serving(self.machine_learning.app())
        self.redis = RedisServer(folder) if with_redis else None
        self._version = version
        self.immich: Immich
        self.server: Serving
        self.worker: ImmichWorker | None = None

    @property
    def url(self) -> str:
        """immich-server."""
        return self.server.url

    def __enter__(self) -> Self:
        self.machine_learning_server.start()
        self.immich = Immich(self.dsn, self.machine_learning_server.url, version=self._version)
        app = self.immich.app()
        if self.redis is not None:
            self.redis.start()
            self._add_worker(app)
        self.server = Serving(app)
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.rows.close()
        self.server.stop()
        if self.redis is not None:
            self.redis.stop()
        self.machine_learning_server.stop()

    def _add_worker(self, app: Starlette) -> None:
        assert self.redis is not None
        connection = self.redis.connection
        inner = app.router.lifespan_context

        @asynccontextmanager
        async def lifespan(running: Any) -> AsyncIterator[None]:
            worker = self.worker = ImmichWorker(self.dsn, connection, self.machine_learning_server.url)
            self.immich.queue_all = worker.queue_all
            async with inner(running), worker.running():
                yield

        app.router.lifespan_context = lifespan

    def reader_dsn(self) -> str:
        """The database as a role that may only SELECT, made as the documentation says."""
        database = str(conninfo.conninfo_to_dict(self.dsn)["dbname"])
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(GRANTS.format(role=sql.Identifier(READER), database=sql.Identifier(database)))
        return conninfo.make_conninfo(self.dsn, user=READER, password=READER_PASSWORD)

    def settings(self, **more: object) -> dict[str, object]:
        """Values for `ImmichSettings`, with the role that may only SELECT."""
        values: dict[str, object] = {
            "url": self.url,
            "database_url": self.reader_dsn(),
            "machine_learning_url": self.machine_learning_server.url,
        }
        if self.redis is not None:
            values |= {"redis_hostname": "127.0.0.1", "redis_port": self.redis.port}
        return values | more


GRANTS = sql.SQL(
    """
    do $$ begin
        if not exists (select from pg_roles where rolname = 'allinone_reader') then
            create role allinone_reader login password 'reader';
        end if;
    end $$;
    grant connect on database {database} to {role};
    grant usage on schema public to {role};
    grant select on all tables in schema public to {role};
    alter default privileges in schema public grant select on tables to {role};
    """
)


def own_database(postgres_dsn: str) -> str:
    """A fresh, migrated database for our own rows beside a test's Immich; cloned like the `dsn` fixture."""
    name = f"own_{uuid4().hex[:12]}"
    with psycopg.connect(conninfo.make_conninfo(postgres_dsn, dbname="postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {} template allinone").format(sql.Identifier(name)))
    return conninfo.make_conninfo(postgres_dsn, dbname=name)
