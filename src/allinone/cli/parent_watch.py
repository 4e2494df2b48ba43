"""Ends a server when the process that started it has ended, however that ended."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from allinone.cli.listening import Server
from allinone.tasks import background

CHECK_EVERY = 2.0  # seconds


@asynccontextmanager
async def ended_with(parent: int, server: Server) -> AsyncIterator[None]:
    """Watch while the block runs."""
    async with background(_watch(parent, server), "watch the parent"):
        yield


async def _watch(parent: int, server: Server) -> None:
    while os.getppid() == parent:  # noqa: ASYNC110  # the kernel has no event for it
        await asyncio.sleep(CHECK_EVERY)
    server.should_exit = True
