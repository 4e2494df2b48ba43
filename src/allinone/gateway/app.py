"""The gateway's web application: everything but `/predict`, which the connection itself serves (see front/)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import uvicorn
from fastapi import FastAPI
from starlette.responses import JSONResponse

from allinone.errors import BackendFailed
from allinone.gateway.backends.in_process import Predictor
from allinone.gateway.front.guard import GatewayGuard
from allinone.gateway.front.protocol import GatewayProtocol
from allinone.gateway.gateway import Gateway
from allinone.gateway.openapi import describe_predict
from allinone.gateway.settings import GatewaySettings
from allinone.gateway.status import status_routes
from allinone.http.body_limit import BodyLimit
from allinone.http.correlation import Correlation
from allinone.http.health import Check, health_routes
from allinone.http.metrics import CountRequests, RequestMetrics, metrics_routes, new_registry
from allinone.http.problems import install_problems
from allinone.http.security_headers import SecurityHeaders
from allinone.http.server import server_config

KEEP_ALIVE = 75  # seconds; Immich closes after 4 and must be the first to, or a request meets a closed door
MAX_OTHER_BODY = 64 * 1024


def create_app(settings: GatewaySettings, *, in_process: Predictor | None = None) -> FastAPI:
    """The application. Nothing is opened before its lifespan; serve it with `gateway_config`.

    Args:
        settings: where it listens, and what goes where.
        in_process: the engine, where there is one in this process.

    Raises:
        ConfigurationError: a backend is in this process, and there is no engine here.
    """
    registry = new_registry()
    gateway = Gateway(settings, registry, in_process=in_process)
    app = FastAPI(
        title="immich-all-in-one inference gateway",
        docs_url=None,
        redoc_url=None,
        lifespan=partial(_lifespan, gateway),
    )
    app.state.gateway = gateway
    install_problems(app)
    app.include_router(metrics_routes(registry, before=partial(_refresh, gateway)))
    app.include_router(health_routes(_checks(gateway)))
    app.include_router(status_routes(gateway))
    app.add_api_route("/ping", partial(_ping, gateway), methods=["GET"], response_class=JSONResponse)
    describe_predict(app)
    app.add_middleware(BodyLimit, max_bytes=MAX_OTHER_BODY)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(CountRequests, metrics=RequestMetrics(registry))
    app.add_middleware(Correlation)
    app.add_middleware(GatewayGuard, gateway=gateway)
    return app


def gateway_config(app: FastAPI, *, host: str = "127.0.0.1", port: int = 0) -> uvicorn.Config:
    """What to run `app` with; `host` and `port` do not matter where `serve` is given sockets."""
    protocol = partial(GatewayProtocol, app.state.gateway)
    return server_config(app, host=host, port=port, protocol=protocol, keep_alive=KEEP_ALIVE)


@asynccontextmanager
async def _lifespan(gateway: Gateway, _: FastAPI) -> AsyncIterator[None]:
    async with gateway.running():
        yield


async def _ping(gateway: Gateway) -> JSONResponse:
    """200 while something can serve. Immich looks at the status only."""
    if gateway.serves():
        return JSONResponse("pong")
    return JSONResponse({"message": "No backend can be reached."}, status_code=503, headers={"retry-after": "5"})


async def _refresh(gateway: Gateway) -> None:
    gateway.metrics.refresh(gateway.pool, gateway.memory)


def _checks(gateway: Gateway) -> dict[str, Check]:
    """One for each rule: somebody is there who may do it."""
    return {task: _check(gateway, rule) for task, rule in gateway.settings.table.rules.items()}


def _check(gateway: Gateway, rule: tuple[str, ...]) -> Callable[[], Awaitable[None]]:
    async def check() -> None:
        if not gateway.serves(rule):
            down = [member.spec.name for member in gateway.members if member.spec.name in rule]
            message = f"not reachable: {', '.join(down)}"
            raise BackendFailed(message)

    return check
