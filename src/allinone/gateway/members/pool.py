"""Who is given a request, and who waits until somebody is free."""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from allinone.errors import Overloaded
from allinone.gateway.members.member import Member, clock


@dataclass(frozen=True, slots=True)
class Want:
    """What a request needs.

    Attributes:
        members: who may do it.
        work: its kind, in a bounded number of words.
    """

    members: tuple[Member, ...]
    work: str = ""


_Waiter = tuple[int, "asyncio.Future[Member]"]


class _Line:
    """Those who wait for the same: whoever sits at a keyboard first, then by time of arrival."""

    def __init__(self) -> None:
        self.urgent: deque[_Waiter] = deque()
        self.others: deque[_Waiter] = deque()

    def first(self) -> tuple[bool, int] | None:
        """Orders lines by who is next in them."""
        for waiters in (self.urgent, self.others):
            while waiters and waiters[0][1].done():
                waiters.popleft()
        if self.urgent:
            return (False, self.urgent[0][0])
        return (True, self.others[0][0]) if self.others else None

    def pop(self) -> asyncio.Future[Member]:
        """The next one; `first` says that there is one."""
        return (self.urgent or self.others).popleft()[1]


class Pool:
    """Hands members out and takes them back."""

    def __init__(self, members: Sequence[Member], *, most_waiting: int, now: Callable[[], float] = clock) -> None:
        self.members = tuple(members)
        self.waiting = 0
        self._most_waiting = most_waiting
        self._now = now
        self._tickets = itertools.count(1)
        self._lines: dict[Want, _Line] = {}

    def take_now(self, want: Want, avoid: Collection[Member] = ()) -> Member | None:
        """The free member with the least to do that is not in `avoid`."""
        now = self._now()
        member = min(
            (each for each in want.members if each.free(now, want.work) and each not in avoid),
            key=lambda each: each.load,
            default=None,
        )
        return self._given(member) if member is not None else None

    def take_next(self, want: Want) -> Member | None:
        """The same, where nobody waits for it already."""
        line = self._lines.get(want)
        return self.take_now(want) if line is None or line.first() is None else None

    async def take(self, want: Want, *, urgent: bool = False) -> Member:
        """A member, as soon as one is free.

        Raises:
            Overloaded: too many wait already.
        """
        line = self._lines.get(want)
        first = line.first() if line is not None else None
        if first is None or (urgent and first[0]):
            member = self.take_now(want)
            if member is not None:
                return member
        if self.waiting >= self._most_waiting:
            message = f"{self.waiting} requests are waiting for a backend already. Try again in a moment."
            raise Overloaded(message, retry_after=5)
        line = self._lines.setdefault(want, _Line())
        return await self._wait(line.urgent if urgent else line.others)

    def give_back(self, member: Member) -> None:
        """The request is done, whatever came of it."""
        member.outstanding -= 1
        self.wake()

    def wake(self) -> None:
        """Look whether somebody who waits can be served: a member was given back, got well, or has paused enough."""
        while self.waiting:
            served = self._serve_one()
            if not served:
                return

    def _serve_one(self) -> bool:
        now = self._now()
        ready = []
        for want, line in list(self._lines.items()):
            first = line.first()
            if first is None:
                del self._lines[want]
            elif any(member.free(now, want.work) for member in want.members):
                ready.append((first, want, line))
        if not ready:
            return False
        _, want, line = min(ready, key=lambda each: each[0])
        member = self.take_now(want)
        if member is None:
            return False
        line.pop().set_result(member)
        self.waiting -= 1
        return True

    async def _wait(self, waiters: deque[_Waiter]) -> Member:
        future: asyncio.Future[Member] = asyncio.get_running_loop().create_future()
        waiters.append((next(self._tickets), future))
        self.waiting += 1
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.give_back(future.result())  # it was given one at the very moment it left
            else:
                self.waiting -= 1
            raise

    def _given(self, member: Member) -> Member:
        member.outstanding += 1
        member.last_chosen = next(self._tickets)
        return member
