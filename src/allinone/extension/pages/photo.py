"""One photo, large, with its text over it and beside it, why it was found, and what is known of its file."""

import asyncio
import json
from collections.abc import Sequence
from uuid import UUID

from fastapi import Request
from nicegui import ui
from nicegui.events import GenericEventArguments

from allinone.errors import AllInOneError, NotFound
from allinone.extension.pages.facts import definition_list, file_facts
from allinone.extension.pages.frame import every, raw, set_content, warning_line
from allinone.extension.pages.icons import icon
from allinone.extension.pages.markup import Html, element, join
from allinone.extension.pages.overlay import overlay
from allinone.extension.pages.reasons import reasons
from allinone.extension.pages.regeneration import Regeneration
from allinone.extension.pages.results import Entry, Results, clean_query
from allinone.extension.pages.text_panel import matches, text_panel
from allinone.extension.pages.tiles import aspect
from allinone.extension.pages.visits import Visit, open_visit, thumbnail_url
from allinone.library.store import LibraryAsset
from allinone.wire.ocr import OcrLine

POLL = 0.7  # seconds between looks while something is being read
LAST_PLACE = 1_000_000  # an address may ask for any number
RESTING = 6  # how many looks are left out otherwise


async def photo_page(request: Request, asset_id: str, q: str = "", at: int | None = None) -> None:
    """`/photos/{id}?q=...&at=...`: `at` says where in the results the photo stands, counted from 1."""
    try:
        wanted = UUID(asset_id)
    except ValueError as error:
        raise NotFound(asset_id) from error
    page = PhotoPage(open_visit(request), clean_query(q))
    await page.show(wanted, at - 1 if at is not None and 1 <= at <= LAST_PLACE else None)
    page.follow()


class PhotoPage:
    """One visitor's photo page; previous and next change the photo in place."""

    def __init__(self, visit: Visit, query: str) -> None:
        self._visit = visit
        self._results = Results(visit.services, query)
        self._place: int | None = None
        self._hit: Entry | None = None
        self._asset: LibraryAsset | None = None
        self._lines: Sequence[OcrLine] = ()
        self._turn = asyncio.Lock()
        self._rested = 0
        self._build()

    def _build(self) -> None:
        texts = self._visit.texts
        self._bar = raw(Html(), tag="header", classes="photo-head")
        self._notices = raw(Html(), classes="notices").props('role="status"')
        raw(element("p", id="announcements", role="status", data_copied=texts.copied), classes="offscreen")
        with ui.element("div").classes("photo-page").props("id=photo"):
            with ui.element("div").classes("stage"), ui.element("figure").classes("photo") as self._figure:
                self._picture = raw(Html(), classes="picture")
                self._overlay = raw(Html(), classes="overlay")
            with ui.element("aside").classes("panel"):
                self._heading = raw(Html(), tag="h1", classes="photo-name")
                self._why = _section(texts.why_heading, "why")
                self._text = _section(texts.text_heading, "text", _toggle(texts.show_boxes))
                with ui.element("section").classes("recognition"):
                    raw(join(texts.recognition_heading), tag="h2")
                    self._regeneration = Regeneration(self._visit)
                self._facts = _section(texts.details_heading, "details")

    def follow(self) -> None:
        """Answer the browser, and look for news of this photo, until the browser leaves."""
        ui.on("allinone-step", self._on_step)
        every(POLL, self._poll)

    async def show(self, asset_id: UUID, guess: int | None) -> None:
        """Show a photo; `guess` is the place it is expected at.

        Raises:
            NotFound: there is no such photo.
        """
        services = self._visit.services
        asset = await services.library.get(asset_id)
        if asset.library_id != services.library_id:
            raise NotFound(str(asset_id))
        self._asset = asset
        self._lines = await services.index.lines(asset_id)
        self._place = await self._results.find(asset_id, guess)
        self._hit = None if self._place is None else await self._results.entry(self._place)
        await self._show_bar()
        await self._regeneration.open(asset_id)
        self._show_picture(asset)
        self._show_findings(asset)
        set_content(self._heading, join(asset.file_name))
        ui.page_title(f"{asset.file_name} · {self._visit.texts.app_name}")

    async def _on_step(self, event: GenericEventArguments) -> None:
        if event.args not in (-1, 1):
            return
        async with self._turn:
            try:
                await self._step_by(event.args)
            except AllInOneError:
                set_content(self._notices, warning_line(self._visit.texts.problem_poll))

    async def _step_by(self, delta: int) -> None:
        if self._place is None:
            return
        place = self._place + delta
        entry = await self._results.entry(place)
        if entry is None:
            return
        await self.show(entry.asset.id, place)
        url = self._visit.photo_url(entry.asset.id, self._results.query, place)
        ui.run_javascript(f"allinone.moved({json.dumps(url)}, {json.dumps(str(entry.asset.id))})")

    async def _poll(self) -> None:
        self._rested += 1
        if not (self._regeneration.pending or self._unread) and self._rested < RESTING:
            return
        self._rested = 0
        async with self._turn:
            try:
                await self._look()
                set_content(self._notices, Html())
            except NotFound:
                set_content(self._notices, warning_line(self._visit.texts.not_found_hint))
            except AllInOneError:
                set_content(self._notices, warning_line(self._visit.texts.problem_poll))

    @property
    def _unread(self) -> bool:
        return self._asset is not None and self._asset.ocr_at is None and self._asset.failure is None

    async def _look(self) -> None:
        if self._asset is None:
            return
        finished = await self._regeneration.look()
        if not (finished or self._unread):
            return
        services = self._visit.services
        self._asset = await services.library.get(self._asset.id)
        self._lines = await services.index.lines(self._asset.id)
        if self._results.query and self._place is not None:
            await self._find_again(self._asset.id)
        self._show_picture(self._asset)
        self._show_findings(self._asset)

    async def _find_again(self, asset_id: UUID) -> None:
        """What was read anew may be found for another reason; its place in these results stays."""
        fresh = Results(self._visit.services, self._results.query)
        place = await fresh.find(asset_id, self._place)
        self._hit = None if place is None else await fresh.entry(place)

    async def _show_bar(self) -> None:
        visit, query, place = self._visit, self._results.query, self._place
        back = visit.texts.back_to_results if query else visit.texts.back_to_photos
        words = element("span", back, class_="words")
        parts = [element("a", icon("back"), words, href=visit.grid_url(query), class_="button back", id="back")]
        parts.append(element("span", visit.texts.asked.format(query=query) if query else "", class_="asked"))
        for delta, name, label in ((-1, "previous", visit.texts.previous), (1, "next", visit.texts.next)):
            beside = None if place is None else place + delta
            entry = None if beside is None else await self._results.entry(beside)
            href = visit.photo_url(entry.asset.id, query, beside) if entry else None
            parts.append(_step(name, label, delta, entry, href))
        set_content(self._bar, join(*parts))

    def _show_picture(self, asset: LibraryAsset) -> None:
        self._figure.style(f"--ratio:{aspect(asset):.5f}")
        picture = element(
            "img",
            src=thumbnail_url(asset.id, "preview"),
            alt=self._visit.texts.photo_alt.format(name=asset.file_name),
            draggable="false",
            data_missing=self._visit.texts.preview_missing,
        )
        set_content(self._picture, picture)

    def _show_findings(self, asset: LibraryAsset) -> None:
        texts, hit = self._visit.texts, self._hit.hit if self._hit else None
        matched = matches(self._lines, hit)
        set_content(self._overlay, overlay(self._lines, matched, aspect(asset)))
        set_content(self._text, text_panel(texts, asset, self._lines, matched))
        set_content(self._why, reasons(texts, hit) if hit else Html())
        download = element("a", icon("download"), texts.download, href=f"/api/assets/{asset.id}/original",
                           download=asset.file_name, class_="button")  # fmt: skip
        set_content(self._facts, join(definition_list(file_facts(texts, asset)), download))


def _section(heading: str, name: str, extra: Html | None = None) -> ui.html:
    with ui.element("section").classes(name):
        raw(join(element("h2", heading), extra or Html()), classes="section-head")
        return raw(Html(), classes="section-body")


def _toggle(label: str) -> Html:
    box = element("input", type="checkbox", id="show-boxes")
    return element("label", box, element("span", label), class_="toggle")


def _step(name: str, label: str, delta: int, entry: Entry | None, href: str | None) -> Html:
    return element(
        "a",
        icon(name),
        href=href,
        class_=f"button step {name}",
        aria_label=label,
        title=label,
        aria_disabled=None if entry else "true",
        data_step=delta,
        data_preview=thumbnail_url(entry.asset.id, "preview") if entry else None,
    )
