"""The request as it arrives: a multipart form whose parts are found, and kept as the bytes that came."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from allinone.errors import InvalidRequest
from allinone.wire.predict import MAX_ENTRIES_BYTES, Entries, parse_entries

MAX_PARTS = 16
MAX_REMEMBERED = 2048
MAX_PART_HEAD = 8 * 1024
MAX_PREAMBLE = 1024
MAX_TEXT = 64 * 1024

_BOUNDARY = re.compile(r'boundary=(?:"([^"\r\n]{1,70})"|([^\s";,]{1,70}))', re.IGNORECASE)
_DISPOSITION = re.compile(rb"^content-disposition:[ \t]*form-data[ \t]*;([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_NAME = re.compile(rb'(?:^|[;\s])name=(?:"([^"]{0,64})"|([^\s";]{1,64}))')
_KNOWN = frozenset({"entries", "image", "text"})
_LONGEST = {"entries": MAX_ENTRIES_BYTES, "text": MAX_TEXT}


@dataclass(frozen=True, slots=True)
class Form:
    """A whole request. Chunks are never joined unless somebody asks for a part.

    Attributes:
        content_type: of the request, with its boundary.
        chunks: the body as it came.
        size: bytes of the body.
        entries: the tasks.
        parts: where each known part begins and ends in the body.
    """

    content_type: bytes
    chunks: Sequence[bytes]
    size: int
    entries: Entries
    parts: dict[str, tuple[int, int]]

    @property
    def image(self) -> bytes | None:
        """The image, where there is one; made anew at each call."""
        return self._part("image")

    @property
    def text(self) -> str | None:
        """The text, where there is one.

        Raises:
            InvalidRequest: it is not UTF-8.
        """
        raw = self._part("text")
        try:
            return None if raw is None else raw.decode()
        except UnicodeDecodeError as error:
            message = f"The part 'text' is not UTF-8: byte {error.start} cannot be read."
            raise InvalidRequest(message) from error

    def content_digest(self) -> bytes:
        """32 bytes that tell the image or text from others."""
        digest = hashlib.sha256()
        for name in ("image", "text"):
            for piece in _between(self.chunks, *self.parts[name]) if name in self.parts else ():
                digest.update(piece)
            digest.update(name.encode())
        return digest.digest()

    def with_entries(self, entries: bytes) -> list[bytes]:
        """The body with other entries, and everything else as it came."""
        start, end = self.parts["entries"]
        return [*_between(self.chunks, 0, start), entries, *_between(self.chunks, end, self.size)]

    def _part(self, name: str) -> bytes | None:
        return b"".join(_between(self.chunks, *self.parts[name])) if name in self.parts else None


class _State(Enum):
    PREAMBLE = auto()
    HEAD = auto()
    CONTENT = auto()
    END = auto()


class FormReader:
    """Finds the parts of a multipart form while it arrives. Contents are looked through, not copied."""

    def __init__(self, content_type: bytes) -> None:
        """Read the boundary.

        Raises:
            InvalidRequest: there is none.
        """
        text = content_type.decode("latin-1")
        found = _BOUNDARY.search(text)
        if not text.lower().startswith("multipart/form-data") or found is None:
            message = "The request must be multipart/form-data with a boundary: entries, and image or text."
            raise InvalidRequest(message)
        self._content_type = content_type
        self._delimiter = b"\r\n--" + (found[1] or found[2]).encode("latin-1")
        self._chunks: list[bytes] = []
        self._size = 0
        self._state = _State.PREAMBLE
        self._held = b"\r\n"  # the first delimiter needs no line break before it
        self._name = ""
        self._start = 0
        self._count = 0
        self._parts: dict[str, tuple[int, int]] = {}
        self.entries: Entries | None = None

    def feed(self, chunk: bytes) -> None:
        """Take what arrived.

        Raises:
            InvalidRequest: this is no form of the kind we take, or its entries are wrong.
        """
        if not chunk:
            return
        self._chunks.append(chunk)
        base, self._size = self._size, self._size + len(chunk)
        data, position = chunk, 0
        held, self._held = self._held, b""
        if held and self._state is _State.CONTENT and len(chunk) >= len(self._delimiter):
            position = self._seam(held, chunk, base)
        elif base == 0 and self._state is _State.PREAMBLE and chunk.startswith(self._delimiter[2:]):
            position, self._state = len(self._delimiter) - 2, _State.HEAD  # the usual start, without joining anything
        elif held:
            data, base = held + chunk, base - len(held)
        while position >= 0 and self._state is not _State.END:
            position = self._step(data, base, position)

    def complete(self) -> Form:
        """The form, where all of it has arrived.

        Raises:
            InvalidRequest: it ends too early, or lacks its entries.
        """
        if self._state is not _State.END:
            raise _invalid("ends before its last boundary")
        if self.entries is None:
            raise _invalid("has no part 'entries'")
        return Form(self._content_type, self._chunks, self._size, self.entries, self._parts)

    def _seam(self, held: bytes, chunk: bytes, base: int) -> int:
        """Look for a delimiter that lies in two chunks; where to go on in the second."""
        found = (held + chunk[: len(self._delimiter) - 1]).find(self._delimiter)
        if found < 0:
            return 0
        self._end_part(base - len(held) + found)
        return found + len(self._delimiter) - len(held)

    def _step(self, data: bytes, base: int, position: int) -> int:
        """Decide about what follows `position`; the next position, or -1 where more must arrive first."""
        if self._state is _State.CONTENT:
            return self._content(data, base, position)
        if self._state is _State.PREAMBLE:
            return self._preamble(data)
        return self._part_head(data, base, position)

    def _content(self, data: bytes, base: int, position: int) -> int:
        end = data.find(self._delimiter, position)
        if end >= 0:
            self._end_part(base + end)
            return end + len(self._delimiter)
        self._check_length(base + len(data) - len(self._delimiter))
        self._held = data[max(position, len(data) - len(self._delimiter) + 1) :]
        return -1

    def _preamble(self, data: bytes) -> int:
        found = data.find(self._delimiter)
        if found >= 0:
            self._state = _State.HEAD
            return found + len(self._delimiter)
        if len(data) > MAX_PREAMBLE:
            raise _invalid("does not begin with its boundary")
        self._held = data
        return -1

    def _part_head(self, data: bytes, base: int, position: int) -> int:
        if data.startswith(b"--", position):
            self._state = _State.END
            return position
        end = data.find(b"\r\n\r\n", position, position + MAX_PART_HEAD)
        if end < 0 and len(data) - position >= MAX_PART_HEAD:
            raise _invalid("has a part whose head does not end")
        if end < 0:
            self._held = data[position:]
            return -1
        if not data.startswith(b"\r\n", position):
            raise _invalid("has a boundary with something behind it")
        self._begin_part(data[position + 2 : end], base + end + 4)
        return end + 4

    def _begin_part(self, head: bytes, start: int) -> None:
        self._count += 1
        if self._count > MAX_PARTS:
            raise _invalid(f"has more than {MAX_PARTS} parts")
        disposition = _DISPOSITION.search(head)
        name = _NAME.search(disposition[1]) if disposition else None
        if name is None:
            raise _invalid("has a part without a name")
        self._name = (name[1] if name[1] is not None else name[2]).decode("latin-1")
        if self._name in self._parts:
            raise _invalid(f"has the part {self._name!r} twice")
        self._start = start
        self._state = _State.CONTENT

    def _check_length(self, end: int) -> None:
        longest = _LONGEST.get(self._name)
        if longest is not None and end - self._start > longest:
            raise _invalid(f"has a part {self._name!r} of more than {longest} bytes")

    def _end_part(self, end: int) -> None:
        self._check_length(end)
        self._state = _State.HEAD
        if self._name not in _KNOWN:
            return
        self._parts[self._name] = (self._start, end)
        if self._name == "entries":
            self.entries = _known_entries(b"".join(_between(self._chunks, self._start, end)))


@lru_cache(maxsize=64)
def _short_entries(raw: bytes) -> Entries:
    return parse_entries(raw)


def _known_entries(raw: bytes) -> Entries:
    """`raw` read. Immich sends the same few bytes with every photo; nobody changes what is made of them."""
    return _short_entries(raw) if len(raw) <= MAX_REMEMBERED else parse_entries(raw)


def _between(chunks: Sequence[bytes], start: int, end: int) -> list[bytes]:
    found = []
    at = 0
    for chunk in chunks:
        if at + len(chunk) > start and at < end:
            found.append(chunk[max(0, start - at) : end - at])
        at += len(chunk)
    return found


def _invalid(fault: str) -> InvalidRequest:
    return InvalidRequest(f"The form {fault}.")
