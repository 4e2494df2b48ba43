"""Puts our script into Immich's page as it streams through."""

import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SCRIPT = Path(__file__).with_name("immich.js")
SCRIPT_PATH = "/allinone/immich.js"
OUR_PATHS = ("/allinone/", "/api/")

_HEAD_END = re.compile(rb"</head\s*>", re.IGNORECASE)
_LONGEST_TAG = 64  # bytes that the tag, cut in two by a chunk, may have; blanks included
_LENGTH_HEADERS = ("content-length", "etag", "content-md5", "digest", "accept-ranges")


def script_version() -> str:
    """Changes with the script, so that browsers may keep each version for good."""
    return sha256(SCRIPT.read_bytes()).hexdigest()[:12]


class HeadInsertion:
    """Inserts bytes before `</head>`, wherever chunks are cut, keeping back less than one tag.

    A document without that tag (HTML allows it) gets them at its end, where browsers run scripts as well.
    """

    def __init__(self, inserted: bytes) -> None:
        self._inserted = inserted
        self._held = b""
        self.in_head = False

    def feed(self, chunk: bytes) -> bytes:
        """What may be sent after `chunk` has come."""
        if self.in_head:
            return chunk
        data = self._held + chunk
        found = _HEAD_END.search(data)
        if found:
            self.in_head, self._held = True, b""
            return data[: found.start()] + self._inserted + data[found.start() :]
        last = data.rfind(b"<", max(0, len(data) - _LONGEST_TAG))
        cut = len(data) if last < 0 or b">" in data[last:] else last
        self._held = data[cut:]
        return data[:cut]

    def end(self) -> bytes:
        """What remains to be sent at the end."""
        held, self._held = self._held, b""
        return held if self.in_head else held + self._inserted


class PageScript:
    """Middleware: HTML pages of Immich get our script; everything else passes as it is."""

    def __init__(self, app: ASGIApp, *, registry: CollectorRegistry) -> None:
        self._app = app
        tag = f'<script defer src="{SCRIPT_PATH}?v={script_version()}"></script>'
        self._tag = tag.encode()
        self._pages = Counter(
            "allinone_immich_pages", "Pages of Immich that got our script.", ["place"], registry=registry
        )
        for place in ("head", "end"):
            self._pages.labels(place)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; pages with the script in them."""
        if scope["type"] != "http" or scope["path"].startswith(OUR_PATHS) or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        # Only text that is not packed can be added to.
        headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        inserting = _Inserting(HeadInsertion(self._tag), send, lambda place: self._pages.labels(place).inc())
        await self._app({**scope, "headers": [*headers, (b"accept-encoding", b"identity")]}, receive, inserting.send)


class _Inserting:
    """One answer on its way."""

    def __init__(self, insertion: HeadInsertion, send: Send, count: Callable[[str], None]) -> None:
        self._insertion = insertion
        self._send = send
        self._count = count
        self._active = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._active = _is_page(message)
            if self._active:
                headers = MutableHeaders(scope=message)
                for name in _LENGTH_HEADERS:
                    del headers[name]
        elif message["type"] == "http.response.body" and self._active:
            message = {**message, "body": self._body(message)}
        await self._send(message)

    def _body(self, message: Message) -> bytes:
        body, more = message.get("body", b""), message.get("more_body", False)
        sent = self._insertion.feed(body)
        if more:
            return sent
        self._count("head" if self._insertion.in_head else "end")
        return sent + self._insertion.end()


def _is_page(message: Message) -> bool:
    headers = Headers(raw=message["headers"])
    if not headers.get("content-type", "").lower().startswith("text/html"):
        return False
    return "content-encoding" not in headers and message["status"] not in (204, 206, 304)
