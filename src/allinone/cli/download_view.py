"""How far a download has come, in the terminal."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

log = logging.getLogger(__name__)

LOG_EVERY = 10.0  # seconds between two lines where there is no terminal


class View(Protocol):
    """What `allinone.photos_ai.download` reports to."""

    def step(self, text: str) -> None:
        """Something begins whose end cannot be foretold."""

    def transfer(self, name: str, done: int, total: int | None) -> None:
        """`done` of `total` bytes of a file are on disk."""


@contextmanager
def download_view() -> Iterator[View]:
    """A bar on a terminal, a line now and then elsewhere."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar)


class _Bar:
    """One line: the step, or the file with its bar."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task: TaskID | None = None
        self._name: str | None = None
        self._done = 0

    def step(self, text: str) -> None:
        self._begin(text, None, 0)
        self._name = None

    def transfer(self, name: str, done: int, total: int | None) -> None:
        if self._task is None or name != self._name or done < self._done:
            self._begin(name, total, done)  # anew, so that what was there before does not count as speed
        else:
            self._bar.update(self._task, completed=done)
        self._name, self._done = name, done

    def _begin(self, text: str, total: int | None, done: int) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(text, total=total, completed=done)


class _Lines:
    def __init__(self) -> None:
        self._name: str | None = None
        self._began = (0.0, 0)
        self._next = 0.0

    def step(self, text: str) -> None:
        log.info("%s ...", text)

    def transfer(self, name: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if name != self._name or done < self._began[1]:
            self._name, self._began, self._next = name, (now, done), now + LOG_EVERY
        if now < self._next:
            return
        self._next = now + LOG_EVERY
        speed = (done - self._began[1]) / (now - self._began[0])
        if total is None:
            log.info("%s: %.0f MB, %.1f MB/s.", name, done / 1e6, speed / 1e6)
            return
        left = _duration((total - done) / speed) if speed else "no telling how long"
        log.info("%s: %.0f of %.0f MB, %.1f MB/s, %s left.", name, done / 1e6, total / 1e6, speed / 1e6, left)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {rest} s"
