"""Who looks at a page beside an Immich: known by Immich's cookie, and asked about with it."""

import copy
import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ParamSpec

import httpx
from fastapi import FastAPI, Request
from nicegui import ui

from allinone.errors import AllInOneError, BackendFailed, NotFound, Unauthenticated
from allinone.extension.immich_pages.texts import TEXTS, ImmichTexts
from allinone.extension.immich_services import ImmichServices
from allinone.extension.pages.icons import icon
from allinone.extension.pages.languages import choose_language
from allinone.extension.pages.markup import Html, element, join
from allinone.extension.pages.visits import SERVICES_KEY
from allinone.extension.refresh_requests import RefreshRequests
from allinone.immich.credentials import Credentials

SECONDS = 30.0
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class ImmichHouse:
    """What the pages work with: the application that they belong to, whose own endpoints they ask."""

    app: FastAPI
    services: ImmichServices
    refreshes: RefreshRequests


class OwnApi:
    """The extension's endpoints, asked within the process as the visitor."""

    def __init__(self, app: FastAPI, credentials: Credentials) -> None:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self._http = httpx.AsyncClient(
            transport=transport, base_url="http://extension", headers=dict(credentials.headers), timeout=SECONDS
        )

    async def get(self, path: str) -> Any:
        """JSON from `path`.

        Raises:
            Unauthenticated, NotFound, BackendFailed: it was refused, with the reason given.
        """
        return _document(await self._http.get(path))

    async def post(self, path: str, body: Any) -> Any:
        """JSON from posting to `path`; None for an empty answer.

        Raises:
            Unauthenticated, NotFound, BackendFailed: it was refused, with the reason given.
        """
        return _document(await self._http.post(path, json=body))

    async def text(self, path: str) -> str:
        """The answer as text, whatever its status."""
        return (await self._http.get(path)).text


def _document(answer: httpx.Response) -> Any:
    if answer.status_code == HTTPStatus.NO_CONTENT:
        return None
    try:
        content = answer.json()
    except ValueError:
        content = {}
    if answer.is_success:
        return content
    said = content.get("message") if isinstance(content, dict) else None
    message = "; ".join(said) if isinstance(said, list) else str(said or answer.status_code)
    if answer.status_code == HTTPStatus.UNAUTHORIZED:
        raise Unauthenticated(message)
    if answer.status_code in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND):
        raise NotFound(message)
    raise BackendFailed(message)


@dataclass(frozen=True, slots=True)
class Visitor:
    """One visit: `me` is Immich's answer to who this is."""

    house: ImmichHouse
    api: OwnApi
    texts: ImmichTexts
    base: str
    me: dict[str, Any]


async def open_visitor(request: Request) -> Visitor:
    """The visitor of a page.

    Raises:
        Unauthenticated: Immich does not know them.
    """
    house = request.scope[SERVICES_KEY]
    if not isinstance(house, ImmichHouse):
        raise NotFound(request.url.path)
    api = OwnApi(house.app, Credentials.of(dict(request.headers), []))
    me = await api.get("/api/users/me")
    return Visitor(house, api, texts_of(request), str(request.scope.get("root_path", "")), me)


def texts_of(request: Request) -> ImmichTexts:
    """The visitor's language; also that of the page being built."""
    language = choose_language(request.headers.get("accept-language", ""))
    client = ui.context.client
    client.page = copy.copy(client.page)  # the page is shared by its visitors
    client.page.language = language.value
    return TEXTS[language]


def guarded(page: Callable[P, Awaitable[None]]) -> Callable[P, Awaitable[None]]:
    """A page that asks strangers to log in, and tells errors of ours."""

    @functools.wraps(page)
    async def guarded_page(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            await page(*args, **kwargs)
        except AllInOneError as error:
            client = ui.context.client
            client.content.clear()
            _show(client.request, error)

    return guarded_page


def _show(request: Request, error: AllInOneError) -> None:
    texts = texts_of(request)
    client = ui.context.client
    if isinstance(error, Unauthenticated):
        client.status_code = HTTPStatus.UNAUTHORIZED
        heading, link = texts.log_in_heading, element("a", texts.log_in, href="/auth/login", class_="button primary")
    else:
        client.status_code = HTTPStatus.NOT_FOUND if isinstance(error, NotFound) else HTTPStatus.SERVICE_UNAVAILABLE
        heading = texts.problem.format(reason=str(error))
        link = element("a", texts.laboratory, href=f"{request.scope.get('root_path', '')}/", class_="button primary")
    ui.page_title(heading)
    ui.html(element("div", element("h1", heading), link, class_="empty"), sanitize=False)


def head(visitor: Visitor, query: str, here: str) -> Html:
    """The head of every page: the search box, and the ways."""
    texts, base = visitor.texts, visitor.base
    field = element("input", type="search", name="q", value=query, placeholder=texts.placeholder,
                    aria_label=texts.search, autocomplete="off", spellcheck="false", maxlength=500)  # fmt: skip
    submit = element("button", icon("search"), type="submit", class_="submit", aria_label=texts.search)
    form = element("form", submit, field, role="search", action=f"{base}/", method="get", class_="search")
    links = []
    for name, label, href, image in (
        ("state", texts.state, f"{base}/status", "info"),
        ("immich", texts.to_immich, "/photos", "leave"),
    ):
        current = "page" if name == here else None
        words = element("span", label, class_="words")
        links.append(element("a", icon(image), words, href=href, aria_label=label, aria_current=current))
    brand = element("a", element("span", class_="logo"), element("span", texts.laboratory), href=f"{base}/",
                    class_="brand")  # fmt: skip
    return join(
        element("div", brand, class_="brand-box"),
        element("div", form, class_="search-box"),
        element("nav", *links, class_="links", aria_label=texts.state),
    )
