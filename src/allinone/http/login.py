"""The log-in form, for people; programs send the password with each request."""

import html
import logging
import math
from http import HTTPStatus
from importlib import resources
from string import Template
from typing import Literal
from urllib.parse import parse_qs

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from allinone.http.credentials import SESSION_SECONDS, Password
from allinone.http.json_body import read_body
from allinone.http.language import Language, preferred_language
from allinone.http.throttle import Throttle

logger = logging.getLogger(__name__)

COOKIE = "allinone_session"
LOGIN_PATH = "/allinone/login"
LOGOUT_PATH = "/allinone/logout"
HOME = "/allinone/"
MAX_FORM = 8192  # bytes

Fault = Literal["wrong", "wait"]

_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Photos",
        "label": "Password",
        "button": "Log in",
        "wrong": "This is not the password.",
        "wait": "Too many wrong passwords. Try again in {seconds} s.",
    },
    "zh-Hant": {
        "title": "相片",
        "label": "密碼",
        "button": "登入",
        "wrong": "密碼不正確。",
        "wait": "密碼輸入錯誤次數過多，請在 {seconds} 秒後再試。",
    },
    "zh-Hans": {
        "title": "照片",
        "label": "密码",
        "button": "登录",
        "wrong": "密码不正确。",
        "wait": "密码输入错误次数过多，请在 {seconds} 秒后再试。",
    },
}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"


def login_routes(password: Password | None, throttle: Throttle) -> APIRouter:
    """The form, what it is sent to, and the way out. Without a password the form leads straight in."""
    routes = APIRouter()
    page = Template(resources.files("allinone.http").joinpath("login.html").read_text(encoding="utf-8"))

    @routes.get(LOGIN_PATH)
    async def form(request: Request) -> Response:
        target = local_target(request.query_params.get("next", ""))
        if password is None or password.is_session(request.cookies.get(COOKIE, "")):
            return RedirectResponse(target, HTTPStatus.SEE_OTHER)
        return _page(page, request, target, None, HTTPStatus.OK)

    @routes.post(LOGIN_PATH)
    async def log_in(request: Request) -> Response:
        fields = parse_qs((await read_body(request))[:MAX_FORM].decode("utf-8", "replace"))
        target = local_target(fields.get("next", [""])[0])
        if password is None:
            return RedirectResponse(target, HTTPStatus.SEE_OTHER)
        client = request.client.host if request.client else ""
        wait = math.ceil(throttle.wait(client))
        if wait > 0:
            return _page(page, request, target, "wait", HTTPStatus.TOO_MANY_REQUESTS, seconds=wait)
        if not password.matches(fields.get("password", [""])[0].encode()):
            logger.warning("Wrong password from %s", client)
            throttle.failed(client)
            return _page(page, request, target, "wrong", HTTPStatus.UNAUTHORIZED)
        throttle.succeeded(client)
        response = RedirectResponse(target, HTTPStatus.SEE_OTHER)
        secure = request.url.scheme == "https"
        response.set_cookie(
            COOKIE, password.new_session(), SESSION_SECONDS, httponly=True, samesite="lax", secure=secure
        )
        return response

    @routes.post(LOGOUT_PATH)
    async def log_out() -> Response:
        response = RedirectResponse(LOGIN_PATH, HTTPStatus.SEE_OTHER)
        response.delete_cookie(COOKIE, httponly=True, samesite="lax")
        return response

    return routes


def local_target(target: str) -> str:
    """`target` if it is a path of ours, the home page otherwise: a log-in must not lead to another site."""
    outside = not target.startswith("/") or target[1:2] in ("/", "\\")
    return HOME if outside or not target.isprintable() or "\\" in target else target


def _page(
    page: Template,
    request: Request,
    target: str,
    fault: Fault | None,
    status: HTTPStatus,
    *,
    seconds: int = 0,
) -> Response:
    language = preferred_language(request.headers.get("accept-language", ""))
    words = _WORDS[language]
    text = page.substitute(
        language=language,
        title=words["title"],
        label=words["label"],
        button=words["button"],
        message=words[fault].format(seconds=seconds) if fault else "",
        action=LOGIN_PATH,
        next=html.escape(target, quote=True),
    )
    headers = {"content-security-policy": _POLICY, "cache-control": "no-store", "vary": "accept-language"}
    if seconds:
        headers["retry-after"] = str(seconds)
    return HTMLResponse(text, status, headers)
