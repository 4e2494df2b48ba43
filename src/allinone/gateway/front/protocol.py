"""The connection to a client: uvicorn's, with `POST /predict` taken out of its hands.

What Immich sends is passed on as it arrives, without the queues and messages that ASGI puts between; that is where
half of the time of such a request would go. All other paths are uvicorn's and the application's.
"""

from typing import Any

import httptools

from allinone.gateway.front.exchange import Exchange
from allinone.gateway.gateway import Gateway
from allinone.gateway.tokens import split_path
from allinone.http.server import MAX_CONNECTIONS, BoundedProtocol

PREDICT = "/predict"
_BUSY = b"HTTP/1.1 503 Too many connections\r\ncontent-length: 0\r\nconnection: close\r\nretry-after: 5\r\n\r\n"


class GatewayProtocol(BoundedProtocol):
    """HTTP/1.1. One request at a time: what a client sends ahead of its answer is not taken, and it is told so by
    the end of the connection."""

    def __init__(self, gateway: Gateway, **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        self._gateway = gateway
        self._exchange: Exchange | None = None
        self._dropping = False

    # What the parser calls.

    def on_headers_complete(self) -> None:
        """Take the request, or leave it to uvicorn."""
        if self._occupied():
            self._stop_clock()
            self._dropping = True
            return
        path, token = _predict_path(self.url) if self.parser.get_method() == b"POST" else (None, None)
        if path is None:
            super().on_headers_complete()
            return
        self._stop_clock()
        if len(self.connections) > MAX_CONNECTIONS:
            self.transport.write(_BUSY)
            self.transport.close()
            return
        self._exchange = Exchange(self._gateway, self)
        self._exchange.begin(self.headers, token)

    def on_body(self, body: bytes) -> None:
        """Pass on."""
        if self._dropping:
            return
        if self._exchange is None:
            super().on_body(body)
        else:
            self._exchange.body(body)

    def on_message_complete(self) -> None:
        """Pass on."""
        if self._dropping:
            return
        if self._exchange is None:
            super().on_message_complete()
            return
        self._exchange.close_after |= not self.parser.should_keep_alive()
        self._exchange.complete()

    # What asyncio and uvicorn call.

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits for the answer any more."""
        if self._exchange is not None:
            self._exchange.left()
            self._exchange = None
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Finish what is being answered, then close."""
        if self._exchange is not None:
            self._exchange.close_after = True
        else:
            super().shutdown()

    def timeout_keep_alive_handler(self) -> None:
        """Close where nothing came for long; at once where the last answer was never fetched."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            super().timeout_keep_alive_handler()

    # What an exchange calls.

    def send(self, head: bytes, body: bytes, *, close: bool) -> None:
        """See `Wire`."""
        if self.transport.is_closing():
            return
        exchange = self._exchange
        ending = b"connection: close\r\n\r\n" if exchange is not None and exchange.close_after else b"\r\n"
        self.transport.write(b"%b%b%b" % (head, ending, body))
        if exchange is not None and not exchange.done:
            return
        self._exchange = None
        if close:
            self.transport.close()
        else:
            self.on_response_complete()

    def pause(self) -> None:
        """See `Wire`."""
        self.flow.pause_reading()

    def resume(self) -> None:
        """See `Wire`."""
        self.flow.resume_reading()

    def proceed(self) -> None:
        """See `Wire`."""
        if self.expect_100_continue:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def cut(self) -> None:
        """See `Wire`."""
        self._exchange = None
        self.transport.close()

    def _occupied(self) -> bool:
        """Whether a request before this one has not been answered yet; if so, it is the last of this connection."""
        if self._exchange is not None:
            self._exchange.close_after = True
            return True
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False
            return True
        return False


def _predict_path(url: bytes) -> tuple[str | None, bytes | None]:
    """`/predict` and the token in the path, where that is what `url` names."""
    if url == b"/predict":
        return PREDICT, None
    try:
        path = httptools.parse_url(url).path.decode("ascii")
    except (httptools.HttpParserInvalidURLError, UnicodeDecodeError, AttributeError):
        return None, None
    path, token = split_path(path)
    return (PREDICT, token) if path.rstrip("/") == PREDICT else (None, None)
