"""What the models do, for Prometheus."""

from prometheus_client import CollectorRegistry, Gauge, Histogram

from allinone.photos_ai.engine import Engine

_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class EngineMetrics:
    """Told of every batch; looks at the engine when somebody asks."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._sizes = Histogram(
            "allinone_batch_size", "Items a model did together.", ("model",), buckets=_SIZES, registry=registry
        )
        self._seconds = Histogram(
            "allinone_batch_seconds", "Time a batch took, waiting not counted.", ("model",), registry=registry
        )
        self._waiting = Gauge("allinone_queue_depth", "Items that wait.", ("queue",), registry=registry)
        self._loaded = Gauge("allinone_model_loaded", "1 while a model is in memory.", ("model",), registry=registry)
        self._busy = Gauge("allinone_threads_busy", "Threads at work.", ("group",), registry=registry)
        self._held = Gauge("allinone_request_bytes", "Bytes that requests hold.", registry=registry)

    def batch_done(self, lane: str, size: int, seconds: float) -> None:
        """A batch of `size` took `seconds`."""
        self._sizes.labels(lane).observe(size)
        self._seconds.labels(lane).observe(seconds)

    def look_at(self, engine: Engine, *, held: int) -> None:
        """Take over what is going on at this moment."""
        load = engine.load()
        for name, count in load.waiting.items():
            self._waiting.labels(name).set(count)
        for name, loaded in load.loaded.items():
            self._loaded.labels(name).set(loaded)
        for name, busy in load.busy.items():
            self._busy.labels(name).set(busy)
        self._held.set(held)
