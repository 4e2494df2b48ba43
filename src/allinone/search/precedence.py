"""Searches go first: what is indexed in the background of the same process waits for them, but not for ever."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

QUIET_SECONDS = 0.05
"""Without a search, before the background goes on: a search seldom comes alone."""

MOST_SECONDS = 0.25
"""That the background waits at most, so that it goes on under any number of searches."""

POLL_SECONDS = 0.01


class Precedence:
    """Knows which searches are under way in this process."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._searches = 0
        self._ended = float("-inf")

    @contextmanager
    def search(self) -> Iterator[None]:
        """A search is under way while the block runs."""
        self._searches += 1
        try:
            yield
        finally:
            self._searches -= 1
            self._ended = self._clock()

    async def give_way(self) -> None:
        """Return when no search has been under way for QUIET_SECONDS, or after MOST_SECONDS."""
        until = self._clock() + MOST_SECONDS
        while (self._searches or self._clock() < self._ended + QUIET_SECONDS) and self._clock() < until:
            await self._sleep(POLL_SECONDS)
