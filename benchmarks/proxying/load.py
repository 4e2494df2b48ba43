"""Load on one address: `python load.py PORT CONNECTIONS SECONDS`. Prints JSON: requests, failures, latencies in ms."""

import asyncio
import json
import os
import sys
import time

import uvloop

BOUNDARY = "----formdata-undici-047258193622"
ENTRIES = '{"clip":{"visual":{"modelName":"ViT-B-32__openai"}}}'
IMAGE_BYTES = 170_000


def request(port: int) -> bytes:
    """What Immich sends for one photo."""
    image = b"\xff\xd8" + os.urandom(IMAGE_BYTES - 4) + b"\xff\xd9"
    body = (
        (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="entries"\r\n\r\n{ENTRIES}\r\n'
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="blob"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()
        + image
        + f"\r\n--{BOUNDARY}--\r\n".encode()
    )
    head = (
        f"POST /predict HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: keep-alive\r\n"
        f"content-type: multipart/form-data; boundary={BOUNDARY}\r\naccept: */*\r\naccept-language: *\r\n"
        "sec-fetch-mode: cors\r\nuser-agent: immich-server/3.1.0\r\naccept-encoding: gzip, deflate\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    ).encode()
    return head + body


class Client(asyncio.Protocol):
    """One connection: the next request follows the answer to the last."""

    def __init__(self, wire: bytes, times: list[float], failures: list[bytes]) -> None:
        self._wire = wire
        self._times = times
        self._failures = failures
        self._missing = 0
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
        else:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._head[:end].lower()
            if not head.startswith(b"http/1.1 200"):
                self._failures.append(self._head[:300])
            start = head.index(b"content-length:") + 15
            length = int(head[start:].split(b"\r\n", 1)[0])
            self._missing = length - (len(self._head) - end - 4)
        if self._missing == 0:
            self._times.append(time.perf_counter() - self._begun)
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._transport.is_closing():
            self._failures.append(b"closed")

    def _send(self) -> None:
        self._head = b""
        self._begun = time.perf_counter()
        self._transport.write(self._wire)  # type: ignore[attr-defined]


async def measure(port: int, connections: int, seconds: float) -> dict[str, object]:
    times: list[float] = []
    failures: list[bytes] = []
    wire = request(port)
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: Client(wire, times, failures), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.sleep(0.3)  # warm
    times.clear()
    begun = time.perf_counter()
    await asyncio.sleep(seconds)
    took = time.perf_counter() - begun
    ordered = sorted(times)
    for transport, _ in made:
        transport.abort()
    if not ordered:
        return {
            "requests": 0,
            "rate": 0.0,
            "failures": len(failures),
            "p50": 0.0,
            "p99": 0.0,
            "first": repr(failures[:1]),
        }
    return {
        "requests": len(ordered),
        "rate": len(ordered) / took,
        "failures": len(failures),
        "p50": ordered[len(ordered) // 2] * 1000,
        "p99": ordered[int(len(ordered) * 0.99)] * 1000,
    }


if __name__ == "__main__":
    port, connections, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    print(json.dumps(uvloop.run(measure(port, connections, seconds))))
