"""How far following an Immich is, for /metrics."""

import time

from prometheus_client import CollectorRegistry, Gauge

from allinone.immich.follower import FollowState


class FollowMetrics:
    """Gauges, set when somebody looks."""

    def __init__(self, registry: CollectorRegistry, state: FollowState) -> None:
        self._state = state
        self._documents = Gauge(
            "allinone_immich_documents", "Photos of Immich's with text in the index.", registry=registry
        )
        self._changed = Gauge(
            "allinone_immich_changes", "Photos whose text was rewritten or removed since the start.", registry=registry
        )
        self._behind = Gauge(
            "allinone_immich_behind_seconds", "Time since the changes were last read to their end.", registry=registry
        )
        self._complete = Gauge("allinone_immich_complete", "1 once everything has been compared.", registry=registry)

    async def refresh(self) -> None:
        """Set them."""
        state = self._state
        self._documents.set(state.documents)
        self._changed.set(state.changed)
        self._complete.set(state.complete)
        self._behind.set(time.time() - state.read_at.timestamp() if state.read_at else float("nan"))
