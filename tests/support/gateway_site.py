"""A gateway that listens on a port of its own, in the test's event loop."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import httpx
import uvicorn

from allinone.gateway.app import create_app, gateway_config
from allinone.gateway.backends.in_process import Predictor
from allinone.gateway.gateway import Gateway
from allinone.gateway.settings import GatewaySettings
from support.immich_requests import HttpAnswer, ask, exchange


@dataclass
class GatewaySite:
    """A running gateway."""

    gateway: Gateway
    port: int

    async def ask(self, body: bytes, *, path: str = "/predict", more: str = "", seconds: float = 60) -> HttpAnswer:
        """Send a form as Immich does."""
        return await ask(self.port, body, path=path, more=more, seconds=seconds)

    async def exchange(self, wire: bytes, *, seconds: float = 60) -> HttpAnswer:
        """Send bytes as they are."""
        return await exchange(self.port, wire, seconds=seconds)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """GET."""
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}") as client:
            return await client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the test's."""
        yield


@asynccontextmanager
async def running_gateway(
    *backends: str, in_process: Predictor | None = None, **settings: object
) -> AsyncIterator[GatewaySite]:
    """A gateway over `backends` (lines of ALLINONE_BACKENDS); nothing comes from the environment."""
    given: dict[str, object] = {
        "backends": ",".join(backends), "ping_seconds": 0.2, "host": "127.0.0.1", "port": 0, **settings,
    }  # fmt: skip
    app = create_app(GatewaySettings(**given), in_process=in_process)
    config = gateway_config(app)
    config.timeout_graceful_shutdown = 1
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
        assert not serving.done(), serving
    try:
        yield GatewaySite(app.state.gateway, server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        await serving
