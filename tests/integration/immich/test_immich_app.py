"""The extension beside an Immich: what it does not know goes through untouched."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from tests.support.immich.site import ImmichSite

from allinone.database.pool import Database
from allinone.extension.immich_app import create_immich_app
from allinone.immich.settings import ImmichSettings
from allinone.search.tokens import FORM


@asynccontextmanager
async def extension(site: ImmichSite, dsn: str, **more: object) -> AsyncIterator[httpx.AsyncClient]:
    app = create_immich_app(ImmichSettings(**site.settings(**more)), database=Database(dsn))
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        yield client


async def test_unknown_requests_are_immichs(immich_site: ImmichSite, dsn: str) -> None:
    anna = immich_site.rows.add_user("anna")
    asset = immich_site.rows.add_asset(anna)
    headers = {"x-api-key": anna.api_key}
    async with extension(immich_site, dsn) as client, httpx.AsyncClient(base_url=immich_site.url) as immich:
        thumbnail = f"/api/assets/{asset}/thumbnail"
        for path in ("/api/users/me", thumbnail, "/api/nothing", "/api/users/me?a=b%2Fc"):
            ours = await client.get(path, headers=headers)
            theirs = await immich.get(path, headers=headers)
            assert (ours.status_code, ours.content) == (theirs.status_code, theirs.content)
            assert ours.headers["content-type"] == theirs.headers["content-type"]


async def test_uploads_and_ranges_pass(immich_site: ImmichSite, dsn: str) -> None:
    anna = immich_site.rows.add_user("anna")
    asset = immich_site.rows.add_asset(anna)
    headers = {"x-api-key": anna.api_key}

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    async with extension(immich_site, dsn) as client:
        answer = await client.post("/api/assets", headers=headers, content=chunks())
        assert answer.status_code == 201
        assert immich_site.immich.uploaded == [2_000_000]
        part = await client.get(f"/api/assets/{asset}/original", headers=headers | {"range": "bytes=0-9"})
        assert (part.status_code, len(part.content)) == (206, 10)


async def test_health_says_what_is_wrong(immich_site: ImmichSite, dsn: str) -> None:
    async with extension(immich_site, dsn) as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        assert (await client.get("/readyz")).status_code == 200
        immich_site.server.stop()
        ready = await client.get("/readyz")
        assert ready.status_code == 503
        assert "does not answer" in ready.json()["checks"]["immich"]
        gone = await client.get("/api/users/me")
        assert gone.status_code == 502
        assert json.loads(gone.content)["statusCode"] == 502
        immich_site.server.start()
        assert (await client.get("/readyz")).status_code == 200


async def test_the_text_of_an_earlier_version_is_indexed_anew(immich_site: ImmichSite, dsn: str) -> None:
    anna = immich_site.rows.add_user("anna")
    immich_site.rows.put_lines(immich_site.rows.add_asset(anna), ["統一發票"])
    async with Database(dsn) as database:
        async with extension(immich_site, dsn):
            await _until_form_is(database, FORM)
        async with database.connection() as connection:
            await connection.execute("update search_token set form = 1, tokens = '''~'''")
        async with extension(immich_site, dsn):  # nothing is new in Immich: no text is read again
            await _until_form_is(database, FORM)


async def _until_form_is(database: Database, form: int) -> None:
    async with asyncio.timeout(20):
        while True:
            async with database.connection() as connection:
                cursor = await connection.execute("select form from search_token")
                if await cursor.fetchall() == [(form,)]:
                    return
            await asyncio.sleep(0.02)
