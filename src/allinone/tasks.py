"""Tasks that end with the code that began them."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

S = TypeVar("S")
T = TypeVar("T")

AGAIN_SECONDS = 1.0  # until a task that goes on is told again to end


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel `tasks`, and wait until they have ended; what they raised can be asked of them.

    They are told until they have heard: a cancellation that arrives just as a wait ends is lost (`asyncio.wait_for`
    before Python 3.12, which psycopg's pool waits with), and a task that goes on for ever would keep everything open.
    """
    going_on = {task for task in tasks if not task.done()}
    while going_on:
        for task in going_on:
            task.cancel()
        _, going_on = await asyncio.wait(going_on, timeout=AGAIN_SECONDS)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # or asyncio logs that nobody asked


async def together(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Do several pieces of work at the same time: their results, in order. The first failure ends the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await end(*tasks)


async def both(one: Coroutine[Any, Any, T], other: Coroutine[Any, Any, S]) -> tuple[T, S]:
    """`together`, for two that answer different things."""
    works: list[Coroutine[Any, Any, Any]] = [one, other]
    first, second = await together(works)
    return first, second


@asynccontextmanager
async def background(work: Coroutine[None, None, None], name: str) -> AsyncIterator[None]:
    """Do `work` while the block runs; a failure of it comes out at the end of the block."""
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        await end(task)
        with suppress(asyncio.CancelledError):
            task.result()
