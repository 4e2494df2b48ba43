"""A backend that answers at once: `python stub_backend.py PORT [CORE]`. What it costs is mostly the kernel's part."""

import asyncio
import json
import sys

import httptools
import uvloop

VECTOR = "[" + ",".join(f"{0.001 * number - 0.25:.8f}" for number in range(512)) + "]"
ANSWER = json.dumps({"clip": VECTOR, "imageHeight": 1440, "imageWidth": 1920}).encode()
REPLY = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(ANSWER), ANSWER)


class Stub(asyncio.Protocol):
    """Counts a request's end, and answers it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._transport.write(REPLY)  # type: ignore[attr-defined]


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", port, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
