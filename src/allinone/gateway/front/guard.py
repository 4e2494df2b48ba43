"""Who may see the status page and the figures, and that no token in a path reaches a log."""

import ipaddress
import re

from starlette.types import ASGIApp, Receive, Scope, Send

from allinone.errors import AllInOneError, Forbidden
from allinone.gateway.gateway import Gateway
from allinone.gateway.tokens import split_path
from allinone.http.access import client_of
from allinone.http.hosts import HostPolicy, host_policy, is_same_origin
from allinone.http.problems import answer_to

_ONE_WORD = re.compile(r"[A-Za-z0-9_-]+(:[0-9]{1,5})?")  # a name of this network: pages have names with a dot

OPEN_PATHS = frozenset({"/ping", "/healthz", "/readyz"})


class GatewayGuard:
    """Outermost middleware. Takes the token out of the path before anything can log it.

    Where no token is set, what tells about the backends is shown to addresses of a home or a container network only,
    and under no name that a page elsewhere could have made its own.
    """

    def __init__(self, app: ASGIApp, *, gateway: Gateway) -> None:
        self._app = app
        self._gateway = gateway
        self._hosts: HostPolicy = host_policy(gateway.settings.host, (), open_to_others=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on whom we let in; answer everybody else."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path, token = split_path(scope["path"])
        scope = {**scope, "path": path, "raw_path": path.encode("utf-8", "surrogateescape")}
        try:
            self._check(scope, token)
        except AllInOneError as error:
            await answer_to(scope, error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope, token: bytes | None) -> None:
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        origin = headers.get(b"origin")
        if origin is not None and not is_same_origin(origin.decode("latin-1"), host):
            message = "A page of another site may not send requests here."
            raise Forbidden(message)
        if scope["path"] in OPEN_PATHS:
            return
        self._gateway.check_access(headers, token)
        if not self._gateway.token.required and not (_is_near(client_of(scope)) and self._names_us(host)):
            message = "Shown inside the home's network only. Set ALLINONE_GATEWAY_TOKEN to see it from elsewhere."
            raise Forbidden(message)

    def _names_us(self, host: str) -> bool:
        return self._hosts.allows(host) or _ONE_WORD.fullmatch(host) is not None


def _is_near(client: str) -> bool:
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return not client  # a Unix socket
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_private or (mapped or address).is_loopback
