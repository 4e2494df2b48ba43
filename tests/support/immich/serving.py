"""Real HTTP servers for tests: an ASGI app on a port of the system's choice, in a thread with a loop of its own."""

import asyncio
import socket
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

import uvicorn

Result = TypeVar("Result")


class Serving:
    """Serves `app` between `start` and `stop`; can start again on the same port."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        """The port."""
        return self._port

    def start(self) -> None:
        """Start, and wait until it listens."""
        # Without the protocol's number asyncio does not know it for TCP and leaves Nagle's algorithm on: small answers
        # would wait 40 ms, which Immich's, from Node, do not.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            self._app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=1, ws="auto"
        )
        server = self._server = uvicorn.Server(config)
        started = threading.Event()

        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            task = asyncio.create_task(server.serve([listener]))
            while not server.started and not task.done():  # noqa: ASYNC110
                await asyncio.sleep(0.005)  # uvicorn has no event for it
            started.set()
            await task

        self._thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        self._thread.start()
        started.wait(20)
        if not server.started:
            message = "the server did not start"
            raise RuntimeError(message)

    def stop(self) -> None:
        """Stop, and wait for its end."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(20)
        self._server = self._thread = None

    def call(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run `work` in the server's loop."""
        assert self._loop is not None
        future: Future[Result] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(30)
