"""Follows a folder: what changes is looked at within seconds, everything now and then."""

import asyncio
import logging
import math
import os
from collections.abc import Coroutine, Iterable
from typing import Any

from watchfiles import Change, awatch

from allinone.errors import DatabaseUnavailable
from allinone.library.identity import readable
from allinone.library.scan import FolderScanner, ScanReport
from allinone.library.walk import FolderTree

log = logging.getLogger(__name__)

GROUPED_FOR = 800  # milliseconds that changes are collected for
QUIET_FOR = 100  # milliseconds without a change that end the collecting
LOOK_AT_ROOT = 2.0  # seconds
AGAIN_AFTER = 1.0  # seconds; a file that was being written, a database that was away
MANY = 5_000  # places; with more, everything is looked at instead
UNWATCHED_RESCAN = 300.0  # seconds, where changes cannot be followed


class FolderFollower:
    """Scans a folder, then follows it until cancelled."""

    def __init__(self, scanner: FolderScanner, tree: FolderTree, *, rescan_seconds: float) -> None:
        self._scanner = scanner
        self._tree = tree
        self._rescan_seconds = rescan_seconds
        self._touched: set[bytes] = set()
        self._some = asyncio.Event()
        self._all = asyncio.Event()
        self._told = False
        self._failed_starts = 0

    async def run(self) -> None:
        """Scan and follow until cancelled."""
        self._all.set()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch_forever(), name="watch the folder")
            tasks.create_task(self._scan_all_forever(), name="scan the folder")
            tasks.create_task(self._scan_some_forever(), name="scan what changed")

    async def _scan_all_forever(self) -> None:
        pause = 0.0
        while True:
            try:
                async with asyncio.timeout(pause):
                    await self._all.wait()
            except TimeoutError:
                pass
            self._all.clear()
            report = await self._try(self._scanner.scan_all())
            if report is None:
                pause = AGAIN_AFTER
                continue
            self._touch(report.unsettled)
            # A drive that is not mounted is looked for more often than changes in one that is.
            pause = min(10.0, self._rescan_seconds) if report.notice else self._rescan_seconds

    async def _scan_some_forever(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            paths, self._touched = self._touched, set()
            if len(paths) > MANY:
                self._all.set()
                continue
            report = await self._try(self._scanner.scan_some(paths))
            if report is None:
                await asyncio.sleep(AGAIN_AFTER)
                self._touch(paths)
            elif report.notice:
                self._all.set()
            elif report.unsettled:
                await asyncio.sleep(AGAIN_AFTER)
                self._touch(report.unsettled)

    async def _try(self, scan: Coroutine[Any, Any, ScanReport]) -> ScanReport | None:
        try:
            return await scan
        except DatabaseUnavailable as error:
            log.warning("The folder could not be scanned: %s", error)
            return None

    def _touch(self, paths: Iterable[bytes]) -> None:
        self._touched.update(paths)
        if self._touched:
            self._some.set()

    async def _watch_forever(self) -> None:
        there = True
        while True:
            try:
                await self._watch()
                there = True
            except (ExceptionGroup, RuntimeError) as error:
                # The watcher gives up at names that are not UTF-8; a scan does not. A file's name ends it once,
                # a folder's each time before it has begun.
                log.debug("Watching was interrupted: %s", error)
                self._failed_starts += 1
                if self._failed_starts > 1:
                    reason = "the name of a folder in it is not UTF-8, or the watcher failed"
                    await self._do_without(reason, at_most=2.0 ** min(self._failed_starts, 10))
            except FileNotFoundError:
                if there:
                    self._all.set()
                there = False
            except OSError as error:
                hint = "`sysctl fs.inotify.max_user_watches=524288` allows more folders to be watched on Linux"
                await self._do_without(f"{error.strerror or error}; {hint}")
            await asyncio.sleep(AGAIN_AFTER)

    async def _watch(self) -> None:
        """Collect changes until the folder at the root is another one."""
        root = await asyncio.to_thread(self._tree.state)
        changes = awatch(
            os.fsdecode(self._tree.root),
            watch_filter=self._concerns_us,
            debounce=GROUPED_FOR,
            step=QUIET_FOR,
            rust_timeout=round(LOOK_AT_ROOT * 1000),
            yield_on_timeout=True,
            ignore_permission_denied=True,
        )
        # What happened before the watcher was in place, nobody has told us.
        unheard = True
        async for batch in changes:
            self._failed_starts = 0
            found = (self._tree.relative(os.fsencode(path)) for _, path in batch)
            self._touch(path for path in found if path is not None)
            if unheard:
                self._all.set()
                unheard = False
            if await asyncio.to_thread(self._tree.state) != root:
                return

    def _concerns_us(self, _change: Change, path: str) -> bool:
        return self._tree.relative(os.fsencode(path)) is not None

    async def _do_without(self, reason: str, at_most: float = math.inf) -> None:
        """Scan at intervals while the system will not tell us of changes; the first ones may be shorter."""
        longest = min(UNWATCHED_RESCAN, self._rescan_seconds)
        seconds = min(longest, at_most)
        if seconds == longest and not self._told:
            log.warning(
                "Changes in %s cannot be followed (%s). It is looked through every %.0f s instead.",
                readable(self._tree.root),
                reason,
                seconds,
            )
            self._told = True
        await asyncio.sleep(seconds)
        self._all.set()
