"""Who may talk to us: the right name, no other site's pages, and the password where there is one."""

import logging
import math
from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import quote

from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from allinone.http.credentials import Password, password_in
from allinone.http.hosts import HostPolicy, is_same_origin
from allinone.http.login import COOKIE, LOGIN_PATH, LOGOUT_PATH
from allinone.http.problems import problem
from allinone.http.throttle import Throttle

logger = logging.getLogger(__name__)

OPEN_PATHS = frozenset({"/healthz", "/readyz", LOGIN_PATH, LOGOUT_PATH})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class AccessGuard:
    """Middleware before everything that shows or changes anything, web sockets included."""

    def __init__(self, app: ASGIApp, *, hosts: HostPolicy, password: Password | None, throttle: Throttle) -> None:
        self._app = app
        self._hosts = hosts
        self._password = password
        self._throttle = throttle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on whom we let in; answer everybody else."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refuse(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "not allowed"})
        else:
            await refusal(scope, receive, send)

    def _refuse(self, scope: Scope) -> Response | None:
        return self._wrong_host(scope) or self._other_site(scope) or self._not_logged_in(scope)

    def _wrong_host(self, scope: Scope) -> Response | None:
        hosts = _values(scope, b"host")
        if len(hosts) == 1 and self._hosts.allows(hosts[0]):
            return None
        shown = hosts[0][:100] if hosts else ""
        message = (
            f"This server does not answer to the name {shown!r}. If it is yours, put it into ALLINONE_HOSTS "
            "and start again."
        )
        return problem(scope, HTTPStatus.MISDIRECTED_REQUEST, message)

    def _other_site(self, scope: Scope) -> Response | None:
        origins, host = _values(scope, b"origin"), _values(scope, b"host")[0]
        foreign = any(not is_same_origin(origin, host) for origin in origins)
        if not origins and scope.get("method", "GET") not in _SAFE_METHODS:
            foreign = any(site in ("cross-site", "same-site") for site in _values(scope, b"sec-fetch-site"))
        if not foreign:
            return None
        return problem(scope, HTTPStatus.FORBIDDEN, "A page of another site may not send requests here.")

    def _not_logged_in(self, scope: Scope) -> Response | None:
        if self._password is None or scope["path"] in OPEN_PATHS:
            return None
        connection = HTTPConnection(scope)
        if self._password.is_session(connection.cookies.get(COOKIE, "")):
            return None
        attempt = password_in(dict(scope["headers"]))
        if attempt is not None:
            return self._judge(scope, attempt)
        if scope.get("method") == "GET" and "text/html" in connection.headers.get("accept", ""):
            query = scope["query_string"].decode("latin-1")
            target = scope["path"] + (f"?{query}" if query else "")
            return RedirectResponse(f"{LOGIN_PATH}?next={quote(target, safe='')}", HTTPStatus.SEE_OTHER)
        return _unauthenticated(scope, "Authentication required")

    def _judge(self, scope: Scope, attempt: bytes) -> Response | None:
        assert self._password is not None  # noqa: S101 — asked before
        client = client_of(scope)
        wait = self._throttle.wait(client)
        if wait > 0:
            message = f"Too many wrong passwords. Try again in {math.ceil(wait)} s."
            headers = {"retry-after": str(math.ceil(wait))}
            return problem(scope, HTTPStatus.TOO_MANY_REQUESTS, message, headers=headers)
        if self._password.matches(attempt):
            return None
        logger.warning("Wrong password from %s", client)
        self._throttle.failed(client)
        return _unauthenticated(scope, "Wrong password")


def client_of(scope: Scope) -> str:
    """The address of the client; empty on a Unix socket."""
    client: Iterable[object] | None = scope.get("client")
    return str(next(iter(client))) if client else ""


def _unauthenticated(scope: Scope, message: str) -> Response:
    return problem(scope, HTTPStatus.UNAUTHORIZED, message, headers={"www-authenticate": "Bearer"})


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]
