"""Rankings that people are paging through, so that the next page goes on where the last one ended."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

MOST_KEPT = 64
KEPT_SECONDS = 600.0

Kept = TypeVar("Kept")


class RankingCache(Generic[Kept]):
    """Bounded in number and age; what was used last is kept longest."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: OrderedDict[Hashable, tuple[float, Kept]] = OrderedDict()

    def get(self, key: Hashable) -> Kept | None:
        """What was kept under `key`; the time counts from now again."""
        entry = self._entries.pop(key, None)
        if entry is None or self._clock() - entry[0] > KEPT_SECONDS:
            return None
        self.put(key, entry[1])
        return entry[1]

    def put(self, key: Hashable, ranking: Kept) -> None:
        """Keep `ranking`, in place of an older one of the same search."""
        self._entries.pop(key, None)
        self._entries[key] = (self._clock(), ranking)
        while len(self._entries) > MOST_KEPT:
            self._entries.popitem(last=False)
