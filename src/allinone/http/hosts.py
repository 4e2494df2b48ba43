"""Which Host and Origin headers we answer to.

A web page elsewhere can make its own name point to 127.0.0.1 and then read what we answer, unless we look at
the name it asked for. It can also send requests whose answers it cannot read; those carry its Origin.
"""

import ipaddress
import re
import socket
from collections.abc import Collection
from dataclasses import dataclass

_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.-]+)(?::(?P<port>\d{1,5}))?")
_LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})
_DEFAULT_PORTS = {"http": "80", "https": "443"}


@dataclass(frozen=True, slots=True)
class HostPolicy:
    """The names we answer to.

    Attributes:
        names: lower case, without a port.
        any_address: whether every IP address counts as ours; it is never the name of a page elsewhere.
        any_name: whether everything is allowed.
    """

    names: frozenset[str]
    any_address: bool
    any_name: bool

    def allows(self, host: str) -> bool:
        """Whether a request with this Host header is for us."""
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        name = match["name"].lower().rstrip(".")
        return self.any_name or name in self.names or (self.any_address and _is_address(name))


def host_policy(listen: str, configured: Collection[str], *, open_to_others: bool) -> HostPolicy:
    """What to answer to when listening on `listen`: this machine, that address, the names `configured`."""
    own = {socket.gethostname().lower(), f"{socket.gethostname().lower()}.local"} if open_to_others else set()
    bracketed = f"[{listen}]" if ":" in listen and not listen.startswith("[") else listen
    names = frozenset({*_LOCAL, *own, bracketed.lower(), *configured})
    return HostPolicy(names, any_address=open_to_others, any_name="*" in configured)


def is_same_origin(origin: str, host: str) -> bool:
    """Whether the page `origin` came from the server `host` names. The scheme is a front door's affair."""
    scheme, _, rest = origin.partition("://")
    default = _DEFAULT_PORTS.get(scheme)
    if default is None:
        return False
    theirs = _with_port(rest, default)
    return theirs is not None and theirs == _with_port(host, default)


def _with_port(host: str, default: str) -> tuple[str, str] | None:
    match = _HOST.fullmatch(host)
    return (match["name"].lower().rstrip("."), match["port"] or default) if match else None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
