"""An ASGI app served in a thread of its own, on a port of the system's choosing."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn


class HttpSite:
    """The server. `port` stays the same over `stop` and `start`, as a restarted container's address does."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.port = free_port()

    @property
    def address(self) -> str:
        """host:port."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return f"http://{self.address}"

    def start(self) -> None:
        """Serve."""
        config = uvicorn.Config(
            self._app, host="127.0.0.1", port=self.port, log_level="critical", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve()), daemon=True)
        self._thread.start()
        for _ in range(1000):
            if self._server.started:
                return
            self._thread.join(0.02)
        message = "the test's server did not start"
        raise RuntimeError(message)

    def stop(self) -> None:
        """End, closing every connection."""
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(15)


@contextmanager
def running_site(app: Any) -> Iterator[HttpSite]:
    """A site that runs while the block runs."""
    site = HttpSite(app)
    site.start()
    try:
        yield site
    finally:
        site.stop()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
