"""Puts the pages under `/allinone/` of the extension's app.

NiceGUI is one per process: its app, its pages and its settings are made once, by the first call. What differs
between apps (their `Services`) travels with each request, so several apps can live in one process, as they do
in tests. They share one event loop.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from nicegui import app as nicegui_app
from nicegui import ui
from starlette.types import ASGIApp, Receive, Scope, Send

from allinone.extension.immich_pages.laboratory import laboratory_page
from allinone.extension.immich_pages.photo import photo_page as immich_photo_page
from allinone.extension.immich_pages.state import state_page
from allinone.extension.immich_pages.visitor import ImmichHouse
from allinone.extension.immich_pages.visitor import guarded as guarded_immich
from allinone.extension.immich_services import ImmichServices
from allinone.extension.pages.grid import grid_page
from allinone.extension.pages.icons import FAVICON
from allinone.extension.pages.photo import photo_page
from allinone.extension.pages.problems import guarded, missing_page
from allinone.extension.pages.status import status_page
from allinone.extension.pages.visits import SERVICES_KEY
from allinone.extension.refresh_requests import RefreshRequests
from allinone.extension.services import Services

MOUNT_PATH = "/allinone"
IMMICH = "/immich"  # where the pages beside an Immich are kept within NiceGUI; no browser sees it
SHARED = ("/_nicegui", "/assets")
ASSETS = Path(__file__).parent / "assets"

RECONNECT_TIMEOUT = 30.0  # seconds a page outlives its connection: a phone that was asleep goes on where it was
BUILD_TIMEOUT = 20.0  # seconds a page may take to build; a first search may have to load the CLIP text model


def install_pages(app: FastAPI, services: Services) -> None:
    """Serve the pages for `services` under `/allinone/` of `app`.

    Call it after the app's own `/allinone/...` routes were added, because the first match wins.
    """
    _install(app, services, "")


def install_immich_pages(app: FastAPI, services: ImmichServices, refreshes: RefreshRequests) -> None:
    """Serve the pages beside an Immich. Call it after the app's own routes and before the one for all the rest."""
    _install(app, ImmichHouse(app, services, refreshes), IMMICH)


def _install(app: FastAPI, house: object, prefix: str) -> None:
    runtime = _runtime()
    app.mount(MOUNT_PATH, _Entrance(runtime.host, house, prefix))
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(started: FastAPI) -> AsyncIterator[Any]:
        async with runtime.running(), inner(started) as state:
            yield state

    app.router.lifespan_context = lifespan


class _Entrance:
    """Hands an app's services to the pages, with every request."""

    def __init__(self, host: ASGIApp, house: object, prefix: str) -> None:
        self._host = host
        self._house = house
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        local = path.removeprefix(MOUNT_PATH)
        if self._prefix and not local.startswith(SHARED):
            scope = {**scope, "path": f"{MOUNT_PATH}{self._prefix}{local or '/'}"}
        await self._host({**scope, SERVICES_KEY: self._house}, receive, send)


class _Runtime:
    """NiceGUI, set up once; started with the first app that runs and stopped with the last."""

    def __init__(self, host: FastAPI) -> None:
        self.host = host
        self._running = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep NiceGUI running inside the block."""
        if self._running:
            self._running += 1
            try:
                yield
            finally:
                self._running -= 1
            return
        async with self.host.router.lifespan_context(self.host):
            self._running = 1
            try:
                yield
            finally:
                self._running -= 1


@cache
def _runtime() -> _Runtime:
    host = FastAPI(openapi_url=None)
    ui.run_with(
        host,
        mount_path="/",
        favicon=FAVICON,
        title="immich-all-in-one",
        viewport="width=device-width, initial-scale=1, viewport-fit=cover",
        dark=None,
        binding_refresh_interval=None,
        reconnect_timeout=RECONNECT_TIMEOUT,
        message_history_length=200,
        tailwind=False,
        show_welcome_message=False,
    )
    nicegui_app.add_static_files("/assets", ASSETS, max_cache_age=365 * 24 * 3600)
    ui.add_head_html(_head(), shared=True)
    ui.page("/", response_timeout=BUILD_TIMEOUT)(guarded(grid_page))
    ui.page("/photos/{asset_id}", response_timeout=BUILD_TIMEOUT)(guarded(photo_page))
    ui.page("/status", response_timeout=BUILD_TIMEOUT)(guarded(status_page))
    ui.page(f"{IMMICH}/", response_timeout=BUILD_TIMEOUT)(guarded_immich(laboratory_page))
    ui.page(f"{IMMICH}/photos/{{asset_id}}", response_timeout=BUILD_TIMEOUT)(guarded_immich(immich_photo_page))
    ui.page(f"{IMMICH}/status", response_timeout=BUILD_TIMEOUT)(guarded_immich(state_page))
    ui.page("/{path:path}")(guarded(missing_page))
    return _Runtime(host)


def _head() -> str:
    """Our style sheet and script, with their digests in the address so that browsers may keep them for good."""
    return "\n".join(
        (
            f'<link rel="stylesheet" href="{_asset("pages.css")}">',
            f'<script defer src="{_asset("pages.js")}"></script>',
            '<meta name="theme-color" content="#fbfaf8" media="(prefers-color-scheme: light)">',
            '<meta name="theme-color" content="#141413" media="(prefers-color-scheme: dark)">',
        )
    )


def _asset(name: str) -> str:
    digest = sha256((ASSETS / name).read_bytes()).hexdigest()[:12]
    return f"{MOUNT_PATH}/assets/{name}?v={digest}"
