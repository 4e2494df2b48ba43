"""How many decoded pictures there are at a time: they are what takes memory, not the files that wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from allinone.errors import Overloaded


class PictureRoom:
    """Room for a few pictures, and a bound on who waits for some. Belongs to one event loop."""

    def __init__(self, pictures: int, *, most_waiting: int) -> None:
        self._places = asyncio.Semaphore(pictures)
        self._most_waiting = most_waiting
        self.waiting = 0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place for one picture while the block runs; first come, first served.

        Raises:
            Overloaded: too many wait already.
        """
        if self._places.locked() and self.waiting >= self._most_waiting:
            message = f"{self.waiting} pictures are waiting already. Try again in a moment."
            raise Overloaded(message, retry_after=2.0)
        self.waiting += 1
        try:
            await self._places.acquire()
        finally:
            self.waiting -= 1
        try:
            yield
        finally:
            self._places.release()
