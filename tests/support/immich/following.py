"""A follower over a stand-in Immich, and what its index must be equal to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from tests.support.immich.site import ImmichSite, own_database

from allinone.database.pool import Database
from allinone.extension.immich_index import FollowedIndex
from allinone.immich.database import ImmichDatabase
from allinone.immich.follower import Follower
from allinone.immich.settings import ImmichSettings
from allinone.search.index import SearchIndex


@asynccontextmanager
async def follower(site: ImmichSite, dsn: str, **more: object) -> AsyncIterator[Follower]:
    """One that has not looked yet."""
    settings = ImmichSettings(**site.settings(**more))
    async with ImmichDatabase(settings.dsn) as immich, Database(dsn) as database:
        yield Follower(settings, immich, database, FollowedIndex(SearchIndex(database)))


def index_rows(dsn: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the index and of what it was made of."""
    with psycopg.connect(dsn) as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "select table_name from information_schema.tables where table_schema = 'public' and "
                "(table_name like 'search_%%' or table_name = 'immich_document') and exists (select from "
                "information_schema.columns c where c.table_name = tables.table_name and column_name = 'asset_id')"
            ).fetchall()
        ]
        return {
            name: connection.execute(f"select t::text from {name} t order by asset_id").fetchall()
            for name in sorted(tables)
        }


async def fresh_index_rows(site: ImmichSite, dsn: str) -> dict[str, list[tuple[Any, ...]]]:
    """What an index made now, from nothing, has."""
    fresh = own_database(dsn)
    try:
        async with follower(site, fresh) as following:
            await following.catch_up()
        return index_rows(fresh)
    finally:
        name = psycopg.conninfo.conninfo_to_dict(fresh)["dbname"]
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(f"drop database {name} with (force)")
