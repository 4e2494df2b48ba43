"""The extension's web application beside an Immich: what it does not know itself is Immich's to answer."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import Response

from allinone.database.pool import Database
from allinone.errors import BackendFailed
from allinone.extension.follow_metrics import FollowMetrics
from allinone.extension.immich_index import FollowedIndex
from allinone.extension.immich_jobs import ImmichJobs, immich_job_routes
from allinone.extension.immich_pass_through import pass_on
from allinone.extension.immich_search import ImmichSearch
from allinone.extension.immich_search_api import ImmichSearchEndpoints
from allinone.extension.immich_search_metrics import ImmichSearchMetrics
from allinone.extension.immich_services import ImmichServices
from allinone.extension.page_script import PageScript
from allinone.extension.pages.install import install_immich_pages
from allinone.extension.preference_api import immich_person, preference_routes
from allinone.extension.script_api import script_routes
from allinone.http.correlation import Correlation
from allinone.http.health import health_routes
from allinone.http.metrics import CountRequests, RequestMetrics, metrics_routes, new_registry
from allinone.http.problems import install_problems
from allinone.immich.client import ImmichClient
from allinone.immich.credentials import Credentials
from allinone.immich.database import ImmichDatabase
from allinone.immich.fill import is_filled
from allinone.immich.follower import Follower
from allinone.immich.settings import ImmichSettings
from allinone.search.index import SearchIndex
from allinone.search.maintenance import keep_maintained
from allinone.search.preferences import Preferences
from allinone.tasks import background

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

Routes = Callable[[ImmichServices], APIRouter]
"""Makes the routes of one part; what it adds is asked before Immich is."""


def create_immich_app(
    settings: ImmichSettings,
    *,
    database: Database,
    owns_database: bool = True,
    follows: bool = True,
    parts: Sequence[Routes] = (),
) -> FastAPI:
    """The application. Nothing is opened before its lifespan.

    Args:
        settings: where Immich is.
        database: our own, migrated.
        owns_database: whether the lifespan opens and closes `database`; otherwise the caller does.
        follows: whether this process keeps the index equal to Immich's rows.
        parts: further routes.
    """
    registry = new_registry()
    client = ImmichClient(settings.url)
    index = SearchIndex(database)
    immich = ImmichDatabase(settings.dsn)
    metrics = ImmichSearchMetrics(registry)
    preferences = Preferences(database)
    search = ImmichSearch(settings, client, immich, index, metrics, preferences, partial(is_filled, database))
    follower = Follower(settings, immich, database, FollowedIndex(index))
    services = ImmichServices(settings, client, database, index, immich, search, follower, registry)
    app = FastAPI(
        title="immich-all-in-one",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=partial(_lifespan, services, owns_database, follows),
    )
    app.state.services = services
    install_problems(app)
    app.add_middleware(PageScript, registry=registry)
    app.add_middleware(CountRequests, metrics=RequestMetrics(registry))
    app.add_middleware(Correlation)
    app.include_router(metrics_routes(registry, before=FollowMetrics(registry, follower.state).refresh))
    checks = {"immich": partial(_check_immich, client), "database": partial(_check_database, database)}
    app.include_router(health_routes(checks))
    app.include_router(script_routes(registry))
    jobs = ImmichJobs(services)
    app.include_router(immich_job_routes(jobs))
    app.include_router(ImmichSearchEndpoints(search, client, index, metrics).routes())
    app.include_router(preference_routes(preferences, immich_person(client)))
    for routes in parts:
        app.include_router(routes(services))
    install_immich_pages(app, services, jobs.requests)
    app.add_api_route("/{path:path}", partial(_immich, client), methods=METHODS, include_in_schema=False)
    return app


@asynccontextmanager
async def _lifespan(
    services: ImmichServices,
    owns_database: bool,  # noqa: FBT001 — both are bound by name's place above, and only there
    follows: bool,  # noqa: FBT001
    _: FastAPI,
) -> AsyncIterator[None]:
    async with AsyncExitStack() as opened:
        if owns_database:
            await opened.enter_async_context(services.database)
        await opened.enter_async_context(services.immich)
        await opened.enter_async_context(services.client)
        await opened.enter_async_context(services.search.opened())
        if follows:
            care = keep_maintained(services.database, services.index.give_way)
            await opened.enter_async_context(background(care, "maintaining the search index"))
            await opened.enter_async_context(background(services.follower.run(), "following Immich"))
        yield


async def _immich(client: ImmichClient, request: Request) -> Response:
    return await pass_on(client, request)


async def _check_immich(client: ImmichClient) -> None:
    reply = await client.get("/api/server/ping", Credentials())
    if not reply.ok:
        message = f"Immich at {client.url} answered {reply.status}."
        raise BackendFailed(message)


async def _check_database(database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute("select 1")
