"""Work that is done only as long as somebody waits for it."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from starlette.requests import Request

from allinone.errors import Overloaded, RequestError

Answer = TypeVar("Answer")


class ClientLeft(RequestError):
    """Nobody waits for the answer any more."""


class DeadlineExceeded(Overloaded):
    """The answer was not there in time."""


async def while_wanted(request: Request, work: Coroutine[Any, Any, Answer], *, seconds: float) -> Answer:
    """Do `work`; where the client leaves, or time runs out, what of it has not begun never will.

    Raises:
        ClientLeft: the client has gone.
        DeadlineExceeded: `seconds` have passed.
    """
    task = asyncio.create_task(work)
    gone = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait({task, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        if gone.done():
            message = "The client left before its answer was ready."
            raise ClientLeft(message)
        message = f"The answer was not ready within {seconds:.0f} seconds. Try again later."
        raise DeadlineExceeded(message, retry_after=10.0)
    finally:
        for each in (task, gone):
            each.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await each


async def _gone(request: Request) -> None:
    """Return when the client has left. The body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
