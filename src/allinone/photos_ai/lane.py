"""Work that waits for one model, in the order it came. No threads, no clock of its own: see workers.py."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(slots=True, eq=False)
class Job(Generic[Item, Answer]):
    """One thing to do.

    Attributes:
        item: what to do it with.
        answer: set when it is done; cancelled when nobody waits for it any more.
        entered: when it came, in seconds of the loop's clock.
    """

    item: Item
    answer: asyncio.Future[Answer]
    entered: float


class Lane(Generic[Item, Answer]):
    """A bounded queue before a model. What is no longer wanted leaves it at once, and is never computed."""

    def __init__(
        self,
        name: str,
        work: Callable[[Sequence[Item]], Sequence[Answer]],
        *,
        most_waiting: int,
        batch: int = 1,
        patience: float = 0.0,
    ) -> None:
        """Make an empty one.

        Args:
            name: of the model, for messages and metrics.
            work: does a batch, in a thread; one answer for each item, in their order.
            most_waiting: how many may wait.
            batch: how many are done together at most.
            patience: seconds that a batch which is not full waits for more.
        """
        self.name = name
        self.work = work
        self.most_waiting = most_waiting
        self._batch = batch
        self._patience = patience if batch > 1 else 0.0
        self._jobs: dict[Job[Item, Answer], None] = {}

    def __len__(self) -> int:
        """How many wait."""
        return len(self._jobs)

    def add(self, item: Item, now: float) -> Job[Item, Answer]:
        """Put it at the end. Call it inside the loop."""
        job: Job[Item, Answer] = Job(item, asyncio.get_running_loop().create_future(), now)
        self._jobs[job] = None
        return job

    def remove(self, job: Job[Item, Answer]) -> None:
        """Forget it, wherever it stands; taken already, it is not here."""
        self._jobs.pop(job, None)

    def ready_at(self) -> float | None:
        """When there is a batch to take; None where nothing waits."""
        if not self._jobs:
            return None
        oldest = next(iter(self._jobs))
        return oldest.entered if len(self._jobs) >= self._batch else oldest.entered + self._patience

    def take(self) -> list[Job[Item, Answer]]:
        """The next batch."""
        batch = list(islice(self._jobs, self._batch))
        for job in batch:
            del self._jobs[job]
        return batch
