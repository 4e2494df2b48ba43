"""A backend of its own process that takes its time: `python -m support.slow_backend PORT SECONDS AT_ONCE`."""

import asyncio
import sys

import uvloop

from support.scripted_backend import Reply, Request, ScriptedBackend, immich_ml


async def serve(port: int, seconds: float, at_once: int) -> None:
    """Answer as Immich's server does, `at_once` requests at a time, each for `seconds`."""
    places = asyncio.Semaphore(at_once)

    async def script(request: Request) -> Reply:
        if request.path == "/predict":
            async with places:
                await asyncio.sleep(seconds)
        return immich_ml(request)

    backend = ScriptedBackend(script)
    backend.port = port
    await backend.start()
    while True:
        await asyncio.sleep(3600)
        backend.requests.clear()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
