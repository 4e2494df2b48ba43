"""How our services listen: uvicorn, with bounds on what it leaves open."""

import asyncio
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_SECONDS = 20.0
HEADER_BYTES = 64 * 1024
MAX_CONNECTIONS = 512
STOP_SECONDS = 5


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose request head must be complete in `HEADER_SECONDS` and fit `HEADER_BYTES`."""

    _deadline: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock: a connection that says nothing is not kept either."""
        super().connection_made(transport)
        self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what belongs to a head that is not complete yet."""
        super().data_received(data)
        if self._deadline is None or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEADER_BYTES:
            self._refuse("431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        """A further request on the same connection starts a clock of its own."""
        super().on_message_begin()
        if self._deadline is None:
            self._start_clock()

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._stop_clock()
        super().on_headers_complete()

    def _start_clock(self) -> None:
        self._head_bytes = 0
        self._deadline = asyncio.get_running_loop().call_later(HEADER_SECONDS, self._refuse, "408 Request Timeout")

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, status: str) -> None:
        self._stop_clock()
        if not self.transport.is_closing():
            answer = f"HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            self.transport.write(answer.encode("ascii"))
            self.transport.close()


def server_config(
    app: Any, *, host: str = "127.0.0.1", port: int = 0, protocol: Any = BoundedProtocol, keep_alive: int = 5
) -> uvicorn.Config:
    """What to run `app` with; `host` and `port` do not matter where `serve` is given sockets.

    `protocol` may be a further kind of `BoundedProtocol`; idle connections are kept for `keep_alive` seconds.
    Logging is left to the program; our own middleware writes the request log.
    """
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=protocol,
        timeout_keep_alive=keep_alive,
        ws_max_size=1024 * 1024,
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
