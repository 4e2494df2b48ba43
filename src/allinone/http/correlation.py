"""One number for each request, in its answer and in the log, so that the two can be brought together."""

import logging
import time
from contextvars import ContextVar
from http import HTTPStatus
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "x-immich-cid"
KEY = "correlation_id"

CURRENT: ContextVar[str] = ContextVar("correlation_id", default="")
"""The number of the request that this code runs for; empty outside of one."""

logger = logging.getLogger(__name__)


def correlation_id(scope: Scope) -> str:
    """The number of this request."""
    return str(scope.get("state", {}).get(KEY, ""))


class Correlation:
    """Outermost middleware: numbers requests, logs them, and turns an unforeseen exception into a plain 500.

    Only paths are logged, never query strings: those may hold an api key.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Number the request and pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        number = str(uuid4())
        scope.setdefault("state", {})[KEY] = number
        CURRENT.set(number)  # each request is a task, and so a context, of its own
        status = 0
        begun = time.perf_counter()

        async def send_numbered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).setdefault(HEADER, number)  # Immich's own number stays
            await send(message)

        try:
            await self._app(scope, receive, send_numbered)
        except Exception:
            logger.exception("%s %s failed [%s]", scope["method"], scope["path"], number)
            if status:
                raise  # the answer has begun: only cutting the connection tells the client
            await _internal_error(scope, receive, send_numbered)
        finally:
            took = (time.perf_counter() - begun) * 1000
            fields = {"method": scope["method"], "path": scope["path"], "status": status, "ms": round(took, 1)}
            logger.debug("%s %s %s in %.0f ms [%s]", scope["method"], scope["path"], status, took, number, extra=fields)


async def _internal_error(scope: Scope, receive: Receive, send: Send) -> None:
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    content = {
        "message": "Internal server error. The log says more under the correlation id.",
        "error": status.phrase,
        "statusCode": status,
        "correlationId": correlation_id(scope),
    }
    await JSONResponse(content, status_code=status)(scope, receive, send)
