"""The app as a whole: its health, its numbers, who gets in, and what a rough connection does to it."""

import asyncio
import socket
from contextlib import asynccontextmanager, suppress

import httpx
import psycopg
import pytest
import uvicorn

from allinone.database.pool import Database
from allinone.errors import ConfigurationError
from allinone.extension.app import create_app
from allinone.extension.settings import ExtensionSettings
from allinone.http import body_limit, server
from allinone.http.server import server_config
from allinone.library.store import LibraryStore
from allinone.search.index import SearchIndex
from support.extension_site import ExtensionSite


@pytest.fixture
async def site(dsn, tmp_path):
    site = ExtensionSite(dsn, tmp_path)
    await site.open()
    return site


@asynccontextmanager
async def serving(app):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        running = uvicorn.Server(server_config(app, host="127.0.0.1", port=port))
        task = asyncio.create_task(running.serve([listener]))
        while not running.started:  # noqa: ASYNC110 — uvicorn has no event for it
            await asyncio.sleep(0.02)
        try:
            yield port
        finally:
            running.should_exit = True
            await task


async def talk(port, *pieces, pause=0.0, seconds=8.0):
    """What the server says to these bytes, to the end of the connection or of the time."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""

    async def send():
        with suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)

    sending = asyncio.create_task(send())
    with suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(seconds):
            while data := await reader.read(65536):
                answer += data
    sending.cancel()
    writer.close()
    return answer


async def test_health_readiness_and_numbers(site):
    await site.add("a.jpg", ["發票"])
    async with site.client() as client:
        health = await client.get("/healthz")
        ready = await client.get("/readyz")
        await client.post("/api/search/smart", json={"query": "ocr:發票"})
        await client.get("/api/assets/nobody")
        await client.get("/api/anything/else")
        metrics = (await client.get("/metrics")).text
        home = await client.get("/")
        ping = await client.get("/api/server/ping")
    assert (health.status_code, ready.status_code) == (200, 200)
    assert ready.json() == {"status": "ok", "checks": {"database": "ok", "library": "ok"}}
    assert 'allinone_http_requests_total{method="POST",route="/api/search/smart",status="200"} 1.0' in metrics
    assert 'route="/api/assets/{asset_id}",status="400"' in metrics
    assert "nobody" not in metrics
    assert "anything" not in metrics
    assert 'allinone_search_seconds_count{kind="text"} 1.0' in metrics
    assert (home.status_code, home.headers["location"]) == (307, "/allinone/")
    assert ping.json() == {"res": "pong"}


async def test_answers_carry_the_headers_that_hold_browsers_back(site):
    async with site.client() as client:
        answer = await client.get("/healthz")
        missing = await client.get("/api/nothing")
    for headers in (answer.headers, missing.headers):
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-immich-cid"]


async def test_a_library_that_is_not_there_and_a_database_that_goes_away(site, caplog):
    async with site.client() as client:
        with psycopg.connect(site.dsn) as connection:
            connection.execute("delete from library")
        unknown = await client.get("/readyz")
        assert (unknown.status_code, unknown.json()["checks"]["database"]) == (503, "ok")
        assert "no library" in unknown.json()["checks"]["library"]
        with psycopg.connect(site.dsn) as connection:
            connection.execute("drop table library cascade")
        broken = await client.get("/allinone/api/progress")
        assert broken.status_code == 500
        assert "does not exist" not in broken.text
        assert "does not exist" in caplog.text
        assert broken.json()["correlationId"] in caplog.text
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200


async def test_importing_and_creating_open_nothing(tmp_path):
    database = Database("host=127.0.0.1 port=1 dbname=nowhere")
    settings = ExtensionSettings(data_directory=tmp_path / "data")
    site = ExtensionSite("", tmp_path)
    app = create_app(
        settings,
        database=database,
        library=LibraryStore(database, tmp_path),
        index=SearchIndex(database),
        library_id=site.library_id,
    )
    assert not (tmp_path / "data").exists()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        assert (await client.get("/healthz")).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "photos.home", ""])
def test_other_addresses_need_a_password(host, tmp_path):
    with pytest.raises(ConfigurationError, match="ALLINONE_PASSWORD"):
        ExtensionSettings(data_directory=tmp_path, host=host)
    assert ExtensionSettings(data_directory=tmp_path, host=host, password="x").password is not None


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_machines_own_addresses_do_not(host, tmp_path):
    assert ExtensionSettings(data_directory=tmp_path, host=host, password="").password is None


async def test_a_password_guards_everything_but_health(site):
    photo = await site.add("a.jpg", ["發票"])
    async with site.client(host="0.0.0.0", password="correct horse") as client:
        for path in ("/", "/metrics", "/allinone/api/progress", f"/api/assets/{photo}/original", "/api/nothing",
                     "/allinone/", "/allinone/assets/pages.css"):  # fmt: skip
            assert (await client.get(path)).status_code == 401, path
        assert (await client.post("/api/search/smart", json={"query": "x"})).status_code == 401
        for path in ("/healthz", "/readyz"):
            assert (await client.get(path)).status_code == 200
        key = {"authorization": "Bearer correct horse"}
        found = await client.post("/api/search/smart", json={"query": "ocr:發票"}, headers=key)
        assert found.json()["assets"]["count"] == 1
        assert (
            await client.post("/api/assets/jobs", headers={"origin": "http://evil.example", **key})
        ).status_code == 403


HEAD = b"POST /api/search/smart HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


async def test_rough_connections_are_answered_or_cut_and_the_rest_goes_on(site, monkeypatch):
    monkeypatch.setattr(server, "HEADER_SECONDS", 1.0)
    monkeypatch.setattr(body_limit.BodyLimit.__init__, "__kwdefaults__", {"seconds": 1.0})
    await site.add("a.jpg", ["發票"])
    async with serving(site.app()) as port:
        big = await talk(port, HEAD + b"Content-Length: 5000000\r\n\r\n")
        endless = await talk(port, CHUNKED, *[b"10000\r\n" + b"x" * 65536 + b"\r\n"] * 20)
        waiting = await talk(port, CHUNKED + b"5\r\n")
        dripping = await talk(port, CHUNKED, *[b"1\r\n{\r\n"] * 30, pause=0.1)
        slow = await talk(port, *[b"G", b"E", b"T", b" /"] * 20, pause=0.1)
        silent = await talk(port)
        huge = await talk(port, b"GET / HTTP/1.1\r\n" + b"X-A: " + b"a" * 200_000)
        both = await talk(port, HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        odd = await talk(port, HEAD + b"Content-Length: -4\r\n\r\n")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            good = await client.post("/api/search/smart", json={"query": "ocr:發票"})
    assert big.startswith(b"HTTP/1.1 413")
    assert endless.startswith(b"HTTP/1.1 413")
    assert waiting.startswith(b"HTTP/1.1 408")
    assert dripping.startswith(b"HTTP/1.1 408")
    assert b"HTTP/1.1 40" in slow
    assert silent.startswith(b"HTTP/1.1 408")
    assert huge.startswith(b"HTTP/1.1 431")
    assert both.startswith(b"HTTP/1.1 400")
    assert odd.startswith(b"HTTP/1.1 400")
    assert good.json()["assets"]["count"] == 1


async def test_many_requests_at_once_are_all_answered(site):
    await site.add("a.jpg", ["發票"])
    async with serving(site.app()) as port, httpx.AsyncClient(base_url=f"http://localhost:{port}") as client:
        answers = await asyncio.gather(
            *(client.post("/api/search/smart", json={"query": f"ocr:發票 {number % 3}"}) for number in range(60))
        )
    assert {answer.status_code for answer in answers} == {200}


async def test_a_database_that_is_the_callers_stays_open(site):
    async with Database(site.dsn) as database:
        app = create_app(
            ExtensionSettings(data_directory=site.data),
            database=database,
            library=LibraryStore(database, site.data),
            index=SearchIndex(database),
            library_id=site.library_id,
            owns_database=False,
        )
        async with app.router.lifespan_context(app):
            pass
        async with database.connection() as connection:
            assert await (await connection.execute("select 1")).fetchone() == (1,)
