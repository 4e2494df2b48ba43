"""What is counted of searches beside an Immich, and told in the log when our part of one fails."""

import logging
import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Histogram

_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
TOLD_EVERY = 30.0  # seconds: a service that is away fails every search

logger = logging.getLogger(__name__)


class ImmichSearchMetrics:
    """Counts in the registry of one application."""

    def __init__(self, registry: CollectorRegistry, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = Histogram(
            "allinone_immich_search_seconds", "Time of one search.", ("answer",), buckets=_SECONDS, registry=registry
        )
        self.fallbacks = Counter(
            "allinone_immich_search_fallbacks",
            "Searches whose answer is less than it could be, by the part that failed.",
            ("part",),
            registry=registry,
        )
        self.late = Counter(
            "allinone_immich_lookups_late",
            "Pages of which Immich did not tell all assets in time.",
            registry=registry,
        )
        self._clock = clock
        self._told: dict[str, float] = {}

    def fell_back(self, part: str, error: Exception) -> None:
        """Our part of a search failed; told once in a while."""
        self.fallbacks.labels(part).inc()
        now = self._clock()
        if now - self._told.get(part, -TOLD_EVERY) >= TOLD_EVERY:
            self._told[part] = now
            reason = str(error) or "it took too long"
            logger.warning("A search is answered without our %s: %s", part, reason)
