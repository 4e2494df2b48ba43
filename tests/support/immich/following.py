"""A follower over a stand-in Immich, and what its index must be equal to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from tests.support.immich.site import ImmichSite, own_database
from tests.support.index_rows import index_rows

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
