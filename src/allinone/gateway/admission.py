"""How many bytes all requests together may hold."""

import asyncio
from collections import deque

from allinone.errors import Overloaded


class Memory:
    """Room for requests. One that finds none waits, and is not read meanwhile."""

    def __init__(self, size: int, *, most_waiting: int) -> None:
        self.size = size
        self.used = 0
        self._most_waiting = most_waiting
        self._line: deque[tuple[int, asyncio.Future[None]]] = deque()

    def take_now(self, amount: int) -> bool:
        """Take `amount` bytes, where they are free and nobody waits."""
        if self._line or self.used + amount > self.size:
            return False
        self.used += amount
        return True

    async def take(self, amount: int) -> None:
        """Wait for `amount` bytes.

        Raises:
            Overloaded: too many wait already.
        """
        if self.take_now(amount):
            return
        if len(self._line) >= self._most_waiting:
            message = "Too many requests are waiting for memory already. Try again in a moment."
            raise Overloaded(message, retry_after=5)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append((amount, future))
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.give_back(amount)
            else:
                self._serve()  # whoever stood behind may fit now
            raise

    def give_back(self, amount: int) -> None:
        """The request is done."""
        self.used -= amount
        self._serve()

    def _serve(self) -> None:
        while self._line:
            amount, future = self._line[0]
            if future.done():
                self._line.popleft()
            elif self.used + amount <= self.size or self.used == 0:
                self._line.popleft()
                self.used += amount
                future.set_result(None)
            else:
                return
