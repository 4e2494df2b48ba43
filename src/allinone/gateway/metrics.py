"""What the gateway counts. Labels are names from the settings, never what a client sent."""

from collections.abc import Iterable
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from allinone.gateway.admission import Memory
from allinone.gateway.backend_specs import BackendSpec
from allinone.gateway.members.health import State
from allinone.gateway.members.pool import Pool
from allinone.wire.predict import CLIP, FACES, OCR

Metric = TypeVar("Metric", Counter, Histogram)

OTHER = "other"
_SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_ATTEMPT = ("task", "backend", "place")


class GatewayMetrics:
    """One for each app, in that app's own registry."""

    def __init__(self, registry: CollectorRegistry, tasks: Iterable[str] = ()) -> None:
        self._tasks = {CLIP, OCR, FACES, *tasks} - {"*"}
        self._requests = Counter(
            "allinone_gateway_requests_total", "Requests by task and status.", ("task", "status"), registry=registry
        )
        self._seconds = Histogram(
            "allinone_gateway_request_seconds",
            "Time from the whole request to its answer, waiting included.",
            ("task",),
            registry=registry,
            buckets=_SECONDS,
        )
        self._attempts = Counter(
            "allinone_gateway_attempts_total",
            "What backends were asked, by outcome.",
            (*_ATTEMPT, "outcome"),
            registry=registry,
        )
        self._attempt_seconds = Histogram(
            "allinone_gateway_backend_seconds",
            "Time a backend took for a request.",
            _ATTEMPT,
            registry=registry,
            buckets=_SECONDS,
        )
        self._cached = Counter("allinone_gateway_cached_answers_total", "Answers given from memory.", registry=registry)
        self._up = Gauge(
            "allinone_gateway_backend_up", "Whether a backend is given work.", _ATTEMPT[1:], registry=registry
        )
        self._outstanding = Gauge(
            "allinone_gateway_outstanding", "Requests a backend has now.", _ATTEMPT[1:], registry=registry
        )
        self._waiting = Gauge("allinone_gateway_waiting", "Requests that wait for a backend.", registry=registry)
        self._memory = Gauge("allinone_gateway_request_bytes", "Bytes that requests hold now.", registry=registry)
        # finding a child by its labels costs more than counting
        self._by_status: dict[tuple[str, ...], Counter] = {}
        self._by_task: dict[tuple[str, ...], Histogram] = {}
        self._by_outcome: dict[tuple[str, ...], Counter] = {}
        self._by_backend: dict[tuple[str, ...], Histogram] = {}
        self.answered = 0
        self.failed = 0

    def task(self, tasks: Iterable[str]) -> str:
        """The label for a request: its tasks, in a bounded number of words."""
        return "+".join(sorted({task if task in self._tasks else OTHER for task in tasks})) or OTHER

    def request(self, task: str, status: int, seconds: float) -> None:
        """A request was answered."""
        _child(self._by_status, self._requests, task, str(status)).inc()
        _child(self._by_task, self._seconds, task).observe(seconds)
        self.answered += 1
        self.failed += status >= 500

    def attempt(self, spec: BackendSpec, tasks: Iterable[str], outcome: str, seconds: float) -> None:
        """A backend was asked."""
        labels = (self.task(tasks), spec.name, spec.place)
        _child(self._by_outcome, self._attempts, *labels, outcome).inc()
        _child(self._by_backend, self._attempt_seconds, *labels).observe(seconds)

    def cached(self) -> None:
        """An answer was given from memory."""
        self._cached.inc()

    def refresh(self, pool: Pool, memory: Memory) -> None:
        """Set what is not counted as it happens."""
        for member in pool.members:
            labels = (member.spec.name, member.spec.place)
            self._up.labels(*labels).set(member.health.state is not State.DOWN)
            self._outstanding.labels(*labels).set(member.outstanding)
        self._waiting.set(pool.waiting)
        self._memory.set(memory.used)


def _child(known: dict[tuple[str, ...], Metric], parent: Metric, *labels: str) -> Metric:
    child = known.get(labels)
    if child is None:
        child = known[labels] = parent.labels(*labels)
    return child
