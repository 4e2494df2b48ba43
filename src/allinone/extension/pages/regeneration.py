"""The two buttons that have a photo read again, and what became of it."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from nicegui import ui

from allinone.errors import AllInOneError
from allinone.extension.pages.frame import raw, set_content, with_command
from allinone.extension.pages.icons import icon
from allinone.extension.pages.markup import Html, element, join
from allinone.extension.pages.texts.table import Texts
from allinone.extension.pages.visits import Visit
from allinone.library.store import Refresh, RefreshState

KINDS: tuple[Refresh, ...] = ("ocr", "clip")
PENDING = frozenset({"waiting", "running"})


class Regeneration:
    """The buttons and their states, for the photo on the page.

    States of earlier visits are shown only while they are still going on or where they failed.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._asset_id: UUID | None = None
        self._asked: set[Refresh] = set()
        self._finished: dict[Refresh, datetime | None] = {}
        self.pending = False
        labels: dict[Refresh, str] = {"ocr": visit.texts.regenerate_ocr, "clip": visit.texts.regenerate_clip}
        self._buttons: dict[Refresh, ui.html] = {}
        self._lines: dict[Refresh, ui.html] = {}
        for what in KINDS:
            with ui.element("div").classes("regenerate"):
                button = raw(join(icon("refresh"), labels[what]), tag="button", classes="button")
                button.props(f"type=button id=regenerate-{what}")
                self._lines[what] = raw(Html(), tag="p", classes="state").props('role="status"')
            button.on("click", lambda _, what=what: self.ask(what))
            self._buttons[what] = button
        if not visit.has_clip:
            self._buttons["clip"].props("disabled aria-describedby=clip-reason")
            self._lines["clip"].props("id=clip-reason")
            set_content(self._lines["clip"], with_command(visit.texts.clip_unavailable))

    async def open(self, asset_id: UUID) -> None:
        """Begin with another photo."""
        self._asset_id = asset_id
        self._asked.clear()
        states = await self._visit.services.library.refresh_states(asset_id)
        self._finished = {what: state.finished_at for what, state in states.items()}
        self._show(states)

    async def ask(self, what: Refresh) -> None:
        """Have the photo read again."""
        if self._asset_id is None:
            return
        self._asked.add(what)
        try:
            await self._visit.services.library.request_refresh([self._asset_id], what)
            await self.look()
        except AllInOneError as error:
            set_content(self._lines[what], _failure(self._visit.texts, str(error)))

    async def look(self) -> bool:
        """Show how far it is; whether something was finished since the last look."""
        if self._asset_id is None:
            return False
        states = await self._visit.services.library.refresh_states(self._asset_id)
        finished = {what: state.finished_at for what, state in states.items()}
        changed = any(moment and moment != self._finished.get(what) for what, moment in finished.items())
        self._finished = finished
        self._show(states)
        return changed

    def _show(self, states: Mapping[Refresh, RefreshState]) -> None:
        self.pending = any(state.state in PENDING for state in states.values())
        for what in KINDS:
            if what == "clip" and not self._visit.has_clip:
                continue
            state = states.get(what)
            set_content(self._lines[what], self._words(what, state))
            self._lines[what].props(f"data-state={state.state if state else 'none'}")
            busy = state is not None and state.state in PENDING
            self._buttons[what].props("disabled" if busy else "", remove="" if busy else "disabled")

    def _words(self, what: Refresh, state: RefreshState | None) -> Html:
        texts = self._visit.texts
        if state is None or (state.state == "done" and what not in self._asked):
            return Html()
        if state.state == "failed":
            return _failure(texts, state.message or "")
        words = {"waiting": texts.state_waiting, "running": texts.state_running, "done": texts.state_done}
        spinner = element("span", class_="spinner", aria_hidden="true") if state.state in PENDING else ""
        return join(spinner, words[state.state])


def _failure(texts: Texts, reason: str) -> Html:
    return element("span", texts.state_failed.format(reason=reason), class_="failed")
