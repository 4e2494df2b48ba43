"""Immich's own job queues: how one asset is read anew."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Literal
from uuid import UUID

from bullmq import Queue
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from allinone.errors import BackendFailed
from allinone.immich.settings import ImmichSettings

PREFIX = "immich_bull"
CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 5.0
OPTIONS: Mapping[str, Any] = {"removeOnComplete": True, "removeOnFail": False, "attempts": 1}
"""Immich's own. Without `removeOnComplete`, finished jobs pile up in Redis."""

Refresh = Literal["ocr", "clip"]
JobState = Literal["waiting", "running", "failed", "gone"]

QUEUES: Mapping[Refresh, tuple[str, str]] = {"ocr": ("ocr", "Ocr"), "clip": ("smartSearch", "SmartSearch")}
"""The queue, and the name of the jobs in it."""


class ImmichQueues:
    """Adds jobs and looks after them. Opens nothing before its first use."""

    def __init__(self, settings: ImmichSettings) -> None:
        self._redis = _client(settings.redis)
        self._queues: dict[Refresh, Any] = {}

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Close what was opened at the end of the block."""
        try:
            yield
        finally:
            await self._redis.aclose()

    async def add(self, what: Refresh, assets: Sequence[UUID]) -> list[str]:
        """One job an asset, in order; their ids in Redis.

        Raises:
            BackendFailed: Redis does not answer.
        """
        name = QUEUES[what][1]
        with _errors():
            queue = self._queue(what)
            return [str((await queue.add(name, {"id": str(asset)}, dict(OPTIONS))).id) for asset in assets]

    async def states(self, what: Refresh, jobs: Sequence[str]) -> list[JobState]:
        """How each job stands. A job that has ended is "gone": Redis never tells how it ended.

        Raises:
            BackendFailed: Redis does not answer.
        """
        if not jobs:
            return []
        queue = f"{PREFIX}:{QUEUES[what][0]}"
        with _errors():
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.lrange(f"{queue}:active", 0, 1000)
                for job in jobs:
                    pipeline.exists(f"{queue}:{job}")
                    pipeline.zscore(f"{queue}:failed", job)
                active, *found = await pipeline.execute()
        running = {_text(job) for job in active}
        return [
            _state(there=bool(found[2 * at]), failed=found[2 * at + 1] is not None, running=job in running)
            for at, job in enumerate(jobs)
        ]

    async def waiting(self) -> dict[str, int]:
        """Jobs that wait or run, by Immich's name of the queue.

        Raises:
            BackendFailed: Redis does not answer.
        """
        names = [queue for queue, _ in QUEUES.values()]
        with _errors():
            async with self._redis.pipeline(transaction=False) as pipeline:
                for name in names:
                    for part in ("wait", "paused", "active"):
                        pipeline.llen(f"{PREFIX}:{name}:{part}")
                    pipeline.zcard(f"{PREFIX}:{name}:prioritized")
                counts = await pipeline.execute()
        return {name: sum(counts[4 * at : 4 * at + 4]) for at, name in enumerate(names)}

    async def known(self) -> bool:
        """Whether these are Immich's: its workers leave a mark in each queue.

        Raises:
            BackendFailed: Redis does not answer.
        """
        with _errors():
            return bool(await self._redis.exists(*(f"{PREFIX}:{queue}:meta" for queue, _ in QUEUES.values())))

    def _queue(self, what: Refresh) -> Any:
        if what not in self._queues:
            self._queues[what] = Queue(QUEUES[what][0], {"connection": self._redis, "prefix": PREFIX})
        return self._queues[what]


def _client(address: dict[str, object] | str) -> Any:
    options: dict[str, Any] = {
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": ANSWER_SECONDS,
        "retry": Retry(NoBackoff(), 1),
        "decode_responses": True,
    }
    if isinstance(address, str):
        return Redis.from_url(address, **options)
    return Redis(**{**address, **options})


def _state(*, there: bool, failed: bool, running: bool) -> JobState:
    if failed:
        return "failed"
    if not there:
        return "gone"
    return "running" if running else "waiting"


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        reason = str(error) or type(error).__name__
        message = f"Immich's Redis does not answer ({reason}). REDIS_HOSTNAME and its like must be Immich's own."
        raise BackendFailed(message) from error
