"""Threads that do what waits in lanes: each lane in its turn, each batch whole."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from allinone.errors import Overloaded
from allinone.photos_ai.lane import Answer, Item, Job, Lane

_LONGEST_PAUSE = 30.0
_NEW = 0.1  # how much the latest batch counts in the mean


class Observer(Protocol):
    """Told of every batch that was done."""

    def batch_done(self, lane: str, size: int, seconds: float) -> None:
        """A batch of `size` took `seconds`."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of one job: an answer, or an error."""

    answer: Any = None
    error: BaseException | None = None


class Workers:
    """A fixed number of threads, shared by lanes that take turns. Belongs to one event loop."""

    def __init__(self, name: str, threads: int, observer: Observer | None = None) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"photos-ai-{name}")
        self._threads = threads
        self._free = threads
        self._lanes: deque[Lane[Any, Any]] = deque()
        self._observer = observer
        self._mean_seconds = 0.0
        self.done = 0  # batches, so far
        self._alarm: asyncio.TimerHandle | None = None
        self._closed = False

    def add(self, lane: Lane[Any, Any]) -> None:
        """Let `lane` have its turns."""
        self._lanes.append(lane)

    @property
    def busy(self) -> int:
        """Threads at work."""
        return self._threads - self._free

    @property
    def waiting(self) -> int:
        """Jobs in all lanes."""
        return sum(len(lane) for lane in self._lanes)

    async def do(self, lane: Lane[Item, Answer], item: Item) -> Answer:
        """Do `item` when its turn comes. A caller who is cancelled while it waits costs nothing.

        Raises:
            Overloaded: too many wait already.
        """
        if self._closed:
            message = "The models are being shut down."
            raise Overloaded(message)
        job = lane.add(item, asyncio.get_running_loop().time())
        self._dispatch()
        if len(lane) > lane.most_waiting:
            lane.remove(job)
            message = f"{lane.most_waiting} are waiting for {lane.name} already. Try again in a moment."
            raise Overloaded(message, retry_after=self._pause(len(lane)))
        try:
            return await job.answer
        finally:
            lane.remove(job)

    async def close(self) -> None:
        """Wait for what is being done; whoever waits is cancelled."""
        self._closed = True
        if self._alarm is not None:
            self._alarm.cancel()
        for lane in self._lanes:
            while batch := lane.take():
                for job in batch:
                    job.answer.cancel()
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)

    def _dispatch(self) -> None:
        """Give every free thread a batch, as long as one is ready."""
        loop = asyncio.get_running_loop()
        while self._free and not self._closed:
            lane = self._next_lane(loop.time())
            if lane is None:
                return
            self._lanes.remove(lane)
            self._lanes.append(lane)
            batch = lane.take()
            self._free -= 1
            done = self._pool.submit(_outcomes, lane.work, [job.item for job in batch])
            done.add_done_callback(partial(self._tell, loop, lane, batch, time.perf_counter()))

    def _next_lane(self, now: float) -> Lane[Any, Any] | None:
        """The next in turn that has a batch ready; where none has, wake up when one will."""
        times = [(lane.ready_at(), lane) for lane in self._lanes]
        for at, lane in times:
            if at is not None and at <= now:
                return lane
        later = [at for at, _ in times if at is not None]
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if later:
            self._alarm = asyncio.get_running_loop().call_at(min(later), self._dispatch)
        return None

    def _tell(
        self,
        loop: asyncio.AbstractEventLoop,
        lane: Lane[Any, Any],
        batch: Sequence[Job[Any, Any]],
        begun: float,
        done: "Future[list[_Outcome]]",
    ) -> None:
        """Called in a worker's thread: the rest happens in the loop."""
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._finished, lane, batch, done, time.perf_counter() - begun)

    def _finished(
        self, lane: Lane[Any, Any], batch: Sequence[Job[Any, Any]], done: "Future[list[_Outcome]]", seconds: float
    ) -> None:
        self._free += 1
        self.done += 1
        self._mean_seconds += _NEW * (seconds / len(batch) - self._mean_seconds)
        if self._observer is not None:
            self._observer.batch_done(lane.name, len(batch), seconds)
        self._dispatch()
        if done.cancelled():
            return
        for job, outcome in zip(batch, done.result(), strict=True):
            if job.answer.done():  # nobody waits any more
                continue
            if outcome.error is not None:
                job.answer.set_exception(outcome.error)
            else:
                job.answer.set_result(outcome.answer)

    def _pause(self, waiting: int) -> float:
        """Seconds after which some of those `waiting` will be done."""
        return min(_LONGEST_PAUSE, max(1.0, waiting * self._mean_seconds / self._threads / 2))


def _outcomes(work: Callable[[Sequence[Any]], Sequence[Any]], items: Sequence[Any]) -> list[_Outcome]:
    """Do a batch. Where that fails, each item alone, so that one bad picture does not take others with it."""
    try:
        return [_Outcome(answer) for answer in work(items)]
    except Exception as error:  # noqa: BLE001  # it is raised where the item came from
        if len(items) == 1:
            return [_Outcome(error=error)]
    return [outcome for item in items for outcome in _outcomes(work, [item])]
