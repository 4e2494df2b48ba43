"""A backend of the network whose every answer a test decides: good ones of both kinds, and all kinds of bad ones."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httptools

SIZE = (1920, 1440)
VECTOR = [round(0.001 * number - 0.25, 6) for number in range(512)]
FACE = [round(0.002 * number - 0.5, 6) for number in range(512)]
IMMICH_OCR = {
    "text": ["發票", "AB-123"],
    "box": [0.1, 0.2, 0.5, 0.2, 0.5, 0.3, 0.1, 0.3, 0.1, 0.4, 0.5, 0.4, 0.5, 0.5, 0.1, 0.5],
    "boxScore": [0.9, 0.95],
    "textScore": [0.98, 0.9],
}
IMMICH_FACES = [
    {
        "boundingBox": {"x1": 100.0, "y1": 200.0, "x2": 300.0, "y2": 400.0},
        "embedding": json.dumps(FACE),
        "score": 0.93,
    }
]


@dataclass
class Request:
    """What came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    """What goes back. `raw` is sent as it is; `close` ends the connection after it; `delay` is in seconds."""

    status: int = 200
    document: object = None
    body: bytes | None = None
    headers: str = ""
    raw: bytes | None = None
    close: bool = False
    delay: float = 0.0

    def wire(self) -> bytes:
        """The bytes."""
        if self.raw is not None:
            return self.raw
        body = self.body if self.body is not None else json.dumps(self.document, ensure_ascii=False).encode()
        head = f"HTTP/1.1 {self.status} Scripted\r\ncontent-type: application/json\r\n{self.headers}"
        return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


Script = Callable[[Request], Awaitable[Reply] | Reply]


def immich_ml(request: Request) -> Reply:
    """What Immich's own server answers."""
    if request.path.endswith("/ping"):
        return Reply(body=b'"pong"')
    if not request.path.endswith("/predict"):
        return Reply(404, {"detail": "Not Found"})
    start = request.body.index(b"\r\n\r\n", request.body.index(b'name="entries"')) + 4
    entries = json.loads(request.body[start : request.body.index(b"\r\n--", start)])
    document: dict[str, object] = {}
    for task in entries:
        if task == "clip":
            document["clip"] = json.dumps(VECTOR)
        elif task == "ocr":
            document["ocr"] = IMMICH_OCR
        elif task == "facial-recognition":
            document["facial-recognition"] = IMMICH_FACES
        else:
            document[task] = {"echo": entries[task]}
    if b'name="image"' in request.body:
        document |= {"imageHeight": SIZE[1], "imageWidth": SIZE[0]}
    return Reply(document=document)


def mt_photos(request: Request) -> Reply:
    """What the two MT-Photos servers answer."""
    if request.headers.get("api-key") != "mt_photos_ai_extra":
        return Reply(401, {"detail": "Invalid API key"})
    if request.path == "/check":
        return Reply(document={"result": "pass", "title": "mt-photos-ai服务", "device": "cpu"})
    if request.path == "/ocr":
        boxes = [
            {"x": "192.0", "y": "288.0", "width": "768.0", "height": "144.0"},
            {"x": "192.0", "y": "576.0", "width": "768.0", "height": "144.0"},
        ]
        return Reply(document={"result": {"texts": ["發票", "AB-123"], "scores": ["0.98", "0.9"], "boxes": boxes}})
    if request.path in ("/clip/img", "/clip/txt"):
        return Reply(document={"result": [f"{value:.16f}" for value in VECTOR]})
    if request.path == "/represent":
        area = {"x": 100, "y": 200, "w": 200, "h": 200}
        faces = [
            {"embedding": FACE, "facial_area": area, "face_confidence": 0.93},
            {"embedding": FACE, "facial_area": area, "face_confidence": 0.4},
        ]
        return Reply(document={"detector_backend": "insightface", "recognition_model": "buffalo_l", "result": faces})
    return Reply(404, {"detail": "Not Found"})


class ScriptedBackend:
    """Listens on a port of its own; can be killed and started again on the same one."""

    def __init__(self, script: Script = immich_ml, *, tls: ssl.SSLContext | None = None) -> None:
        self.script = script
        self._tls = tls
        self.requests: list[Request] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self.connections: set[_Connection] = set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def predictions(self) -> list[Request]:
        """What came, without the looks at its health."""
        return [request for request in self.requests if not request.path.endswith(("/ping", "/check"))]

    async def start(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def kill(self) -> None:
        """Vanish, as after SIGKILL."""
        assert self._server is not None
        self._server.close()
        for connection in list(self.connections):
            connection.transport.abort()
        await asyncio.sleep(0)

    async def __aenter__(self) -> "ScriptedBackend":
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End."""
        await self.kill()


class _Connection(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self, backend: ScriptedBackend) -> None:
        self._backend = backend
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self._backend.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._backend.connections.discard(self)
        for task in self._tasks:
            task.cancel()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode()

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        method = self._parser.get_method().decode()
        request = Request(method, self._url.decode(), self._headers, b"".join(self._body))
        self._url, self._headers, self._body = b"", {}, []
        self._backend.requests.append(request)
        task = asyncio.ensure_future(self._reply(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reply(self, request: Request) -> None:
        made = self._backend.script(request)
        reply = made if isinstance(made, Reply) else await made
        if reply.delay:
            await asyncio.sleep(reply.delay)
        if self.transport.is_closing():
            return
        self.transport.write(reply.wire())
        if reply.close:
            self.transport.close()
