"""The extension's web application, serving a library."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from uuid import UUID

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse

from allinone.database.pool import Database
from allinone.extension.asset_api import asset_routes
from allinone.extension.jobs_api import job_routes
from allinone.extension.pages.install import install_pages
from allinone.extension.photo_search import Notice, PhotoSearch, TextEncoder
from allinone.extension.preference_api import preference_routes
from allinone.extension.progress_api import progress_routes
from allinone.extension.search_api import search_routes
from allinone.extension.search_metrics import ProgressMetrics, SearchMetrics
from allinone.extension.services import Services
from allinone.extension.settings import ExtensionSettings, is_loopback
from allinone.http.access import AccessGuard
from allinone.http.body_limit import BodyLimit
from allinone.http.correlation import Correlation
from allinone.http.credentials import Password, load_secret
from allinone.http.health import health_routes
from allinone.http.hosts import host_policy
from allinone.http.login import login_routes
from allinone.http.metrics import CountRequests, RequestMetrics, metrics_routes, new_registry
from allinone.http.problems import install_problems
from allinone.http.security_headers import SecurityHeaders
from allinone.http.throttle import Throttle
from allinone.library.store import LibraryStore
from allinone.search.index import SearchIndex
from allinone.search.preferences import Preferences

PAGES = "/allinone/"
SIGNING_FILE = "session.secret"  # in the data directory


def create_app(
    settings: ExtensionSettings,
    *,
    database: Database,
    library: LibraryStore,
    index: SearchIndex,
    library_id: UUID,
    encoder: TextEncoder | None = None,
    owns_database: bool = True,
) -> FastAPI:
    """The application. Nothing is opened before its lifespan.

    Args:
        settings: where it listens and who may use it.
        database: what `library` and `index` use.
        owns_database: whether the lifespan opens `database` and closes it in the end; otherwise the caller does.
        library: reads the library.
        index: searches in it.
        library_id: the library to serve.
        encoder: the CLIP text tower; None, or one without a model: photos are found by their text only.

    Raises:
        ConfigurationError: there is a password, and the secret that signs log-ins cannot be kept.
    """
    registry = new_registry()
    services = _services(settings, database, library, index, library_id, encoder, SearchMetrics(registry))
    app = FastAPI(
        title="immich-all-in-one",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=partial(_lifespan, database if owns_database else None),
    )
    app.state.services = services
    install_problems(app)
    _install_guards(app, settings, RequestMetrics(registry))
    progress = ProgressMetrics(registry)
    app.include_router(metrics_routes(registry, before=partial(progress.refresh, library, library_id)))
    checks = {"database": partial(_check_database, database), "library": partial(_check_library, services)}
    app.include_router(health_routes(checks))
    for routes in (search_routes, asset_routes, job_routes, progress_routes):
        app.include_router(routes(services))
    app.include_router(preference_routes(Preferences(database), partial(_whoever_asks, library_id)))
    app.add_api_route("/", _to_pages, methods=["GET"])
    app.add_api_route("/api/server/ping", _pong, methods=["GET"])
    install_pages(app, services)
    return app


def _services(
    settings: ExtensionSettings,
    database: Database,
    library: LibraryStore,
    index: SearchIndex,
    library_id: UUID,
    encoder: TextEncoder | None,
    metrics: SearchMetrics,
) -> Services:
    usable = encoder if encoder is not None and encoder.clip_model is not None else None
    return Services(
        settings=settings,
        database=database,
        library=library,
        library_id=library_id,
        index=index,
        photo_search=PhotoSearch(library, index, usable, metrics, Preferences(database)),
        encoder=usable,
        notices=() if usable else (Notice.NO_CLIP_MODEL,),
    )


def _install_guards(app: FastAPI, settings: ExtensionSettings, metrics: RequestMetrics) -> None:
    """From the inside out: each one added sees the request before those added earlier."""
    password = None
    if settings.password is not None:
        secret = load_secret(settings.data_directory / SIGNING_FILE)
        password = Password(settings.password.get_secret_value(), secret)
    throttle = Throttle()
    app.include_router(login_routes(password, throttle))
    hosts = host_policy(settings.host, settings.hosts, open_to_others=not is_loopback(settings.host))
    app.add_middleware(BodyLimit, max_bytes=settings.max_body)
    app.add_middleware(AccessGuard, hosts=hosts, password=password, throttle=throttle)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(CountRequests, metrics=metrics)
    app.add_middleware(Correlation)


@asynccontextmanager
async def _lifespan(database: Database | None, _: FastAPI) -> AsyncIterator[None]:
    async with database or nullcontext():
        yield


async def _whoever_asks(library_id: UUID, _: Request) -> UUID:
    # A folder has no users: its one preference is everybody's.
    return library_id


async def _check_database(database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute("select 1")


async def _check_library(services: Services) -> None:
    await services.library.progress(services.library_id)


async def _to_pages() -> RedirectResponse:
    return RedirectResponse(PAGES)


async def _pong() -> dict[str, str]:
    return {"res": "pong"}
