"""photos-ai as a web service: two protocols over one engine."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI, Request
from prometheus_client import CollectorRegistry
from starlette.responses import HTMLResponse

from allinone import __version__
from allinone.http.access import AccessGuard
from allinone.http.body_limit import BodyLimit
from allinone.http.correlation import Correlation
from allinone.http.health import health_routes
from allinone.http.hosts import HostPolicy
from allinone.http.metrics import CountRequests, RequestMetrics, metrics_routes, new_registry
from allinone.http.problems import install_problems
from allinone.http.security_headers import SecurityHeaders
from allinone.http.throttle import Throttle
from allinone.photos_ai.engine import Engine
from allinone.photos_ai.predictor import Predictor
from allinone.photos_ai.service.admission import Admission, Budget
from allinone.photos_ai.service.engine_metrics import EngineMetrics
from allinone.photos_ai.service.mt_photos_api import mt_photos_routes
from allinone.photos_ai.service.predict_api import predict_routes
from allinone.photos_ai.service.presence import ClientLeft
from allinone.photos_ai.service.settings import ServiceSettings
from allinone.photos_ai.service.status_page import status_page
from allinone.photos_ai.settings import EngineSettings
from allinone.wire.mt_photos import DEFAULT_KEY

_log = logging.getLogger(__name__)

# Other containers name us as they like, and there is nothing here that a page under a false name could read.
_ANY_HOST = HostPolicy(frozenset(), any_address=True, any_name=True)
_CLIENT_CLOSED_REQUEST = 499  # nginx's number for it; nobody reads it but our own metrics


def create_app(settings: ServiceSettings, engine_settings: EngineSettings) -> FastAPI:
    """The application. Nothing is opened, and no model loaded, before it is needed."""
    registry = new_registry()
    metrics = EngineMetrics(registry)
    engine = Engine(engine_settings, metrics)
    budget = Budget(settings.memory)
    app = FastAPI(
        title="photos-ai",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        lifespan=partial(_lifespan, engine, settings),
    )
    install_problems(app)
    app.add_exception_handler(ClientLeft, _nobody)
    _install_guards(app, settings, budget, registry)

    async def look() -> None:
        metrics.look_at(engine, held=budget.held)

    app.include_router(metrics_routes(registry, before=look))
    app.include_router(health_routes({"models": partial(_check_models, engine)}))
    app.include_router(predict_routes(Predictor(engine), settings))
    app.include_router(mt_photos_routes(engine, settings))

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def page(request: Request) -> HTMLResponse:
        return status_page(request, engine.describe())

    return app


def _install_guards(app: FastAPI, settings: ServiceSettings, budget: Budget, registry: CollectorRegistry) -> None:
    """From the inside out: each one added sees the request before those added earlier."""
    app.add_middleware(Admission, budget=budget)
    app.add_middleware(BodyLimit, max_bytes=min(settings.max_body, settings.memory))
    app.add_middleware(AccessGuard, hosts=_ANY_HOST, password=None, throttle=Throttle())
    app.add_middleware(SecurityHeaders)
    app.add_middleware(CountRequests, metrics=RequestMetrics(registry))
    app.add_middleware(Correlation)


@asynccontextmanager
async def _lifespan(engine: Engine, settings: ServiceSettings, _: FastAPI) -> AsyncIterator[None]:
    state = engine.describe()
    _log.info("Reads text with %s on %s, %d pictures at a time.", state.ocr, state.device, state.threads)
    if state.clip_notice:
        _log.warning("%s", state.clip_notice)
    if settings.key.get_secret_value() == DEFAULT_KEY:
        _log.warning("API_AUTH_KEY is the one that everybody knows. Set another where others reach this port.")
    try:
        yield
    finally:
        await engine.close()


async def _check_models(engine: Engine) -> None:
    engine.check()


async def _nobody(_: Request, __: Exception) -> HTMLResponse:
    return HTMLResponse("", _CLIENT_CLOSED_REQUEST)
