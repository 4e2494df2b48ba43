"""Immich's API, asked with the credentials of whoever asked us."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from yarl import URL

from allinone.errors import BackendFailed
from allinone.immich.credentials import Credentials

MOST_CONNECTIONS = 64
CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 60.0  # between two bytes; Immich's first search after a start loads its model
POOL_SECONDS = 10.0
IDLE_SECONDS = 4.0  # Node closes connections that were idle for 5
MOST_BYTES = 64 * 1024 * 1024  # of an answer that is read whole
OWN_HEADERS = ("accept", "accept-encoding", "content-type", "user-agent")  # that the library would add


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of Immich's, read whole.

    Attributes:
        status: HTTP status.
        headers: as sent, names in lower case; a name may occur more than once.
        body: as sent.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    _read: list[Any] = field(default_factory=list, repr=False, compare=False)

    @property
    def ok(self) -> bool:
        """Whether it is the answer hoped for."""
        return self.status == HTTPStatus.OK

    def document(self) -> Any:
        """The body as JSON, read once; not to be changed.

        Raises:
            BackendFailed: it is none.
        """
        if self._read:
            return self._read[0]
        try:
            self._read.append(json.loads(self.body))
            return self._read[0]
        except ValueError as error:
            message = "Immich answered with something that is not JSON. Is ALLINONE_IMMICH_URL its address?"
            raise BackendFailed(message) from error


class ImmichClient:
    """One immich-server. To be entered before it is asked; connections are kept and bounded."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._base = url.rstrip("/")
        self._http: ClientSession

    async def __aenter__(self) -> Self:
        self._http = ClientSession(
            connector=TCPConnector(limit=MOST_CONNECTIONS, keepalive_timeout=IDLE_SECONDS),
            timeout=ClientTimeout(connect=POOL_SECONDS, sock_connect=CONNECT_SECONDS, sock_read=ANSWER_SECONDS),
            cookie_jar=DummyCookieJar(),  # one caller's must never be another's
            skip_auto_headers=OWN_HEADERS,
            auto_decompress=False,
            trust_env=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    async def get(self, path: str, credentials: Credentials, query: Mapping[str, str] | None = None) -> Reply:
        """GET `path`.

        Raises:
            BackendFailed: Immich does not answer.
        """
        return await self._ask("GET", path, credentials, query or {}, None)

    async def post(self, path: str, credentials: Credentials, document: Any) -> Reply:
        """POST `document` as JSON to `path`.

        Raises:
            BackendFailed: Immich does not answer.
        """
        return await self._ask("POST", path, credentials, {}, json.dumps(document, ensure_ascii=False).encode())

    async def readable(self, asset_id: UUID, credentials: Credentials) -> Reply:
        """`GET /api/assets/{id}`: 200 where these credentials may see the asset.

        Raises:
            BackendFailed: Immich does not answer.
        """
        return await self.get(f"/api/assets/{asset_id}", credentials)

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        target: str,
        headers: list[tuple[str, str]],
        content: AsyncIterator[bytes] | bytes | None,
    ) -> AsyncIterator[ClientResponse]:
        """Send a request as it is; the answer's body has not been read, nor is it decompressed.

        `target`: path and query, encoded. Header values as bytes of Latin-1, as they come in.

        Raises:
            BackendFailed: Immich does not answer.
        """
        # The path goes as it came: decoding and encoding it again could make another path of it.
        url = URL(self._base + target, encoded=True)
        sent = [(name, _as_utf_8(value)) for name, value in headers]
        try:
            response = await self._http.request(method, url, headers=sent, data=content, allow_redirects=False)
        except (ClientError, TimeoutError) as error:
            raise self._silent(error) from error
        try:
            yield response
        finally:
            response.release()

    async def _ask(
        self, method: str, path: str, credentials: Credentials, query: Mapping[str, str], content: bytes | None
    ) -> Reply:
        # Compressing an answer costs Immich more than sending it over what is mostly one machine.
        headers = {name: _as_utf_8(value) for name, value in credentials.headers.items()}
        headers |= {"accept": "application/json", "accept-encoding": "identity"}
        if content is not None:
            headers["content-type"] = "application/json"
        asked = urlencode({**query, **credentials.query})
        url = URL(self._base + path + (f"?{asked}" if asked else ""), encoded=True)
        try:
            async with self._http.request(
                method, url, headers=headers, data=content, allow_redirects=False, auto_decompress=True
            ) as response:
                body = await self._whole(response)
        except (ClientError, TimeoutError) as error:
            raise self._silent(error) from error
        return Reply(response.status, answered_headers(response), body)

    async def _whole(self, response: ClientResponse) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in response.content.iter_any():
            size += len(part)
            if size > MOST_BYTES:
                message = f"Immich answered with more than {MOST_BYTES} bytes."
                raise BackendFailed(message)
            parts.append(part)
        return b"".join(parts)

    def _silent(self, error: Exception) -> BackendFailed:
        reason = str(error) or type(error).__name__
        return BackendFailed(f"Immich at {self.url} does not answer ({reason}). Is ALLINONE_IMMICH_URL right?")


def answered_headers(response: ClientResponse) -> tuple[tuple[str, str], ...]:
    """The headers of an answer, names in lower case, values as Latin-1; a name may occur more than once."""
    return tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.raw_headers)


def _as_utf_8(value: str) -> str:
    """A header's value that came in as Latin-1, for a library that sends UTF-8: the same bytes, where they can be."""
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value
