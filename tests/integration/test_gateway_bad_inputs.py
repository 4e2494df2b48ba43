"""Whatever a client sends, it gets a clear answer, no 5xx for its own fault, and the next request is served."""

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator

import pytest

from allinone.gateway.front import exchange
from allinone.http import server
from support import immich_requests as immich
from support.gateway_site import GatewaySite, running_gateway
from support.immich_requests import BOUNDARY, HttpAnswer
from support.scripted_backend import Reply, Request, ScriptedBackend, immich_ml

ROUTES = "ocr=work,clip=work,facial-recognition=work,*=work"
FORM = immich.form(immich.OCR, image=b"\xff\xd8 not looked at \xff\xd9")
KIND = f"content-type: multipart/form-data; boundary={BOUNDARY}\r\n"
TOKEN = "correct-horse-battery"
MAX_BODY = 300_000


@pytest.fixture
async def backend() -> AsyncIterator[ScriptedBackend]:
    async with ScriptedBackend() as running:
        yield running


@pytest.fixture
async def site(backend: ScriptedBackend) -> AsyncIterator[GatewaySite]:
    async with running_gateway(
        f"work=predict+{backend.url}", routes=ROUTES, max_body=MAX_BODY, memory=1_000_000
    ) as running:
        yield running
        assert (await running.ask(FORM)).status == 200, "alive, and right on the next good request"
        assert running.gateway.memory.used == 0, "memory is back"
        assert running.gateway.pool.waiting == 0
        assert all(member.outstanding == 0 for member in running.gateway.members)


def post(more: str, body: bytes = b"", *, host: str = "host: gateway\r\n") -> bytes:
    return f"POST /predict HTTP/1.1\r\n{host}{more}\r\n".encode("latin-1") + body


def declared(body: bytes, kind: str = KIND) -> bytes:
    return post(f"{kind}content-length: {len(body)}\r\n", body)


def part(name: str, content: bytes) -> bytes:
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()
ENTRIES = part("entries", immich.OCR.encode())


@pytest.mark.parametrize(
    ("wire", "status", "message"),
    [
        (declared(FORM, "content-type: multipart/form-data\r\n"), 400, "with a boundary"),
        (declared(b"{}", "content-type: application/json\r\n"), 400, "must be multipart/form-data"),
        (declared(FORM, ""), 400, "must be multipart/form-data"),
        (declared(b""), 400, "ends before its last boundary"),
        (post(KIND), 400, "ends before its last boundary"),
        (declared(part("x", b"") * 3000 + END), 400, "more than 16 parts"),
        (declared(ENTRIES + f"--{BOUNDARY}\r\nX: ".encode() + b"y" * 20_000), 400, "head does not end"),
        (declared(ENTRIES + ENTRIES + END), 400, "'entries' twice"),
        (declared(ENTRIES + part("image", b"1") + part("image", b"2") + END), 400, "'image' twice"),
        (declared(part("image", b"1") + END), 400, "has no part 'entries'"),
        (declared(part("entries", b"x" * 70_000) + END), 400, "more than 65536 bytes"),
        (declared(part("entries", b"\xff\xfe{}") + END), 400, "not UTF-8"),
        (declared(part("entries", b"[1,2]") + END), 400, "must be a JSON object"),
        (declared(part("entries", b"7") + END), 400, "must be a JSON object"),
        (declared(part("entries", b"{}") + END), 400, "must name a task"),
        (declared(part("entries", b'{"clip":' * 9000) + END), 400, "nested too deep|more than 65536"),
        (declared(part("entries", b'{"clip":{"visual":{"modelName":7}}}') + END), 400, "must be a string"),
        (declared(part("entries", b'{"clip":{"visual":{"options":[]}}}') + END), 400, "must be a JSON object"),
        (declared(part("entries", b'{"ocr":{"x":{"options":{"minScore":NaN}}}}') + END), 400, "NaN"),
        (declared(part("entries", b'{"ocr":{"x":{"options":{"minScore":1e999}}}}') + END), 400, "too large"),
        (post(f"{KIND}content-length: {MAX_BODY + 1}\r\n"), 413, f"larger than {MAX_BODY}"),
        (post(f"{KIND}content-length: {10**30}\r\n"), 400, ""),
        (post(f"{KIND}content-length: -5\r\n"), 400, ""),
        (post(f"{KIND}content-length: 5\r\ncontent-length: 6\r\n", b"hello"), 400, ""),
        (post(f"{KIND}content-length: 5\r\ntransfer-encoding: chunked\r\n", b"0\r\n\r\n"), 400, ""),
        (post(f"{KIND}transfer-encoding: chunked\r\n", b"zz\r\n"), 400, ""),
        (post(f"{KIND}content-length: 0\r\n", host="host: a\r\nhost: b\r\n"), 400, "more than one Host"),
        (post(f"{KIND}content-length: 0\r\norigin: https://evil.example\r\n"), 403, "another site"),
        (post(f"{KIND}x-a: b\r\n c: d\r\ncontent-length: 0\r\n"), 400, ""),
        (post(f"{KIND}x-a: b\x00c\r\ncontent-length: 0\r\n"), 400, ""),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, ""),
        (b"GET / HTTP/9.9\r\n\r\n", 400, ""),
    ],
)  # fmt: skip
async def test_requests_that_cannot_be_used(site: GatewaySite, wire: bytes, status: int, message: str) -> None:
    answer = await site.exchange(wire, seconds=10)
    assert answer.status == status, answer
    if message:
        document = answer.json()
        assert re.search(message, str(document["message"])), document
        assert document["statusCode"] == status


@pytest.mark.parametrize("host", ["evil.example", "", "a b", "[::1", "gateway:99999"])
async def test_any_host_may_be_named(site: GatewaySite, host: str) -> None:
    """Immich calls us by whatever name its administrator wrote down."""
    answer = await site.exchange(post(f"{KIND}content-length: {len(FORM)}\r\n", FORM, host=f"host: {host}\r\n"))
    assert answer.status == 200


async def test_chunks_are_taken(site: GatewaySite) -> None:
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(FORM[at : at + 50]), FORM[at : at + 50]) for at in range(0, len(FORM), 50))
    answer = await site.exchange(post(f"{KIND}transfer-encoding: chunked\r\n", chunks + b"0\r\n\r\n"))
    assert answer.status == 200


async def test_chunks_over_the_limit_end_there(site: GatewaySite) -> None:
    many = (b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n") * 8
    answer = await site.exchange(post(f"{KIND}transfer-encoding: chunked\r\n", ENTRIES[:0] + many))
    assert answer.status in (400, 413)


async def test_a_body_over_the_limit_is_refused_before_it_is_read(site: GatewaySite, backend: ScriptedBackend) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    more = f"{KIND}content-length: {MAX_BODY + 1}\r\nexpect: 100-continue\r\n"
    writer.write(post(more))
    answer = await immich.read_answer(reader)
    assert (answer.status, answer.headers["connection"]) == (413, "close")
    writer.close()
    assert backend.predictions == []


async def test_who_asks_may_send_is_told(site: GatewaySite) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(post(f"{KIND}content-length: {len(FORM)}\r\nexpect: 100-continue\r\n"))
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(FORM)
    assert (await immich.read_answer(reader)).status == 200
    writer.close()


async def trickle(site: GatewaySite, wire: bytes, seconds: float = 10) -> HttpAnswer:
    """Send a byte every few milliseconds until an answer comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    answer = asyncio.create_task(immich.read_answer(reader))
    try:
        for byte in wire:
            writer.write(bytes([byte]))
            await asyncio.wait([answer], timeout=0.02)
            if answer.done():
                break
        return await asyncio.wait_for(answer, seconds)
    finally:
        writer.close()


async def test_a_body_sent_a_byte_at_a_time(site: GatewaySite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "BODY_SECONDS", 0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(immich.head(site.port, len(FORM)))
    answer = asyncio.create_task(immich.read_answer(reader))
    begun = time.monotonic()
    for byte in FORM:
        writer.write(bytes([byte]))
        await asyncio.wait([answer], timeout=0.01)
        if answer.done():
            break
    assert (await answer).status == 408
    assert time.monotonic() - begun < 2
    writer.close()


async def test_chunks_without_an_end(site: GatewaySite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "BODY_SECONDS", 0.3)
    wire = post(f"{KIND}transfer-encoding: chunked\r\n", b"%x\r\n%b\r\n" % (len(FORM), FORM))
    assert (await site.exchange(wire)).status == 408


async def test_headers_sent_a_byte_at_a_time(site: GatewaySite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEADER_SECONDS", 0.3)
    assert (await trickle(site, immich.head(site.port, 10))).status == 408


async def test_headers_without_end(site: GatewaySite) -> None:
    answer = await site.exchange(b"POST /predict HTTP/1.1\r\n" + b"x-a: b\r\n" * 20_000)
    assert answer.status in (400, 431)


async def test_clients_that_leave_half_way(site: GatewaySite, backend: ScriptedBackend) -> None:
    wire = immich.request(site.port, FORM)
    for length in (10, len(wire) - len(FORM), len(wire) - 5):
        _, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(wire[:length])
        await writer.drain()
        writer.close()
    await asyncio.sleep(0.1)
    assert backend.predictions == []


async def test_requests_sent_ahead_are_not_taken(site: GatewaySite, backend: ScriptedBackend) -> None:
    async def slow(request: Request) -> Reply:
        await asyncio.sleep(0.1)
        return immich_ml(request)

    backend.script = slow
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(immich.request(site.port, FORM) * 3)
    answer = await immich.read_answer(reader)
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert await reader.read() == b""
    writer.close()
    assert len(backend.predictions) == 1
    backend.script = immich_ml


async def test_more_than_fits_waits_its_turn(backend: ScriptedBackend) -> None:
    body = immich.form(immich.OCR, image=b"x" * 250_000)
    async with running_gateway(
        f"work=predict+{backend.url}", routes=ROUTES, max_body=MAX_BODY, memory=MAX_BODY
    ) as site:
        most = 0

        async def watch() -> None:
            nonlocal most
            while True:
                most = max(most, site.gateway.memory.used)
                await asyncio.sleep(0.001)

        watching = asyncio.create_task(watch())
        answers = await asyncio.gather(*(site.ask(body) for _ in range(20)))
        watching.cancel()
        assert {answer.status for answer in answers} == {200}
        assert 0 < most <= MAX_BODY
        assert site.gateway.memory.used == 0


async def test_a_backends_flood_is_cut() -> None:
    flood = Reply(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n" + b"[" * 9_000_000)
    async with (
        ScriptedBackend(lambda request: immich_ml(request) if request.path == "/ping" else flood) as backend,
        running_gateway(f"work=predict+{backend.url}", routes=ROUTES) as site,
    ):
        answer = await site.ask(FORM)
        assert answer.status == 502
        assert "sent more than" in str(answer.json()["message"])


@pytest.mark.parametrize("path", ["/predict", f"/t/{TOKEN[:-1]}/predict", "/t//predict", f"/t/{TOKEN}x/predict"])
async def test_no_token_or_a_wrong_one(backend: ScriptedBackend, path: str) -> None:
    async with running_gateway(f"work=predict+{backend.url}", routes=ROUTES, token=TOKEN) as site:
        for more in ("", "x-auth-token: wrong\r\n", f"authorization: Bearer {TOKEN[:5]}\r\n"):
            answer = await site.ask(FORM, path=path, more=more)
            assert answer.status == 401
        assert backend.predictions == []


async def test_the_token_in_each_of_its_places(backend: ScriptedBackend, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with running_gateway(f"work=predict+{backend.url}", routes=ROUTES, token=TOKEN) as site:
        assert (await site.ask(FORM, path=f"/t/{TOKEN}/predict")).status == 200
        assert (await site.ask(FORM, more=f"x-auth-token: {TOKEN}\r\n")).status == 200
        assert (await site.ask(FORM, more=f"authorization: bearer {TOKEN}\r\n")).status == 200
        assert (await site.ask(b"", path=f"/t/{TOKEN}/predict")).status == 400
        for path in ("/", "/status", "/metrics", "/openapi.json"):
            assert (await site.get(path)).status_code == 401
            assert (await site.get(f"/t/{TOKEN}{path}")).status_code == 200
            assert (await site.get(path, x_auth_token=TOKEN)).status_code == 200
        assert (await site.get(f"/t/{TOKEN}/ping")).status_code == 200
        assert (await site.get(f"/t/{TOKEN}/nowhere")).status_code == 404
        for path in ("/ping", "/healthz", "/readyz"):
            assert (await site.get(path)).status_code == 200
    ours = [record.getMessage() for record in caplog.records if record.name.startswith(("allinone", "uvicorn"))]
    assert ours, "something was logged"
    assert not [line for line in ours if TOKEN in line]


async def test_no_key_is_shown_anywhere(backend: ScriptedBackend, caplog: pytest.LogCaptureFixture) -> None:
    secrets = ("sEcReT-kEy", "sEcReT-path")
    lines = [
        f"work=predict+{backend.url};key=sEcReT-kEy",
        "work=predict+http://127.0.0.1:9/t/sEcReT-path;key=sEcReT-kEy",
    ]
    async with running_gateway(*lines, routes=ROUTES) as site:
        assert (await site.ask(FORM)).status == 200
        await backend.kill()
        site.gateway.forwarder._deadline = 0.5
        failed = await site.ask(FORM)
        assert failed.status == 502
        pages = [(await site.get(path, accept="text/html")).text for path in ("/", "/status", "/metrics", "/readyz")]
        shown = [*pages, failed.body.decode(), failed.reason, repr(site.gateway.members), repr(site.gateway.settings)]
        assert not [text for text in shown + caplog.messages for secret in secrets if secret in text]
    await backend.start()


async def test_the_status_page_is_for_the_home_only(site: GatewaySite) -> None:
    assert (await site.get("/status", host="nas")).status_code == 200
    assert (await site.get("/status", host="192.168.1.7:8080")).status_code == 200
    assert (await site.get("/status", host="evil.example")).status_code == 403
    assert (await site.get("/", origin="https://evil.example")).status_code == 403


async def test_markup_in_what_backends_say_stays_text() -> None:
    evil = Reply(500, {"detail": "<img src=x onerror=alert(1)>"})
    async with (
        ScriptedBackend(lambda request: immich_ml(request) if request.path == "/ping" else evil) as backend,
        running_gateway(f"work=predict+{backend.url}", routes=ROUTES, deadline=0.5) as site,
    ):
        await site.ask(FORM)
        page = await site.get("/", accept="text/html")
        assert "<img" not in page.text
        assert "&lt;img" in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
