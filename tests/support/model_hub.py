"""A model hub on this machine: Hugging Face, ModelScope and the other host that their large files lie on.

It answers as they do, and misbehaves as networks do, on demand.
"""

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

CHUNK = 16 * 1024


@dataclass
class Request:
    """What a server was asked."""

    server: str
    method: str
    path: str
    headers: dict[str, str]


@dataclass
class ModelHub:
    """Files by repository and name, and how to misbehave.

    Attributes:
        files: content by "repository/file".
        cut_after: each content request takes one: bytes after which its connection is dropped.
        stumble: how many requests are answered with 500 first.
        status: answer every request of the hub with this.
        ranges: whether the host of large files knows ranges.
        pause: seconds between two chunks.
        damaged: send other bytes than promised.
        large: files from this size on lie on the other host.
        hub, store: addresses.
        requests: all that was asked, in order.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    cut_after: list[int] = field(default_factory=list)
    stumble: int = 0
    status: int | None = None
    ranges: bool = True
    pause: float = 0.0
    damaged: bool = False
    large: int = 1024
    hub: str = ""
    store: str = ""
    requests: list[Request] = field(default_factory=list)

    def put(self, repository: str, **files: bytes) -> None:
        """Add files; `__` in a name stands for its dot."""
        self.files |= {f"{repository}/{name.replace('__', '.')}": content for name, content in files.items()}

    def sent(self, server: str, method: str = "GET") -> list[Request]:
        """Requests to "hub" or "store"."""
        return [each for each in self.requests if (each.server, each.method) == (server, method)]


@contextmanager
def model_hub() -> Iterator[ModelHub]:
    """Run one until the block ends."""
    hub = ModelHub()
    servers = {name: _Server(hub, name) for name in ("hub", "store")}
    for server in servers.values():
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    hub.hub = f"http://127.0.0.1:{servers['hub'].server_port}"
    hub.store = f"http://localhost:{servers['store'].server_port}"
    try:
        yield hub
    finally:
        for server in servers.values():
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, hub: ModelHub, name: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub, self.name = hub, name


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, *_: Any) -> None: ...

    def _answer(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.hub.requests.append(Request(self.server.name, self.command, self.path, headers))
        try:
            if self.server.hub.stumble:
                self.server.hub.stumble -= 1
                self._empty(500)
            elif self.server.name == "store":
                self._content(self.server.hub.files.get(urlsplit(self.path).path.removeprefix("/store/")))
            elif self.server.hub.status:
                self._empty(self.server.hub.status)
            elif self.path == "/loop":
                self._empty(302, Location="/loop")
            elif self.path.startswith("/api/v1/models/"):
                self._model_scope()
            elif match := re.fullmatch(r"/OFA-Sys/([^/]+)/resolve/main/([^/]+)", self.path):
                self._hugging_face(f"{match[1]}/{match[2]}")
            else:  # a plain folder
                self._content(self.server.hub.files.get(self.path.strip("/")))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _hugging_face(self, name: str) -> None:
        content = self.server.hub.files.get(name)
        if content is None:
            self._empty(404)
        elif len(content) < self.server.hub.large:
            git = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            self._content(content, etag=git)
        else:
            etag = hashlib.sha256(content).hexdigest()
            described = {"X-Linked-Etag": f'"{etag}"', "X-Linked-Size": str(len(content)), "ETag": '"redirect"'}
            self._empty(302, Location=f"{self.server.hub.store}/store/{name}?signed=1", **described)

    def _model_scope(self) -> None:
        parts = urlsplit(self.path)
        repository = parts.path.split("/")[5]
        if parts.path.endswith("/repo"):
            name = f"{repository}/{parse_qs(parts.query)['FilePath'][0]}"
            self._empty(302, Location=f"{self.server.hub.store}/store/{name}")
            return
        listed = [
            {"Path": name.split("/")[1], "Type": "blob", "Size": len(b), "Sha256": hashlib.sha256(b).hexdigest()}
            for name, b in self.server.hub.files.items()
            if name.startswith(f"{repository}/")
        ]
        body = json.dumps({"Code": 200, "Success": True, "Data": {"Files": listed}}).encode()
        self._head(200, {"Content-Type": "application/json", "Content-Length": str(len(body))})
        self.wfile.write(body)

    def _content(self, content: bytes | None, etag: str | None = None) -> None:
        if content is None:
            self._empty(404)
            return
        etag = f'"{etag or hashlib.md5(content).hexdigest()}"'
        start, status = self._range(etag), 200
        headers = {"ETag": etag, "Content-Type": "application/octet-stream"}
        if start is not None and start >= len(content):
            self._empty(416)
            return
        if start is not None:
            status = 206
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        body = content[start or 0 :]
        self._head(status, {**headers, "Content-Length": str(len(body))})
        if self.command == "GET":
            self._send(bytes(255 - each for each in body) if self.server.hub.damaged else body)

    def _range(self, etag: str) -> int | None:
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.headers.get("If-Range", etag) == etag
        return int(match[1]) if match and same and self.server.hub.ranges else None

    def _send(self, body: bytes) -> None:
        cut = self.server.hub.cut_after.pop(0) if self.server.hub.cut_after and self.server.name == "store" else None
        for start in range(0, len(body), CHUNK):
            chunk = body[start : start + CHUNK]
            if cut is not None and start + len(chunk) > cut:
                self.wfile.write(chunk[: max(cut - start, 0)])
                self.close_connection = True
                return
            self.wfile.write(chunk)
            if self.server.hub.pause:
                time.sleep(self.server.hub.pause)

    def _empty(self, status: int, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._head(status, {**named, "Content-Length": "0"})

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
