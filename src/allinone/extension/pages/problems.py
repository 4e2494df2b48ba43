"""What a visitor sees where a page cannot be shown: an address that leads nowhere, a database that is down."""

import functools
import logging
from collections.abc import Awaitable, Callable
from typing import ParamSpec

from fastapi import Request
from nicegui import ui

from allinone.errors import AllInOneError, NotFound
from allinone.extension.pages.markup import Html, element
from allinone.extension.pages.visits import Visit, open_visit

log = logging.getLogger(__name__)

P = ParamSpec("P")
Page = Callable[P, Awaitable[None]]


def guarded(page: Page[P]) -> Page[P]:
    """A page that shows our errors to its visitor instead of failing."""

    @functools.wraps(page)
    async def guarded_page(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            await page(*args, **kwargs)
        except AllInOneError as error:
            client = ui.context.client
            if not isinstance(error, NotFound):
                log.warning("%s cannot be shown: %s", client.request.url.path, error)
            client.content.clear()
            show_problem(open_visit(client.request), error)

    return guarded_page


async def missing_page(path: str, request: Request) -> None:
    """Any address that no other page has."""
    raise NotFound(path)


def show_problem(visit: Visit, error: AllInOneError) -> None:
    """Say what is wrong, and lead back to the photos."""
    texts = visit.texts
    missing = isinstance(error, NotFound)
    ui.context.client.status_code = 404 if missing else 503
    heading = texts.not_found if missing else texts.problem
    ui.page_title(heading)
    ui.html(_message(visit, heading, texts.not_found_hint if missing else str(error)), sanitize=False)


def _message(visit: Visit, heading: str, hint: str) -> Html:
    link = element("a", visit.texts.back_to_photos, href=visit.grid_url(), class_="button primary")
    return element("div", element("h1", heading), element("p", hint), link, class_="empty")
