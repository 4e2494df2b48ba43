"""One visit of one browser to one page: what it works with, in which language, under which address."""

import copy
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request
from nicegui import ui

from allinone.extension.pages.languages import choose_language
from allinone.extension.pages.texts.languages import TEXTS
from allinone.extension.pages.texts.table import Texts
from allinone.extension.services import Services

SERVICES_KEY = "allinone.services"
"""Where install.py leaves the app's `Services` in the ASGI scope."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What a page needs to know about who asks.

    Attributes:
        base: the path the pages are mounted at, without a slash at its end.
    """

    services: Services
    texts: Texts
    base: str

    def grid_url(self, query: str = "") -> str:
        """The grid, with the query in it."""
        return f"{self.base}/" + (f"?{urlencode({'q': query})}" if query else "")

    def photo_url(self, asset_id: UUID, query: str, place: int | None) -> str:
        """A photo's page; `place` counts from 0."""
        parameters = ({"q": query} if query else {}) | ({} if place is None else {"at": str(place + 1)})
        return f"{self.base}/photos/{asset_id}" + (f"?{urlencode(parameters)}" if parameters else "")

    def status_url(self, page: int = 1) -> str:
        """The status page, opened at one page of its table."""
        return f"{self.base}/status" + (f"?{urlencode({'page': page})}" if page > 1 else "")

    @property
    def has_clip(self) -> bool:
        """Whether photos can be found by what they show."""
        return self.services.encoder is not None and self.services.encoder.clip_model is not None


def open_visit(request: Request) -> Visit:
    """The visit this request begins; sets the language of the page being built."""
    language = choose_language(request.headers.get("accept-language", ""))
    # NiceGUI keeps the language with the page, which all its visitors share: this visitor gets a copy.
    client = ui.context.client
    client.page = copy.copy(client.page)
    client.page.language = language.value
    return Visit(
        services=cast("Services", request.scope[SERVICES_KEY]),
        texts=TEXTS[language],
        base=str(request.scope.get("root_path", "")),
    )


def thumbnail_url(asset_id: UUID, size: str) -> str:
    """A photo's picture, as the extension's API serves it."""
    return f"/api/assets/{asset_id}/thumbnail?{urlencode({'size': size})}"
