"""What all requests together may hold in memory."""

import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from allinone.errors import Overloaded
from allinone.http.problems import answer_to

SMALL = 64 * 1024
"""Bytes of a body that is always let in: a search must get through while pictures fill the memory."""

_NUMBER = re.compile(r"[0-9]{1,18}")


class Budget:
    """Bytes that may be held."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.held = 0

    def take(self, count: int) -> None:
        """Hold so many more.

        Raises:
            Overloaded: there is no room for them.
        """
        if self.held + count > self._most:
            message = "Too many pictures are being worked on. Try again in a moment."
            raise Overloaded(message, retry_after=2.0)
        self.held += count

    def give(self, count: int) -> None:
        """Hold so many less."""
        self.held -= count


class Admission:
    """Middleware that lets a request in only where there is room for its body, before the body is read."""

    def __init__(self, app: ASGIApp, *, budget: Budget) -> None:
        self._app = app
        self._budget = budget

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in, or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        ticket = _Ticket(self._budget)
        try:
            try:
                ticket.cover(_declared(scope))
            except Overloaded as error:
                answer = answer_to(scope, error)
                answer.headers["connection"] = "close"  # what was not read must not be taken for the next request
                await answer(scope, receive, send)
                return
            await self._app(scope, ticket.counting(receive), send)
        finally:
            ticket.release()


class _Ticket:
    """What one request holds."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._covered = 0

    def cover(self, size: int) -> None:
        """Hold `size` bytes in all."""
        if size > max(SMALL, self._covered):
            self._budget.take(size - self._covered)
            self._covered = size

    def release(self) -> None:
        self._budget.give(self._covered)
        self._covered = 0

    def counting(self, receive: Receive) -> Receive:
        """`receive`, for bodies that come without saying how long they are."""
        seen = 0

        async def receive_counted() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                self.cover(seen)
            return message

        return receive_counted


def _declared(scope: Scope) -> int:
    value = Headers(scope=scope).get("content-length", "0")
    return int(value) if _NUMBER.fullmatch(value) else 0
