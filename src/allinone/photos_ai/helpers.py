"""Idle cores help with one picture: parts of its work, spread over as many threads as have nothing else to do."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Helpers:
    """Threads that help whoever works alone, and leave as soon as others need their cores. Threads may share it."""

    def __init__(self, most: int, idle: Callable[[], int]) -> None:
        """Make some; no thread starts before it is needed.

        Args:
            most: threads.
            idle: how many cores nobody works on at this moment, helpers aside; called in any thread.
        """
        self._most = most
        self._idle = idle
        self._pool = ThreadPoolExecutor(max(1, most), thread_name_prefix="photos-ai-helper")
        self._lock = Lock()
        self._helping = 0

    def each(self, work: Callable[[Item], Answer], items: Sequence[Item]) -> list[Answer]:
        """The answers of `work` for `items`, in their order; the first are begun first. Blocks.

        The calling thread does its share. Helpers come and go between items, as cores fall idle or are needed. What
        `work` raises for any item is raised here, once nobody is at one any more.
        """
        shared = _Shared(work, items)
        helping: list[Future[None]] = []
        try:
            while shared.rest:
                if len(shared.rest) > 1 and self._may_begin():
                    helping.append(self._pool.submit(self._help, shared))
                shared.do_one()
        finally:
            shared.rest.clear()
            failures = [future.exception() for future in helping]  # waits for them
        for failure in failures:
            if failure is not None:
                raise failure
        return shared.answers

    def close(self) -> None:
        """Wait for what is being done; nobody may ask any more."""
        self._pool.shutdown(wait=True)

    def _may_begin(self) -> bool:
        """Whether a core is idle for one more, who is counted from now on."""
        with self._lock:
            may = self._helping < min(self._idle(), self._most)
            self._helping += may
        return may

    def _help(self, shared: "_Shared[Any, Any]") -> None:
        try:
            while shared.rest and self._may_stay():
                shared.do_one()
        except BaseException:
            shared.rest.clear()
            raise
        finally:
            with self._lock:
                self._helping -= 1

    def _may_stay(self) -> bool:
        return self._helping <= self._idle()


class _Shared(Generic[Item, Answer]):
    """Items that several threads take one by one."""

    def __init__(self, work: Callable[[Item], Answer], items: Sequence[Item]) -> None:
        self._work = work
        self._items = items
        self.answers: list[Answer] = [None] * len(items)  # type: ignore[list-item]  # nobody looks before all are done
        self.rest = deque(range(len(items)))

    def do_one(self) -> None:
        """The next, if there is one left."""
        try:
            at = self.rest.popleft()
        except IndexError:  # somebody else took it
            return
        self.answers[at] = self._work(self._items[at])
