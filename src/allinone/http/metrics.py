"""/metrics, and the counts every service keeps of its requests."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class RequestMetrics:
    """Counts of requests by route and status. One for each app, in that app's own registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ("method", "route")
        self.requests = Counter(
            "allinone_http_requests_total", "Requests answered.", (*labels, "status"), registry=registry
        )
        self.seconds = Histogram(
            "allinone_http_request_seconds",
            "Time from request to the end of its answer.",
            labels,
            registry=registry,
        )


class CountRequests:
    """Middleware that feeds `RequestMetrics`, by route template and never by path, which has no bound."""

    def __init__(self, app: ASGIApp, *, metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and count."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        begun = time.perf_counter()

        async def send_counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_counted)
        finally:
            route = _template(scope)
            method = scope["method"] if scope["method"] in METHODS else "other"
            self._metrics.requests.labels(method, route, str(status)).inc()
            self._metrics.seconds.labels(method, route).observe(time.perf_counter() - begun)


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _template(scope: Scope) -> str:
    route: Any = scope.get("route")
    return str(getattr(route, "path", "other"))


def new_registry() -> CollectorRegistry:
    """A registry that already tells memory, CPU time and garbage collection of this process."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def metrics_routes(registry: CollectorRegistry, *, before: Callable[[], Awaitable[None]] | None = None) -> APIRouter:
    """`/metrics` of `registry`, in Prometheus' text format. `before` fetches the numbers that need I/O."""
    routes = APIRouter()

    @routes.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> Response:
        if before is not None:
            await before()
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return routes
