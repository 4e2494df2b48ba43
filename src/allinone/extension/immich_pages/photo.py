"""One photo beside an Immich: its text over it and beside it, and having it read anew."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from fastapi import Request
from nicegui import ui

from allinone.errors import AllInOneError, NotFound
from allinone.extension.immich_pages.visitor import Visitor, head, open_visitor
from allinone.extension.pages.frame import every, raw, set_content
from allinone.extension.pages.highlighting import Span, marked
from allinone.extension.pages.icons import icon
from allinone.extension.pages.markup import Html, element, join
from allinone.extension.pages.overlay import overlay
from allinone.extension.pages.results import clean_query
from allinone.wire.ocr import OcrLine

POLL = 1.0
JOBS = {"ocr": "refresh-ocr", "clip": "refresh-smart-search"}
CORNERS = ("x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4")


async def photo_page(request: Request, asset_id: str, q: str = "") -> None:
    """`/photos/{id}?q=...`."""
    try:
        wanted = UUID(asset_id)
    except ValueError as error:
        raise NotFound(asset_id) from error
    page = PhotoPage(await open_visitor(request), wanted, clean_query(q))
    await page.build()


class PhotoPage:
    """One visitor's look at one photo."""

    def __init__(self, visitor: Visitor, asset_id: UUID, query: str) -> None:
        self._visitor = visitor
        self._id = asset_id
        self._query = query
        self._matched: Sequence[Mapping[str, Any]] = ()
        self._states: dict[str, Any] = {}
        self._lines: dict[str, ui.html] = {}
        self._aspect = 4 / 3

    async def build(self) -> None:
        """Read everything and show it.

        Raises:
            NotFound: Immich shows no such photo to this visitor.
        """
        texts, api = self._visitor.texts, self._visitor.api
        asset = await api.get(f"/api/assets/{self._id}")
        if asset.get("width") and asset.get("height"):
            self._aspect = asset["width"] / asset["height"]
        await self._find_matches()
        name = str(asset.get("originalFileName", ""))
        ui.page_title(f"{name} · {texts.laboratory}")
        raw(head(self._visitor, self._query, "photo"), tag="header", classes="site-head")
        with ui.element("div").classes("photo-page").props("id=photo"):
            with ui.element("div").classes("stage"), ui.element("figure").classes("photo") as figure:
                figure.style(f"--ratio:{self._aspect:.5f}")
                raw(element("img", src=f"/api/assets/{self._id}/thumbnail?size=preview", alt=name), classes="picture")
                self._overlay = raw(Html(), classes="overlay")
            with ui.element("aside").classes("panel"):
                raw(join(name), tag="h1", classes="photo-name")
                link = element("a", texts.open_in_immich, href=f"/photos/{self._id}", class_="button")
                raw(link)
                box = element("label", element("input", type="checkbox", id="show-boxes"), element("span", texts.boxes),
                              class_="toggle")  # fmt: skip
                with ui.element("section").classes("text"):
                    raw(join(element("h2", texts.text_heading), box), classes="section-head")
                    self._text = raw(Html(), classes="section-body")
                self._build_jobs(own=asset.get("ownerId") == self._visitor.me["id"])
        await self._show_text()
        await self._look()
        every(POLL, self._poll)

    async def _find_matches(self) -> None:
        """What the search that led here matched in this photo, where it can be told."""
        if not self._query:
            return
        body = {"query": self._query, "visibility": "timeline", "size": 100}
        try:
            explained = await self._visitor.api.post("/allinone/api/explain", body)
        except AllInOneError:
            return
        hit = next((hit for hit in explained["hits"] if str(hit["assetId"]) == str(self._id)), None)
        self._matched = hit["text"]["lines"] if hit and hit.get("text") else ()

    def _build_jobs(self, *, own: bool) -> None:
        texts = self._visitor.texts
        with ui.element("section").classes("recognition"):
            raw(join(texts.jobs_heading), tag="h2")
            if not own:
                raw(join(texts.not_yours), tag="p", classes="quiet")
                return
            for what, label in (("ocr", texts.refresh_ocr), ("clip", texts.refresh_clip)):
                with ui.element("div").classes("regenerate"):
                    button = raw(join(icon("refresh"), label), tag="button", classes="button")
                    button.props(f"type=button id=refresh-{what}").on("click", lambda _, what=what: self._ask(what))
                    self._lines[what] = raw(Html(), tag="p", classes="state").props('role="status"')

    async def _ask(self, what: str) -> None:
        try:
            await self._visitor.api.post("/api/assets/jobs", {"name": JOBS[what], "assetIds": [str(self._id)]})
            await self._look()
        except AllInOneError as error:
            words = self._visitor.texts.job_states["failed"].format(reason=str(error))
            set_content(self._lines[what], element("span", words, class_="failed"))

    async def _poll(self) -> None:
        if any(state and state["finishedAt"] is None for state in self._states.values()):
            try:
                await self._look()
            except AllInOneError:
                return  # it is looked at again

    async def _look(self) -> None:
        states = await self._visitor.api.get(f"/allinone/api/jobs/{self._id}")
        finished = any(
            (state := states.get(what)) and state["finishedAt"] and state != self._states.get(what)
            for what in self._lines
        )
        self._states = {what: states.get(what) for what in self._lines}
        for what, line in self._lines.items():
            if state := states.get(what):
                words = self._visitor.texts.job_states[state["state"]].format(reason=state.get("message") or "")
                busy = state["finishedAt"] is None
                spinner = element("span", class_="spinner", aria_hidden="true") if busy else ""
                set_content(line, join(spinner, element("span", words, class_=state["state"])))
        if finished:
            await self._show_text()

    async def _show_text(self) -> None:
        rows = await self._visitor.api.get(f"/api/assets/{self._id}/ocr")
        lines = [_line(row) for row in rows]
        spans = {at: found for at, line in enumerate(lines) if (found := self._spans(line.text)) is not None}
        set_content(self._overlay, overlay(lines, spans, self._aspect))
        if not lines:
            set_content(self._text, element("p", self._visitor.texts.no_text, class_="quiet"))
            return
        items = (
            element("li", element("span", marked(line.text, spans.get(at, ())), class_="words"), data_line=at,
                    class_="matched" if at in spans else None)
            for at, line in enumerate(lines)
        )  # fmt: skip
        set_content(self._text, element("ol", *items, class_="lines"))

    def _spans(self, text: str) -> Sequence[Span] | None:
        return next((line["spans"] for line in self._matched if line["text"] == text), None)


def _line(row: Mapping[str, Any]) -> OcrLine:
    x1, y1, x2, y2, x3, y3, x4, y4 = (float(row[corner]) for corner in CORNERS)
    return OcrLine(str(row["text"]), (x1, y1, x2, y2, x3, y3, x4, y4), float(row["boxScore"]), float(row["textScore"]))
