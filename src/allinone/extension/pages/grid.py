"""The grid: all photos, or those a search found, growing as the person scrolls and as photos are read."""

import asyncio
import time
from collections.abc import Sequence
from uuid import UUID

from fastapi import Request
from nicegui import ui
from nicegui.events import GenericEventArguments

from allinone.errors import AllInOneError, DatabaseUnavailable
from allinone.extension.pages.empty_states import empty_library, nothing_found
from allinone.extension.pages.frame import Frame, every, folder_line, notice_line, raw, set_content, warning_line
from allinone.extension.pages.markup import Html, join
from allinone.extension.pages.regrouping import regroup
from allinone.extension.pages.results import BATCH, Batch, Entry, Results, clean_query
from allinone.extension.pages.tiles import tiles
from allinone.extension.pages.visits import Visit, open_visit
from allinone.library.store import IndexProgress

MAX_RESTORED = 600  # photos shown at once when a person comes back to where they were
REFRESHED = 300  # a grid with more photos than this offers new ones instead of moving
BUSY_POLL, IDLE_POLL = 2.0, 6.0  # seconds between looks at the progress
REFRESH_EVERY = 4.0  # seconds at least between two changes of the photos shown


async def grid_page(request: Request, q: str = "", shown: int = BATCH) -> None:
    """`/?q=...`: the photos that answer a query, or all; `shown` says how many to begin with."""
    page = GridPage(open_visit(request), q)
    await page.show(q, shown)
    await page.poll()
    page.follow()


class GridPage:
    """One visitor's grid."""

    def __init__(self, visit: Visit, query: str) -> None:
        self._visit = visit
        self._query = ""
        self._results = Results(visit.services, "")
        self._groups: list[tuple[ui.html, list[Entry]]] = []
        self._more = False
        self._notice = visit.services.notices
        self._progress: IndexProgress | None = None
        self._refreshed = time.monotonic()
        self._stale = False
        self._unanswered: tuple[str, int] | None = None
        self._turn = asyncio.Lock()
        self._latest = 0
        self._timer: ui.timer | None = None
        self._build(clean_query(query))

    def _build(self, query: str) -> None:
        texts = self._visit.texts
        self._frame = Frame(self._visit, query, target="photos")
        with ui.element("div").props("id=photos tabindex=-1"):
            raw(join(texts.app_name), tag="h1", classes="offscreen")
            self._summary = raw(Html(), tag="p", classes="summary").props('role="status" aria-live="polite"')
            self._new = raw(join(texts.show_new), tag="button", classes="button new-photos").props("type=button")
            self._grid = ui.element("div").props(f'role="list" aria-label="{texts.app_name}"')
            self._empty = raw(Html(), classes="empty-box")
            self._next = raw(join(texts.show_more), tag="button", classes="button more").props("type=button")
        self._next.on("click", self.grow)
        self._new.on("click", self._show_new)
        self._new.set_visibility(False)

    def follow(self) -> None:
        """Answer the browser, and look at the progress now and then, until the browser leaves."""
        ui.on("allinone-query", self._on_query)
        self._timer = every(BUSY_POLL, self.poll)

    async def _on_query(self, event: GenericEventArguments) -> None:
        arguments = event.args if isinstance(event.args, dict) else {}
        query, shown = arguments.get("q"), arguments.get("shown")
        query = query if isinstance(query, str) else ""
        try:
            await self._try_to_show(query, shown if isinstance(shown, int) else BATCH)
        finally:
            ui.run_javascript("allinone.shown()")

    async def _try_to_show(self, query: str, shown: int) -> None:
        """Show photos; where the database does not answer, say so and try again with the next look."""
        self._unanswered = None
        try:
            await self.show(query, shown)
        except DatabaseUnavailable:
            self._unanswered = (query, shown)
            self._frame.show_notices(*self._notices(), warning_line(self._visit.texts.problem_poll))
        except AllInOneError as error:
            self._frame.show_notices(*self._notices(), warning_line(str(error)))

    async def show(self, query: str, shown: int = BATCH) -> None:
        """Show the photos that answer `query`; the latest call wins."""
        self._latest += 1
        mine = self._latest
        async with self._turn:
            if mine != self._latest:
                return
            self._query = clean_query(query)
            self._results = Results(self._visit.services, self._query)
            batches = await self._first_batches(min(max(shown, BATCH), MAX_RESTORED))
            self._render(batches)

    async def _first_batches(self, shown: int) -> list[Batch]:
        batches = []
        for number in range(-(-shown // BATCH)):
            batches.append(await self._results.batch(number))
            if not batches[-1].more:
                break
        return batches

    def _render(self, batches: list[Batch]) -> None:
        self._groups.clear()
        self._grid.clear()
        self._grid.classes(replace="cards" if self._query else "tiles")
        for batch in batches:
            self._append(batch)
        self._stale = False
        self._new.set_visibility(False)
        notice = batches[0].notice if self._query else None
        self._notice = tuple(dict.fromkeys((*self._visit.services.notices, *([notice] if notice else []))))
        self._describe()
        name = self._visit.texts.app_name
        ui.page_title(f"{self._query} · {name}" if self._query else name)

    def _append(self, batch: Batch) -> None:
        if batch.entries:
            with self._grid:
                part = raw(tiles(self._visit, batch.entries, self._query), classes="batch")
            part.props('role="presentation"')
            self._groups.append((part, batch.entries))
        self._more = batch.more
        self._next.set_visibility(self._more)

    @property
    def _count(self) -> int:
        return sum(len(entries) for _, entries in self._groups)

    def _describe(self) -> None:
        """The line above the photos, and what stands in their place where there are none."""
        texts, count = self._visit.texts, self._count
        set_content(self._summary, join(texts.found(count, more=self._more)) if self._query else Html())
        # Where nothing was found, the page says so in large letters: this line is for screen readers then.
        self._summary.classes(replace="summary" if count else "summary offscreen")
        if count:
            set_content(self._empty, Html())
        elif self._query:
            set_content(self._empty, nothing_found(self._visit, self._query, self._progress))
        else:
            set_content(self._empty, empty_library(self._visit, self._progress))

    async def grow(self) -> None:
        """Show the next photos. A second call while one is under way waits for it and goes on from there."""
        async with self._turn:
            if not self._more:
                return
            try:
                self._append(await self._next_batch())
            except AllInOneError:
                self._frame.show_notices(*self._notices(), warning_line(self._visit.texts.problem_poll))
            self._describe()

    async def _next_batch(self) -> Batch:
        if self._query:
            return await self._results.batch(len(self._groups))
        batch = await self._results.newest(self._count, BATCH)
        known = {entry.asset.id for _, entries in self._groups for entry in entries}
        return Batch([entry for entry in batch.entries if entry.asset.id not in known], batch.more)

    async def _show_new(self) -> None:
        await self.show("", BATCH)
        ui.run_javascript("scrollTo({top: 0})")

    async def poll(self) -> None:
        """Bring the progress up to date, and the photos where it moved."""
        try:
            progress = await self._visit.services.library.progress(self._visit.services.library_id)
            await self._follow_progress(progress)
        except AllInOneError:
            self._frame.show_notices(*self._notices(), warning_line(self._visit.texts.problem_poll))

    async def _follow_progress(self, progress: IndexProgress) -> None:
        before, self._progress = self._progress, progress
        self._frame.show_progress(progress)
        self._frame.show_notices(*self._notices())
        if before is not None and (before.done, before.failed) != (progress.done, progress.failed):
            self._stale = True
        if self._timer:
            self._timer.interval = BUSY_POLL if progress.waiting or progress.scanning else IDLE_POLL
        if self._unanswered:
            await self._try_to_show(*self._unanswered)
        elif self._stale and time.monotonic() - self._refreshed >= REFRESH_EVERY:
            await self._refresh()
        elif not self._count:
            self._describe()

    def _notices(self) -> list[Html]:
        lines = [notice_line(self._visit, notice) for notice in self._notice]
        if self._progress and self._progress.notice:
            lines.append(folder_line(self._visit, self._progress.notice))
        return lines

    async def _refresh(self) -> None:
        """Bring in photos that were read meanwhile: into all photos, or into a search that had found none."""
        self._refreshed, self._stale = time.monotonic(), False
        if self._query:
            if not self._count:
                await self.show(self._query)
        elif self._count > REFRESHED:
            self._new.set_visibility(True)
        else:
            async with self._turn:
                if not self._query:
                    self._merge(await self._results.newest(0, max(self._count, BATCH)))

    def _merge(self, newest: Batch) -> None:
        if not self._groups:
            self._append(newest)
            self._describe()
            return
        by_id = {entry.asset.id: entry for entry in newest.entries}
        regrouped = regroup([_ids(entries) for _, entries in self._groups], by_id)
        for number, ids in enumerate(regrouped):
            part, _ = self._groups[number]
            entries = [by_id[photo] for photo in ids]
            self._groups[number] = (part, entries)
            set_content(part, tiles(self._visit, entries, ""))
        self._more = newest.more
        self._next.set_visibility(self._more)
        self._describe()


def _ids(entries: Sequence[Entry]) -> list[UUID]:
    return [entry.asset.id for entry in entries]
