"""Multipart forms: the parts we know, in memory, bounded while they arrive."""

from collections.abc import Mapping

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect, Request

from allinone.errors import InvalidRequest
from allinone.http.json_body import BodyTooLarge, InvalidBody

MAX_PARTS = 16
MAX_PART_HEAD = 8 * 1024


async def read_form(request: Request, longest: Mapping[str, int]) -> dict[str, bytes]:
    """The parts of a form that `longest` names, each with at most so many bytes; others are skipped.

    Raises:
        InvalidRequest: it is no form that can be read, or has a part twice.
        BodyTooLarge: a part is too long.
        InvalidBody: the client left before its end.
    """
    reader = _FormReader(request.headers.get("content-type", ""), longest)
    try:
        async for chunk in request.stream():
            reader.feed(chunk)
    except ClientDisconnect as error:
        raise InvalidBody(["The client left before its request was complete."]) from error
    return reader.complete()


async def read_bounded(request: Request, most: int) -> bytes:
    """The body, of at most `most` bytes.

    Raises:
        BodyTooLarge: it has more.
        InvalidBody: the client left before its end.
    """
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                message = f"The body is larger than {most} bytes, which is the limit here."
                raise BodyTooLarge(message)
    except ClientDisconnect as error:
        raise InvalidBody(["The client left before its request was complete."]) from error
    return bytes(body)


class _FormReader:
    """Collects parts while they arrive."""

    def __init__(self, content_type: str, longest: Mapping[str, int]) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind.lower() != b"multipart/form-data" or not boundary:
            message = "The request must be multipart/form-data with a boundary."
            raise InvalidRequest(message)
        self._longest = longest
        self._parts: dict[str, bytearray] = {}
        self._count = 0
        self._field, self._value, self._disposition = bytearray(), bytearray(), b""
        self._current: bytearray | None = None
        self._most = 0
        self._name = ""
        self._ended = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._head_field,
                    "on_header_value": self._head_value,
                    "on_header_end": self._head_end,
                    "on_headers_finished": self._head_done,
                    "on_part_data": self._data,
                    "on_end": self._end,
                },
                max_header_size=MAX_PART_HEAD,
            )
        except FormParserError as error:
            raise InvalidRequest(f"The form cannot be read: {error}.") from error

    def feed(self, chunk: bytes) -> None:
        """Take what arrived."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise InvalidRequest(f"The form cannot be read: {error}.") from error

    def complete(self) -> dict[str, bytes]:
        """The parts, where all of them have arrived."""
        if not self._ended:
            message = "The form ends before its last boundary."
            raise InvalidRequest(message)
        return {name: bytes(content) for name, content in self._parts.items()}

    def _begin(self) -> None:
        self._count += 1
        if self._count > MAX_PARTS:
            message = f"The form has more than {MAX_PARTS} parts."
            raise InvalidRequest(message)
        self._disposition = b""
        self._current = None

    def _head_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _head_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _head_end(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._field.clear()
        self._value.clear()

    def _head_done(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if not self._name:
            message = "The form has a part without a name."
            raise InvalidRequest(message)
        if self._name not in self._longest:
            return
        if self._name in self._parts:
            message = f"The form has the part {self._name!r} twice."
            raise InvalidRequest(message)
        self._current = self._parts[self._name] = bytearray()
        self._most = self._longest[self._name]

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._current is None:
            return
        if len(self._current) + end - start > self._most:
            message = f"The part {self._name!r} has more than {self._most} bytes."
            raise BodyTooLarge(message)
        self._current += memoryview(data)[start:end]

    def _end(self) -> None:
        self._ended = True
