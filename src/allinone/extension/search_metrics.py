"""What is counted of searches, and how far the index is."""

import logging
import math
from uuid import UUID

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from allinone.errors import AllInOneError
from allinone.library.store import IndexProgress, LibraryStore

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_RESULTS = (0, 1, 5, 10, 50, 100, 500, 1000)

logger = logging.getLogger(__name__)


class SearchMetrics:
    """Counts in the registry of one app."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.seconds = Histogram(
            "allinone_search_seconds", "Time of one search.", ("kind",), buckets=_SECONDS, registry=registry
        )
        self.results = Histogram(
            "allinone_search_results", "Photos on one page.", ("kind",), buckets=_RESULTS, registry=registry
        )
        self.encoder_failures = Counter(
            "allinone_search_encoder_failures_total",
            "Searches answered by text alone because the CLIP model failed.",
            registry=registry,
        )


class ProgressMetrics:
    """Gauges of the index, set when somebody looks at /metrics."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._photos = Gauge("allinone_library_photos", "Photos by state.", ("state",), registry=registry)
        self._scanning = Gauge("allinone_library_scanning", "1 during a scan.", registry=registry)

    async def refresh(self, library: LibraryStore, library_id: UUID) -> None:
        """Read the numbers. Without a database they turn to NaN: no number rather than an old one."""
        try:
            progress = await library.progress(library_id)
        except AllInOneError as error:
            logger.warning("The progress of the index could not be read for /metrics: %s", error)
            self._show(None)
        else:
            self._show(progress)

    def _show(self, progress: IndexProgress | None) -> None:
        for state in ("done", "failed", "waiting"):
            self._photos.labels(state).set(getattr(progress, state) if progress else math.nan)
        self._scanning.set(progress.scanning if progress else math.nan)
