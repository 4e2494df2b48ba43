"""One request to `/predict`, from its head to the end of its answer."""

import asyncio
import logging
from collections.abc import Mapping
from enum import Enum, auto
from typing import Protocol
from uuid import uuid4

from allinone.errors import AllInOneError, Forbidden, InvalidRequest, Overloaded
from allinone.gateway.form import FormReader
from allinone.gateway.front import replies
from allinone.gateway.gateway import Gateway
from allinone.gateway.members.member import clock
from allinone.http.hosts import is_same_origin
from allinone.http.json_body import BodyTooLarge, BodyTooSlow

BODY_SECONDS = 60.0
LINGER_SECONDS = 2.0  # a refused body is still taken for so long, or the client would not see why
LINGER_BYTES = 16 * 1024 * 1024

logger = logging.getLogger(__name__)


class Wire(Protocol):
    """The connection, as an exchange sees it."""

    def send(self, head: bytes, body: bytes, *, close: bool) -> None:
        """Write an answer, and close after it or wait for the next request."""

    def pause(self) -> None:
        """Read no further."""

    def resume(self) -> None:
        """Read on."""

    def proceed(self) -> None:
        """Tell the client, where it asks, that it may send its body."""

    def cut(self) -> None:
        """Close at once."""


class _State(Enum):
    RECEIVING = auto()
    REFUSED = auto()  # answered before its end; the rest is thrown away
    ANSWERING = auto()
    DONE = auto()


class Exchange:
    """Receives a form, has it answered, writes the answer. Belongs to one connection."""

    def __init__(self, gateway: Gateway, wire: Wire) -> None:
        self._gateway = gateway
        self._wire = wire
        self._state = _State.RECEIVING
        self._form: FormReader | None = None
        self._received = 0
        self._reserved = 0
        self._limit = 0
        self._ready = False
        self._complete = False
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._begun = clock()
        self.close_after = False

    def begin(self, headers: list[tuple[bytes, bytes]], token: bytes | None) -> None:
        """The head is there; `token` is the one in the path."""
        try:
            self._open(headers, token)
        except AllInOneError as error:
            self._refuse(error)

    @property
    def done(self) -> bool:
        """Whether the answer is written and the request read."""
        return self._state is _State.DONE

    def body(self, data: bytes) -> None:
        """Some of the body arrived."""
        self._received += len(data)
        if self._state is _State.REFUSED:
            if self._received > LINGER_BYTES:
                self._wire.cut()
            return
        if self._state is not _State.RECEIVING or self._form is None:
            return
        try:
            if self._received > self._limit:
                raise _too_large(self._limit)
            self._form.feed(data)
        except AllInOneError as error:
            self._refuse(error)

    def complete(self) -> None:
        """All of the body arrived."""
        self._complete = True
        if self._state is _State.REFUSED:
            self._end()
        elif self._state is _State.RECEIVING and self._ready:
            self._start()

    def left(self) -> None:
        """The client is gone: nobody wants the answer."""
        self._stop_timer()
        if self._task is not None:
            self._task.cancel()
        self._release()
        self._state = _State.DONE

    def _open(self, headers: list[tuple[bytes, bytes]], token: bytes | None) -> None:
        fields = dict(headers)
        self._gateway.check_access(fields, token)
        _check_origin(fields)
        hosts = sum(name == b"host" for name, _ in headers)
        if hosts > 1:
            message = "The request has more than one Host."
            raise InvalidRequest(message)
        self._form = FormReader(fields.get(b"content-type", b""))
        self._limit = self._gateway.settings.max_body
        length = _length(fields, self._limit)
        if length > self._limit:
            raise _too_large(self._limit)
        self._timer = asyncio.get_running_loop().call_later(BODY_SECONDS, self._too_slow)
        if self._gateway.memory.take_now(length):
            self._reserved = length
            self._ready = True
            self._wire.proceed()
        else:
            self._stop_timer()
            self._wire.pause()
            self._task = self._gateway.spawn(self._wait_for_room(length))

    async def _wait_for_room(self, length: int) -> None:
        try:
            async with asyncio.timeout(self._gateway.settings.deadline):
                await self._gateway.memory.take(length)
        except (Overloaded, TimeoutError) as error:
            refused = error if isinstance(error, Overloaded) else Overloaded("There was no room in time.")
            self._task = None
            self._wire.resume()
            self._refuse(refused)
            return
        self._task = None
        self._reserved = length
        self._ready = True
        self._timer = asyncio.get_running_loop().call_later(BODY_SECONDS, self._too_slow)
        self._wire.resume()
        self._wire.proceed()
        if self._complete and self._state is _State.RECEIVING:
            self._start()

    def _start(self) -> None:
        self._stop_timer()
        self._state = _State.ANSWERING
        self._task = self._gateway.spawn(self._answer())

    async def _answer(self) -> None:
        task, status = "other", 499  # the client left
        head, body = b"", b""
        began = clock()
        try:
            assert self._form is not None  # noqa: S101 — or it had been refused
            form = self._form.complete()
            self._form = None
            task = self._gateway.metrics.task(form.entries)
            course = self._gateway.forwarder.course(form)
            answer = await self._gateway.forwarder.predict(form, course)
            status, body = answer.status, answer.body
            if status == 200:
                total = (clock() - began) * 1000
                head = replies.success(body, answer.content_type, backend_ms=course.seconds * 1000, total_ms=total)
            else:
                head = replies.refusal(status, body, answer.content_type)
        except AllInOneError as error:
            status, head, body = self._failed(error)
        except Exception:
            logger.exception("A request failed")
            message = "Internal error. The log says more."
            status, head, body = self._failed(AllInOneError(message))
        finally:
            self._gateway.metrics.request(task, status, clock() - began)
            self._release()
        self._state = _State.DONE
        self._wire.send(head, body, close=self.close_after)

    def _failed(self, error: AllInOneError) -> tuple[int, bytes, bytes]:
        number = str(uuid4())
        status, head, body = replies.failure(error, number)
        level = logging.WARNING if status >= 500 else logging.INFO
        logger.log(level, "POST /predict: %d %s [%s]", status, error, number)
        return status, head, body

    def _refuse(self, error: AllInOneError) -> None:
        """Answer before the end of the request. Its rest is thrown away: a closed door would hide the answer."""
        self._stop_timer()
        self._form = None
        self._release()
        status, head, body = self._failed(error)
        self._gateway.metrics.request("other", status, clock() - self._begun)
        self._state = _State.REFUSED
        self.close_after = True
        self._wire.send(head, body, close=False)
        if self._complete:
            self._end()
        else:
            self._timer = asyncio.get_running_loop().call_later(LINGER_SECONDS, self._end)

    def _end(self) -> None:
        self._stop_timer()
        self._state = _State.DONE
        self._wire.cut()

    def _too_slow(self) -> None:
        self._timer = None
        self._refuse(BodyTooSlow(f"The body did not arrive within {BODY_SECONDS:.0f} seconds."))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _release(self) -> None:
        if self._reserved:
            reserved, self._reserved = self._reserved, 0
            self._gateway.memory.give_back(reserved)


def _length(fields: Mapping[bytes, bytes], limit: int) -> int:
    """Bytes to expect: as declared, or the most there may be."""
    declared = fields.get(b"content-length")
    if declared is None:
        return limit if b"transfer-encoding" in fields else 0
    return int(declared[:20]) if declared.isdigit() else limit + 1


def _check_origin(fields: Mapping[bytes, bytes]) -> None:
    """Immich sends no Origin; a page of somebody's browser does."""
    origin = fields.get(b"origin")
    host = fields.get(b"host", b"").decode("latin-1")
    if origin is not None and not is_same_origin(origin.decode("latin-1"), host):
        message = "A page of another site may not send requests here."
        raise Forbidden(message)


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body is larger than {limit} bytes, which is the limit here.")
