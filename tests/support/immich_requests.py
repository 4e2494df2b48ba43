"""The requests of Immich v3.1.0's server, byte by byte (undici's form, its headers in its order)."""

import asyncio
import json
from dataclasses import dataclass, field

CLIP_VISUAL = '{"clip":{"visual":{"modelName":"ViT-B-32__openai"}}}'
CLIP_TEXTUAL = '{"clip":{"textual":{"modelName":"ViT-B-32__openai","options":{"language":"zh-Hans"}}}}'
CLIP_TEXTUAL_PLAIN = '{"clip":{"textual":{"modelName":"ViT-B-32__openai","options":{}}}}'
OCR = (
    '{"ocr":{"detection":{"modelName":"PP-OCRv5_mobile","options":{"minScore":0.5,"maxResolution":736}},'
    '"recognition":{"modelName":"PP-OCRv5_mobile","options":{"minScore":0.8}}}}'
)
FACES = (
    '{"facial-recognition":{"detection":{"modelName":"buffalo_l","options":{"minScore":0.7}},'
    '"recognition":{"modelName":"buffalo_l"}}}'
)
BOUNDARY = "----formdata-undici-047258193622"


@dataclass
class HttpAnswer:
    """An answer as it came."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes = field(repr=False, default=b"")

    def json(self) -> dict[str, object]:
        """The body."""
        return json.loads(self.body)


def form(entries: str | bytes, *, image: bytes | None = None, text: str | None = None) -> bytes:
    """The body."""
    raw = entries if isinstance(entries, bytes) else entries.encode()
    parts = [b'Content-Disposition: form-data; name="entries"\r\n\r\n' + raw]
    if image is not None:
        head = b'Content-Disposition: form-data; name="image"; filename="blob"\r\n'
        parts.append(head + b"Content-Type: application/octet-stream\r\n\r\n" + image)
    if text is not None:
        parts.append(b'Content-Disposition: form-data; name="text"\r\n\r\n' + text.encode())
    mark = f"--{BOUNDARY}".encode()
    return b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"


def head(port: int, length: int, *, path: str = "/predict", more: str = "") -> bytes:
    """The head of the request."""
    return (
        f"POST {path} HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: keep-alive\r\n"
        f"content-type: multipart/form-data; boundary={BOUNDARY}\r\naccept: */*\r\naccept-language: *\r\n"
        "sec-fetch-mode: cors\r\nuser-agent: immich-server/3.1.0\r\naccept-encoding: gzip, deflate\r\n"
        f"content-length: {length}\r\n{more}\r\n"
    ).encode()


def request(port: int, body: bytes, *, path: str = "/predict", more: str = "") -> bytes:
    """Head and body."""
    return head(port, len(body), path=path, more=more) + body


async def ask(port: int, body: bytes, *, path: str = "/predict", more: str = "", seconds: float = 60) -> HttpAnswer:
    """Send a form as Immich does, on a connection of its own."""
    return await exchange(port, request(port, body, path=path, more=more), seconds=seconds)


async def exchange(port: int, wire: bytes, *, seconds: float = 60) -> HttpAnswer:
    """Send bytes, read one answer."""
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(wire)
            return await read_answer(reader)
        finally:
            writer.close()


async def read_answer(reader: asyncio.StreamReader) -> HttpAnswer:
    """One answer with a Content-Length."""
    raw = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status, *lines = raw.rstrip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    _, code, reason = status.split(" ", 2)
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return HttpAnswer(int(code), reason, headers, body)
