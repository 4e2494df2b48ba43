"""Requests to one backend, over connections that are kept open between them."""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from allinone.errors import ConfigurationError
from allinone.gateway.backends.failures import Broken, Unreachable
from allinone.gateway.upstream.connection import Connection, ConnectionBroken, Reply

CONNECT_SECONDS = 5.0
IDLE_SECONDS = 1.5  # servers close idle connections after 2 s and more; a race with that costs a second try
MAX_IDLE = 64


class Client:
    """An HTTP/1.1 client of one address. It follows no redirect, and goes to no other address."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        shown: str = "",
        ca_file: Path | None = None,
        verify: bool = True,
    ) -> None:
        """Prepare; nothing is opened yet. In messages the address is `shown`.

        Raises:
            ConfigurationError: `ca_file` holds no certificates.
        """
        parts = urlsplit(url)
        self.address = shown or url
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._path = parts.path.rstrip("/")
        self._tls = _tls(ca_file, verify=verify) if parts.scheme == "https" else None
        given = {"host": parts.netloc, "accept": "application/json", "user-agent": "immich-all-in-one"}
        fields = {**given, **{name.lower(): value for name, value in headers.items()}}
        self._fields = "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode("latin-1")
        self._idle: list[Connection] = []
        self._closed = False

    async def get(self, path: str, *, seconds: float) -> Reply:
        """GET `path` under the address."""
        head = f"GET {self._path}{path} HTTP/1.1\r\n".encode() + self._fields + b"\r\n"
        return await self._request(head, (), seconds)

    async def post(self, path: str, body: Sequence[bytes], *, content_type: bytes, seconds: float) -> Reply:
        """POST `body` to `path` under the address.

        Raises:
            Unreachable: no connection.
            Broken: no answer within `seconds`, or half of one.
        """
        length = sum(map(len, body))
        head = b"POST %b%b HTTP/1.1\r\n%bcontent-type: %b\r\ncontent-length: %d\r\n\r\n" % (
            self._path.encode(),
            path.encode(),
            self._fields,
            content_type,
            length,
        )
        return await self._request(head, body, seconds)

    async def close(self) -> None:
        """Close what is open and idle."""
        self._closed = True
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    async def _request(self, head: bytes, body: Sequence[bytes], seconds: float) -> Reply:
        try:
            async with asyncio.timeout(seconds):
                kept = self._kept()
                if kept is None:
                    return await self._exchange(await self._connect(), head, body, kept=False)
                try:
                    return await self._exchange(kept, head, body, kept=True)
                except _Stale:
                    return await self._exchange(await self._reconnect(), head, body, kept=False)
        except TimeoutError as error:
            message = f"{self.address} did not answer within {seconds:.0f} seconds"
            raise Broken(message) from error

    async def _exchange(self, connection: Connection, head: bytes, body: Sequence[bytes], *, kept: bool) -> Reply:
        try:
            reply = await connection.exchange(head, body)
        except ConnectionBroken as error:
            if kept and error.silent:  # it was closed for being idle, as we wrote
                raise _Stale from error
            message = f"{self.address} {error}"
            raise Broken(message) from error
        if connection.reusable and not self._closed and len(self._idle) < MAX_IDLE:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.close()
        return reply

    def _kept(self) -> Connection | None:
        """The connection used last; those idle for too long are closed."""
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed and now - connection.idle_since < IDLE_SECONDS:
                return connection
            connection.close()
        return None

    async def _reconnect(self) -> Connection:
        """A connection in place of one that was closed without a word.

        Raises:
            Broken: there is none any more, so it may have been our request that ended the backend.
        """
        try:
            return await self._connect()
        except Unreachable as error:
            message = f"{self.address} closed the connection without an answer, and cannot be reached any more"
            raise Broken(message) from error

    async def _connect(self) -> Connection:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, connection = await asyncio.get_running_loop().create_connection(
                    Connection, self._host, self._port, ssl=self._tls
                )
        except ssl.SSLError as error:
            message = f"{self.address} has no TLS certificate that we trust ({error.reason or error})"
            raise Unreachable(message) from error
        except OSError as error:  # a TimeoutError, too
            message = f"{self.address} cannot be reached ({error.strerror or 'no answer'})"
            raise Unreachable(message) from error
        return connection


class _Stale(Exception):
    """A kept connection was closed before it was used again."""


def _tls(ca_file: Path | None, *, verify: bool) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        message = f"ALLINONE_BACKENDS names {ca_file}, which holds no certificates that can be read."
        raise ConfigurationError(message) from error
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
