"""How far reading has come, in the terminal."""

import asyncio
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from allinone.errors import DatabaseUnavailable
from allinone.library.store import IndexProgress, LibraryStore

log = logging.getLogger(__name__)

ASK_EVERY = 0.5  # seconds, while there is something to do
ASK_SELDOM = 5.0  # seconds, while there is nothing
LOG_EVERY = 15.0  # seconds between two lines where there is no terminal


class ProgressView(Protocol):
    """Somewhere to show progress."""

    def show(self, progress: IndexProgress) -> None:
        """Show the latest."""


async def show_progress(store: LibraryStore, library_id: UUID) -> None:
    """Show a bar while photos are being read, and one line when all are. Runs until cancelled."""
    while True:
        await _wait_for_work(store, library_id)
        with progress_view() as view:
            progress = await _follow(store, library_id, view)
        log.info("%s", summary(progress))


@contextmanager
def progress_view() -> Iterator[ProgressView]:
    """A bar on a terminal, a line now and then elsewhere."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    columns = (
        TextColumn("  {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("[red]{task.fields[failed]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar)


def summary(progress: IndexProgress) -> str:
    """One line about a library that has been read."""
    text = f"{progress.done:,} photos are searchable."
    if progress.failed:
        text += f" {progress.failed:,} could not be read; the status page says why."
    return f"{progress.notice} {text}" if progress.notice else text


class _Bar:
    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("Looking for photos", total=None, failed="")

    def show(self, progress: IndexProgress) -> None:
        looking = progress.scanning and progress.total == 0
        self._bar.update(
            self._task,
            description=f"Looking for photos ({progress.files:,} files)" if looking else "Reading photos",
            completed=progress.done + progress.failed,
            total=None if looking else progress.total,
            failed=f"{progress.failed:,} unreadable" if progress.failed else "",
        )


class _Lines:
    def __init__(self) -> None:
        self._next = 0.0

    def show(self, progress: IndexProgress) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._next or not progress.total:
            return
        self._next = now + LOG_EVERY
        log.info("Reading photos: %d of %d.", progress.done + progress.failed, progress.total)


async def _wait_for_work(store: LibraryStore, library_id: UUID) -> None:
    while not (latest := await _ask(store, library_id)) or not latest.waiting:
        busy = latest is None or latest.scanning or latest.total == 0
        await asyncio.sleep(ASK_EVERY if busy else ASK_SELDOM)


async def _follow(store: LibraryStore, library_id: UUID, view: ProgressView) -> IndexProgress:
    while True:
        latest = await _ask(store, library_id)
        if latest:
            view.show(latest)
            if not latest.waiting and not latest.scanning:
                return latest
        await asyncio.sleep(ASK_EVERY)


async def _ask(store: LibraryStore, library_id: UUID) -> IndexProgress | None:
    try:
        return await store.progress(library_id)
    except DatabaseUnavailable:
        return None  # being restarted; others say so
