"""One HTTP/1.1 connection to a backend, for one request at a time.

Written on the parser and event loop that serve us already: a request that is only passed on costs a tenth of what
the general HTTP clients take for it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import httptools

MAX_ANSWER = 8 * 1024 * 1024
MAX_HEAD = 64 * 1024


class ConnectionBroken(Exception):
    """The backend closed the connection, or what it sent is not HTTP.

    Attributes:
        silent: not one byte of an answer had come.
    """

    def __init__(self, message: str, *, silent: bool) -> None:
        super().__init__(message)
        self.silent = silent


@dataclass(slots=True)
class Reply:
    """An answer as it came; header names in lower case."""

    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""


class Connection(asyncio.Protocol):
    """Sends a request, collects its answer."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[Reply] | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._reply = Reply()
        self._chunks: list[bytes] = []
        self._size = 0
        self._head_size = 0
        self._heard = False
        self._head_done = False
        self.reusable = False
        self.idle_since = 0.0

    async def exchange(self, head: bytes, body: Sequence[bytes]) -> Reply:
        """Send a request and wait for the whole answer. Cancelling closes the connection.

        Raises:
            ConnectionBroken: there was none.
        """
        transport = self._transport
        if transport is None or transport.is_closing():
            message = "closed the connection"
            raise ConnectionBroken(message, silent=True)
        self._begin()
        waiter = self._waiter = asyncio.get_running_loop().create_future()
        transport.writelines([head, *body])
        try:
            reply: Reply = await waiter
            return reply
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            self._waiter = None

    def close(self) -> None:
        """Close at once, whatever was still to be sent."""
        self.reusable = False
        if self._transport is not None:
            self._transport.abort()

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._transport is None or self._transport.is_closing()

    def _begin(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._reply = Reply()
        self._chunks = []
        self._size = self._head_size = 0
        self._heard = self._head_done = self.reusable = False

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Feed the parser; an answer nobody asked for ends the connection."""
        if self._waiter is None or self._parser is None:
            self.close()
            return
        self._heard = True
        if not self._head_done:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail("sent something that is not HTTP")
            return
        if not self._head_done and self._head_size > MAX_HEAD:
            self._fail("sent headers without end")
        elif self._size > MAX_ANSWER:
            self._fail(f"sent more than {MAX_ANSWER} bytes")

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, which is also the end of an answer that tells no length."""
        self._transport = None
        headers = self._reply.headers
        endless = b"content-length" not in headers and b"transfer-encoding" not in headers
        if self._head_done and endless and exc is None:
            self.on_message_complete()
        else:
            self._fail("closed the connection before its answer was complete")

    # What the parser calls.

    def on_message_begin(self) -> None:
        """An answer begins; a second one was not asked for."""
        if self._waiter is None or self._waiter.done():
            self.reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header of the answer."""
        if self._waiter is None or self._waiter.done():
            return
        self._reply.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """The body follows."""
        assert self._parser is not None  # noqa: S101 — it is the parser that calls
        if self._waiter is None or self._waiter.done():
            return
        self._reply.status = self._parser.get_status_code()
        self._head_done = self._reply.status >= 200

    def on_body(self, body: bytes) -> None:
        """Some of the body."""
        if self._waiter is not None and not self._waiter.done():
            self._size += len(body)
            self._chunks.append(body)

    def on_message_complete(self) -> None:
        """All of it is there."""
        if not self._head_done:
            self._reply = Reply()
            return
        if self._waiter is None or self._waiter.done():
            return
        self._reply.body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        transport, parser = self._transport, self._parser
        sent = transport is not None and transport.get_write_buffer_size() == 0
        self.reusable = sent and parser is not None and parser.should_keep_alive()
        self._waiter.set_result(self._reply)

    def _fail(self, message: str) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(ConnectionBroken(message, silent=not self._heard))
        self.close()
