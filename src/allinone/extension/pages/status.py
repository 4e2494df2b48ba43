"""The status page: how far reading is, which models read, where the photos are, what could not be read."""

import asyncio
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from fastapi import Request
from nicegui import ui

from allinone import __version__
from allinone.errors import AllInOneError
from allinone.extension.pages.facts import date_time, definition_list
from allinone.extension.pages.frame import Frame, every, folder_line, notice_line, raw, set_content, warning_line
from allinone.extension.pages.icons import icon
from allinone.extension.pages.markup import Html, element, join
from allinone.extension.pages.visits import Visit, open_visit
from allinone.library.store import IndexProgress, UnreadableFile

POLL = 3.0  # seconds between looks at the progress
ROWS = 50  # unreadable files on one page of the table


async def status_page(request: Request, page: int = 1) -> None:
    """`/status?page=...`: `page` counts the pages of unreadable files from 1."""
    view = StatusPage(open_visit(request), max(page, 1))
    await view.build()
    view.follow()


class StatusPage:
    """One visitor's status page."""

    def __init__(self, visit: Visit, page: int) -> None:
        self._visit = visit
        self._page = page
        self._progress: IndexProgress | None = None

    async def build(self) -> None:
        """Read everything and show it.

        Raises:
            DatabaseUnavailable: the database does not answer.
        """
        texts, services = self._visit.texts, self._visit.services
        self._frame = Frame(self._visit, "", target="status")
        ui.page_title(f"{texts.status_title} · {texts.app_name}")
        with ui.element("div").classes("status-page").props("id=status tabindex=-1"):
            raw(join(texts.status_title), tag="h1")
            self._numbers = _section(texts.progress_heading)
            raw(_panel(texts.library_heading, definition_list(await self._folder())), tag="section")
            raw(_panel(texts.models_heading, definition_list(self._models())), tag="section")
            self._unreadable = raw(Html(), tag="section", classes="unreadable-files").props("id=unreadable")
            versions = definition_list(await self._versions())
            raw(_panel(texts.versions_heading, versions), tag="section")
        await self._show(await services.library.progress(services.library_id))

    def follow(self) -> None:
        """Look at the progress now and then, until the browser leaves."""
        every(POLL, self._poll)

    async def _poll(self) -> None:
        try:
            progress = await self._visit.services.library.progress(self._visit.services.library_id)
            if progress != self._progress:
                await self._show(progress)
        except AllInOneError:
            self._frame.show_notices(warning_line(self._visit.texts.problem_poll))
            self._progress = None

    async def _show(self, progress: IndexProgress) -> None:
        texts = self._visit.texts
        self._progress = progress
        self._frame.show_progress(progress)
        notices = [notice_line(self._visit, notice) for notice in self._visit.services.notices]
        self._frame.show_notices(*notices, *([folder_line(self._visit, progress.notice)] if progress.notice else []))
        numbers = (
            (texts.progress_total, progress.total),
            (texts.progress_done, progress.done),
            (texts.progress_waiting, progress.waiting),
            (texts.progress_failed, progress.failed),
        )
        cells = (element("div", element("dt", name), element("dd", f"{value:,}")) for name, value in numbers)
        idle = progress.total and not progress.waiting and not progress.scanning
        words = element("p", texts.progress_idle, class_="quiet") if idle else Html()
        set_content(self._numbers, join(element("dl", *cells, class_="numbers"), words))
        set_content(self._unreadable, await self._unreadable_files(progress.failed))

    async def _folder(self) -> list[tuple[str, str]]:
        texts, services = self._visit.texts, self._visit.services
        libraries = await services.library.libraries()
        root = next((library.root for library in libraries if library.id == services.library_id), None)
        if root is None:
            return []
        reachable = await asyncio.to_thread(root.is_dir)
        state = texts.reachable if reachable else texts.unreachable
        return [(texts.library_folder, _shown(root)), (texts.status, state)]

    def _models(self) -> list[tuple[str, str]]:
        texts, encoder = self._visit.texts, self._visit.services.encoder
        clip = encoder.clip_model if encoder else None
        return [
            (texts.model_ocr, f"RapidOCR {metadata.version('rapidocr')}"),
            (texts.model_clip, clip or texts.model_none),
        ]

    async def _versions(self) -> list[tuple[str, str]]:
        async with self._visit.services.database.connection() as connection:
            row = await (await connection.execute("show server_version")).fetchone()
        return [
            ("immich-all-in-one", __version__),
            ("Python", platform.python_version()),
            ("PostgreSQL", row[0] if row else ""),
            ("NiceGUI", metadata.version("nicegui")),
        ]

    async def _unreadable_files(self, failed: int) -> Html:
        texts, services = self._visit.texts, self._visit.services
        heading = element("h2", texts.unreadable_heading)
        pages = max(1, -(-failed // ROWS))
        page = min(self._page, pages)
        files = await services.library.failures(services.library_id, offset=(page - 1) * ROWS, limit=ROWS)
        if not files:
            return join(heading, element("p", texts.unreadable_none, class_="quiet"))
        return join(heading, self._table(files), self._pager(page, pages) if pages > 1 else Html())

    def _table(self, files: Sequence[UnreadableFile]) -> Html:
        texts = self._visit.texts
        names = (texts.unreadable_file, texts.unreadable_reason, texts.unreadable_since)
        head = element("thead", element("tr", *(element("th", name, scope="col") for name in names)))
        rows = []
        for file in files:
            cells = (file.path, file.reason, date_time(texts, file.since))
            columns = (element("td", cell, data_name=name) for cell, name in zip(cells, names, strict=True))
            rows.append(element("tr", *columns))
        return element("table", head, element("tbody", *rows))

    def _pager(self, page: int, pages: int) -> Html:
        texts, visit = self._visit.texts, self._visit
        links = []
        for name, label, other in (("previous", texts.previous_page, page - 1), ("next", texts.next_page, page + 1)):
            href = f"{visit.status_url(other)}#unreadable" if 1 <= other <= pages else None
            off = None if href else "true"
            links.append(element("a", icon(name), href=href, class_="button step", aria_label=label, aria_disabled=off))
        words = element("span", texts.page_of.format(page=page, pages=pages))
        return element("nav", links[0], words, links[1], class_="pager", aria_label=texts.unreadable_heading)


def _section(heading: str) -> ui.html:
    with ui.element("section"):
        raw(join(heading), tag="h2")
        return raw(Html())


def _panel(heading: str, body: Html) -> Html:
    return join(element("h2", heading), body)


def _shown(path: Path) -> str:
    return str(path).encode("utf-8", "replace").decode()
