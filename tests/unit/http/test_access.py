import base64

import httpx
import pytest
from fastapi import FastAPI, WebSocket
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from allinone.http.access import AccessGuard
from allinone.http.credentials import Password
from allinone.http.health import health_routes
from allinone.http.hosts import host_policy
from allinone.http.login import COOKIE, local_target, login_routes
from allinone.http.throttle import FREE_TRIES, Throttle

LOCAL = "http://localhost"
SECRET = "對的密碼 right"


def make_app(password=None):
    app = FastAPI()
    guard = Password(password, bytes(32)) if password else None
    throttle = Throttle()
    app.include_router(login_routes(guard, throttle))
    app.include_router(health_routes({}))
    hosts = host_policy("127.0.0.1", {"photos.home"}, open_to_others=False)
    app.add_middleware(AccessGuard, hosts=hosts, password=guard, throttle=throttle)

    @app.get("/allinone/")
    async def home():
        return "home"

    @app.post("/api/assets/jobs")
    async def jobs():
        return "done"

    @app.websocket("/allinone/_nicegui_ws/socket.io")
    async def socket(websocket: WebSocket):
        await websocket.accept()
        await websocket.send_text("hello")

    return app


def client(app, base=LOCAL, **kwargs):
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base, **kwargs)


def as_bytes(name, value):
    return {name: value.encode()}


async def test_a_name_that_is_not_ours_is_misdirected_and_told_what_to_do():
    async with client(make_app(), "http://evil.example") as browser:
        answer = await browser.get("/allinone/")
    assert answer.status_code == 421
    assert "ALLINONE_HOSTS" in answer.json()["message"]
    assert answer.json()["error"] == "Misdirected Request"


async def test_our_names_are_answered():
    for base in (LOCAL, "http://127.0.0.1:8070", "http://[::1]:8070", "http://photos.home"):
        async with client(make_app(), base) as browser:
            assert (await browser.get("/allinone/")).status_code == 200


async def test_no_host_and_two_hosts_are_refused():
    async with client(make_app()) as browser:
        twice = await browser.get("/allinone/", headers=[("host", "localhost"), ("host", "evil.example")])
        none = await browser.get("/allinone/", headers={"host": ""})
    assert (twice.status_code, none.status_code) == (421, 421)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:3000"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_pages_of_other_sites_cannot_start_jobs(headers):
    async with client(make_app()) as browser:
        answer = await browser.post("/api/assets/jobs", headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers", [{}, {"origin": LOCAL, "sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}]
)
async def test_our_pages_and_programs_can(headers):
    async with client(make_app()) as browser:
        answer = await browser.post("/api/assets/jobs", headers=headers)
    assert answer.status_code == 200


async def test_a_link_from_another_site_may_lead_here_but_its_scripts_may_not_read():
    async with client(make_app()) as browser:
        link = await browser.get("/allinone/", headers={"sec-fetch-site": "cross-site"})
        script = await browser.get(
            "/allinone/", headers={"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
        )
    assert (link.status_code, script.status_code) == (200, 403)


@pytest.mark.parametrize(
    "headers",
    [
        as_bytes("authorization", f"Bearer {SECRET}"),
        as_bytes("x-api-key", SECRET),
        {"authorization": "Basic " + base64.b64encode(f"me:{SECRET}".encode()).decode()},
    ],
)
async def test_the_password_opens(headers):
    async with client(make_app(SECRET)) as browser:
        assert (await browser.get("/allinone/", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        as_bytes("authorization", "Bearer " + SECRET[:-1]),
        as_bytes("authorization", "Bearer " + SECRET + "x"),
        {"authorization": "Bearer"},
        {"authorization": "Basic !"},
        {"x-api-key": ""},
        {"cookie": f"{COOKIE}=allinone.abc.def"},
    ],
)
async def test_everything_else_does_not(headers):
    async with client(make_app(SECRET)) as browser:
        answer = await browser.post("/api/assets/jobs", headers=headers)
        health = await browser.get("/healthz", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["statusCode"] == 401
    assert health.status_code == 200


async def test_a_person_is_led_to_the_form_and_back():
    async with client(make_app(SECRET), headers={"accept": "text/html"}) as browser:
        away = await browser.get("/allinone/?q=%E7%99%BC%E7%A5%A8")
        assert away.status_code == 303
        form = await browser.get(away.headers["location"], headers={"accept-language": "zh-TW"})
        assert 'lang="zh-Hant"' in form.text
        assert 'value="/allinone/?q=%E7%99%BC%E7%A5%A8"' in form.text
        data = {"password": SECRET, "next": "/allinone/?q=1"}
        entered = await browser.post("/allinone/login", data=data, headers={"origin": LOCAL})
        assert (entered.status_code, entered.headers["location"]) == (303, "/allinone/?q=1")
        cookie = entered.headers["set-cookie"]
        for part in ("HttpOnly", "SameSite=lax", "Max-Age=2592000", "Path=/"):
            assert part in cookie
        assert (await browser.get("/allinone/")).status_code == 200
        left = await browser.post("/allinone/logout", headers={"origin": LOCAL})
        assert left.status_code == 303
        assert (await browser.get("/allinone/")).status_code == 303


async def test_the_form_says_when_the_password_is_wrong_and_then_slows_down():
    async with client(make_app(SECRET)) as browser:
        first = await browser.post("/allinone/login", data={"password": "no"}, headers={"accept-language": "zh-CN"})
        assert (first.status_code, "密码不正确" in first.text) == (401, True)
        for _ in range(FREE_TRIES):
            last = await browser.post("/allinone/login", data={"password": "no"})
        assert last.status_code == 429
        assert int(last.headers["retry-after"]) >= 1
        right = await browser.get("/allinone/", headers=as_bytes("x-api-key", SECRET))
        assert right.status_code == 429


async def test_a_session_goes_on_while_somebody_guesses():
    app = make_app(SECRET)
    async with client(app) as browser:
        await browser.post("/allinone/login", data={"password": SECRET})
        async with client(app) as guesser:
            for _ in range(FREE_TRIES + 1):
                await guesser.get("/allinone/", headers={"x-api-key": "no"})
        assert (await browser.get("/allinone/")).status_code == 200


async def test_the_form_is_not_needed_without_a_password_and_escapes_what_it_is_given():
    async with client(make_app()) as browser:
        assert (await browser.get("/allinone/login")).headers["location"] == "/allinone/"
    async with client(make_app(SECRET)) as browser:
        form = await browser.get("/allinone/login", params={"next": '/"><script>alert(1)</script>'})
    assert "<script>" not in form.text


@pytest.mark.parametrize(
    "target",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "", "/a\r\nb", "/a\\b"],
)
def test_a_login_never_leads_to_another_site(target):
    assert local_target(target) == "/allinone/"


def connect(browser, **headers):
    return browser.websocket_connect("/allinone/_nicegui_ws/socket.io", headers={"host": "localhost", **headers})


@pytest.mark.parametrize("headers", [{"origin": "http://evil.example"}, {"host": "evil.example"}, {"origin": "null"}])
def test_a_web_socket_from_elsewhere_is_refused(headers):
    with pytest.raises(WebSocketDisconnect), connect(TestClient(make_app(), LOCAL), **headers):
        pass


def test_a_web_socket_of_ours_is_accepted():
    with connect(TestClient(make_app(), LOCAL), origin=LOCAL) as socket:
        assert socket.receive_text() == "hello"


def test_a_web_socket_needs_the_session_where_there_is_a_password():
    browser = TestClient(make_app(SECRET), LOCAL)
    with pytest.raises(WebSocketDisconnect), connect(browser, origin=LOCAL):
        pass
    session = Password(SECRET, bytes(32)).new_session()
    with connect(browser, origin=LOCAL, cookie=f"{COOKIE}={session}") as socket:
        assert socket.receive_text() == "hello"
