"""Immich's API, asked with the credentials of whoever asked us."""

import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self
from uuid import UUID

import httpx

from allinone.errors import BackendFailed
from allinone.immich.credentials import Credentials

MOST_CONNECTIONS = 64
CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 60.0  # between two bytes; Immich's first search after a start loads its model
POOL_SECONDS = 10.0
MOST_BYTES = 64 * 1024 * 1024  # of an answer that is read whole

logger = logging.getLogger(__name__)


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
    """One immich-server. Opens nothing before it is entered; connections are kept and bounded."""

    def __init__(self, url: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.url = url
        limits = httpx.Limits(max_connections=MOST_CONNECTIONS, max_keepalive_connections=MOST_CONNECTIONS)
        self._http = httpx.AsyncClient(
            base_url=url,
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS, pool=POOL_SECONDS),
            limits=limits,
            transport=transport,
            trust_env=False,
            follow_redirects=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

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
    ) -> AsyncIterator[httpx.Response]:
        """Send a request as it is; the answer's body has not been read. `target`: path and query, encoded.

        Raises:
            BackendFailed: Immich does not answer.
        """
        # The path goes as it came: decoding and encoding it again could make another path of it.
        url = httpx.URL(self.url).copy_with(raw_path=(httpx.URL(self.url).raw_path.rstrip(b"/") + target.encode()))
        request = self._http.build_request(method, url, headers=headers, content=content)
        for name in ("accept", "accept-encoding", "user-agent"):
            if name not in {given.lower() for given, _ in headers}:
                request.headers.pop(name, None)  # the library's own
        try:
            response = await self._http.send(request, stream=True)
        except httpx.HTTPError as error:
            raise self._silent(error) from error
        try:
            yield response
        finally:
            await response.aclose()

    async def _ask(
        self, method: str, path: str, credentials: Credentials, query: Mapping[str, str], content: bytes | None
    ) -> Reply:
        headers = dict(credentials.headers)
        if content is not None:
            headers["content-type"] = "application/json"
        try:
            request = self._http.build_request(
                method, path, params={**query, **credentials.query}, headers=headers, content=content
            )
            response = await self._http.send(request, stream=True)
            try:
                body = await self._whole(response)
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            raise self._silent(error) from error
        return Reply(response.status_code, tuple((k.lower(), v) for k, v in response.headers.multi_items()), body)

    async def _whole(self, response: httpx.Response) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > MOST_BYTES:
                message = f"Immich answered with more than {MOST_BYTES} bytes."
                raise BackendFailed(message)
            parts.append(part)
        return b"".join(parts)

    def _silent(self, error: httpx.HTTPError) -> BackendFailed:
        reason = str(error) or type(error).__name__
        return BackendFailed(f"Immich at {self.url} does not answer ({reason}). Is ALLINONE_IMMICH_URL right?")
