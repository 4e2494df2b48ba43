"""No request body is larger, or slower, than we allow."""

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from allinone.http.json_body import BodyTooLarge, BodyTooSlow
from allinone.http.problems import answer_to

BODY_SECONDS = 30.0


class BodyLimit:
    """Refuses by Content-Length before anything is read, and counts what arrives in chunks.

    The time counts from the first look at the body to its end, so a byte a second does not hold a place.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int, seconds: float = BODY_SECONDS) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on with a counted body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdigit() or int(declared[:20]) > self._max_bytes:
            await answer_to(scope, self._too_large())(scope, receive, send)
            return
        await self._app(scope, self._bounded(receive), send)

    def _bounded(self, receive: Receive) -> Receive:
        seen = 0
        ends: float | None = None
        complete = False

        async def receive_bounded() -> Message:
            nonlocal seen, ends, complete
            if complete:
                return await receive()  # waits for the client to leave
            now = asyncio.get_running_loop().time()
            ends = ends if ends is not None else now + self._seconds
            try:
                async with asyncio.timeout(max(0.0, ends - now)):
                    message = await receive()
            except TimeoutError as error:
                message_text = f"The body did not arrive within {self._seconds:.0f} seconds."
                raise BodyTooSlow(message_text) from error
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                complete = not message.get("more_body", False)
                if seen > self._max_bytes:
                    raise self._too_large()
            return message

        return receive_bounded

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"The body is larger than {self._max_bytes} bytes, which is the limit here.")
