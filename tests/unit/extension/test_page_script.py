"""Where our script goes in Immich's page, however the page comes."""

from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from allinone.extension.page_script import HeadInsertion, PageScript, script_version
from allinone.extension.script_api import script_routes
from allinone.http.problems import install_problems

PAGE = b"<!doctype html><html><head><title>a</title></head><body>b &lt;/head&gt;</body></html>"
TAG = f'<script defer src="/allinone/immich.js?v={script_version()}"></script>'.encode()


def inserted(*chunks: bytes) -> bytes:
    insertion = HeadInsertion(b"[us]")
    return b"".join(insertion.feed(chunk) for chunk in chunks) + insertion.end()


@given(st.lists(st.integers(0, len(PAGE)), max_size=6))
def test_it_goes_before_the_end_of_the_head_wherever_chunks_are_cut(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(PAGE)]
    chunks = [PAGE[begin:end] for begin, end in pairwise(places)]
    assert inserted(*chunks) == PAGE.replace(b"</head>", b"[us]</head>")


@given(st.lists(st.sampled_from([b"<", b"</he", b"ad", b"  >", b"x" * 100, b"</HEAD\n>", b"\xff\x00"]), max_size=12))
def test_nothing_is_lost_or_doubled_whatever_comes(chunks: list[bytes]) -> None:
    result = inserted(*chunks)
    assert result.count(b"[us]") == 1
    assert result.replace(b"[us]", b"") == b"".join(chunks)


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (b"<p>hello", b"<p>hello[us]"),
        (b"", b"[us]"),
        (b"a</HEAD >b", b"a[us]</HEAD >b"),
        (b"a</header>b</head>", b"a</header>b[us]</head>"),
        (b"</head></head>", b"[us]</head></head>"),
        (b"5 < 6", b"5 < 6[us]"),
    ],
)
def test_odd_pages(page: bytes, expected: bytes) -> None:
    assert inserted(page) == expected


def app(registry: CollectorRegistry) -> Starlette:
    async def page(request: Request) -> Response:
        assert request.headers["accept-encoding"] == "identity"
        headers = {"cache-control": "no-store", "etag": '"old"', "set-cookie": "a=b"}
        return Response(PAGE, media_type="text/html; charset=utf-8", headers=headers)

    async def stream(_: Request) -> Response:
        async def parts():
            for byte in PAGE:
                yield bytes([byte])

        return StreamingResponse(parts(), status_code=404, media_type="text/html")

    async def packed(_: Request) -> Response:
        return Response(b"\x1f\x8b", media_type="text/html", headers={"content-encoding": "gzip"})

    async def script(_: Request) -> Response:
        return Response(b"let a = '</head>'", media_type="text/javascript")

    routes = [Route("/packed", packed), Route("/start.js", script), Route("/share/x", stream), Route("/{_:path}", page)]
    inner = Starlette(routes=routes)
    inner.add_middleware(PageScript, registry=registry)
    return inner


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def client(registry: CollectorRegistry) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app(registry)), base_url="http://immich")


async def test_pages_get_it_and_keep_their_headers(client: httpx.AsyncClient, registry: CollectorRegistry) -> None:
    answer = await client.get("/photos")
    assert answer.content == PAGE.replace(b"</head>", TAG + b"</head>")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["set-cookie"] == "a=b"
    assert "content-length" not in answer.headers
    assert "etag" not in answer.headers
    assert registry.get_sample_value("allinone_immich_pages_total", {"place": "head"}) == 1


async def test_streamed_pages_get_it_too(client: httpx.AsyncClient) -> None:
    answer = await client.get("/share/x")
    assert answer.status_code == httpx.codes.NOT_FOUND
    assert answer.content == PAGE.replace(b"</head>", TAG + b"</head>")


async def test_what_is_no_page_passes_as_it_is(client: httpx.AsyncClient) -> None:
    script = await client.get("/start.js")
    assert (script.content, script.headers["content-length"]) == (b"let a = '</head>'", "17")
    request = client.build_request("GET", "/packed")
    answer = await client.send(request, stream=True)
    assert b"".join([part async for part in answer.aiter_raw()]) == b"\x1f\x8b"


async def script_client(registry: CollectorRegistry) -> httpx.AsyncClient:
    from fastapi import FastAPI

    site = FastAPI()
    install_problems(site)
    site.include_router(script_routes(registry))
    return httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url="http://immich")


async def test_the_script_may_be_kept_by_its_version_only(registry: CollectorRegistry) -> None:
    client = await script_client(registry)
    current = await client.get(f"/allinone/immich.js?v={script_version()}")
    assert "immutable" in current.headers["cache-control"]
    assert current.headers["content-type"] == "text/javascript; charset=utf-8"
    for path in ("/allinone/immich.js", "/allinone/immich.js?v=old"):
        answer = await client.get(path)
        assert answer.headers["cache-control"] == "no-cache"
        again = await client.get(path, headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_problems_are_counted_by_a_few_kinds(registry: CollectorRegistry) -> None:
    client = await script_client(registry)
    for _ in range(3):
        assert (await client.post("/allinone/api/script-problems", json={"kind": "menu"})).status_code == 204
    for body in ({"kind": "x" * 1000}, {}, [], {"kind": ["menu"]}):
        assert (await client.post("/allinone/api/script-problems", json=body)).status_code == 400
    assert registry.get_sample_value("allinone_script_problems_total", {"kind": "menu"}) == 3
