"""The extension beside a stand-in Immich, in this process; its index is filled before a test asks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from tests.support.immich.rows import User
from tests.support.immich.site import ImmichSite

from allinone.database.pool import Database
from allinone.extension.immich_app import create_immich_app
from allinone.extension.immich_services import ImmichServices
from allinone.immich.settings import ImmichSettings

OUR_URL = "http://extension"


@dataclass
class Beside:
    """The extension, and Immich itself to compare with."""

    app: FastAPI
    site: ImmichSite
    ours: httpx.AsyncClient
    immich: httpx.AsyncClient

    @property
    def services(self) -> ImmichServices:
        services: ImmichServices = self.app.state.services
        return services

    async def follow(self) -> None:
        """Bring the index up to date."""
        await self.services.follower.catch_up()

    async def ask(self, user: User, body: dict[str, Any], path: str = "smart", **headers: str) -> list[UUID]:
        """Ours, as a user; the assets of one page."""
        answer = await self.post(user, body, path, **headers)
        assert answer.status_code == 200, answer.text
        return [UUID(item["id"]) for item in answer.json()["assets"]["items"]]

    async def post(
        self, user: User, body: Any, path: str = "smart", client: httpx.AsyncClient | None = None, **headers: str
    ) -> httpx.Response:
        """The whole answer; of Immich's, with its client."""
        sent = headers or {"x-api-key": user.api_key}
        return await (client or self.ours).post(f"/api/search/{path}", json=body, headers=sent)

    async def all_pages(self, user: User, body: dict[str, Any], path: str = "smart") -> list[UUID]:
        """Every asset, page by page."""
        found: list[UUID] = []
        page: str | None = "1"
        while page is not None:
            answer = (await self.post(user, {**body, "page": int(page)}, path)).json()["assets"]
            found += [UUID(item["id"]) for item in answer["items"]]
            assert answer["nextPage"] is None or int(answer["nextPage"]) > int(page)
            page = answer["nextPage"]
        return found


@asynccontextmanager
async def beside(site: ImmichSite, dsn: str, *, follows: bool = False, **more: object) -> AsyncIterator[Beside]:
    """Both running. `more`: settings."""
    # Patient, so that a busy machine is no outage; tests of outages say how long is long.
    settings = ImmichSettings(**site.settings(**{"search_seconds": 10, **more}))
    app = create_immich_app(settings, database=Database(dsn), follows=follows)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=OUR_URL, timeout=60) as ours,
        httpx.AsyncClient(base_url=site.url, timeout=60) as immich,
    ):
        yield Beside(app, site, ours, immich)
