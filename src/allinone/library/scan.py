"""Compares a folder with what is known of it, and has read what is new."""

import asyncio
import logging
import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from allinone.library.catalogue import Catalogue, KnownFile, ReadFile
from allinone.library.content import read_checksum, seconds_to_settle
from allinone.library.identity import path_key, readable
from allinone.library.walk import FolderTree, FoundFile, RootState, is_photo

log = logging.getLogger(__name__)

LOOKED_UP_AT_ONCE = 200
READ_AT_ONCE = 25  # files between two commits, so that reading the pictures starts soon
READERS = 2
GREW = 2_000  # new files after which the planner's statistics are stale
MANY_FOLDERS = 50  # one pass over everything costs less than a search for each


@dataclass(slots=True)
class ScanReport:
    """What a scan found. Counts are of files.

    Attributes:
        changed: known files with another content.
        moved: files that have another name now.
        unsettled: files that somebody is writing; look again a little later.
        notice: why nothing was removed.
    """

    files: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    moved: int = 0
    removed: int = 0
    unsettled: set[bytes] = field(default_factory=set)
    notice: str | None = None


class RootChanged(Exception):
    """The folder at the root is not there, or is another one than before."""


class FolderScanner:
    """Scans one folder, all of it or some places. Memory does not grow with the number of files."""

    def __init__(self, catalogue: Catalogue, tree: FolderTree) -> None:
        self._catalogue = catalogue
        self._tree = tree
        self._readers = asyncio.Semaphore(READERS)
        self._notice: str | None = None

    async def scan_all(self) -> ScanReport:
        """Scan everything.

        Where the root is not there, cannot be read or has become empty, as an unmounted drive has, nothing is
        removed: see the report's notice.

        Raises:
            DatabaseUnavailable: the database went away; scanning again goes on where this ended.
        """
        report = ScanReport()
        since = await self._catalogue.begin_scan()
        try:
            root = await self._root()
            await self._take_all(self._tree.walk(), report, shown=True)
            if report.files == 0 and await self._catalogue.has_files():
                raise RootChanged(self._empty())
            await self._remove_gone(None, root, since, report)
        except RootChanged as change:
            report.notice = str(change)
        await self._catalogue.count(report.files)
        await self._catalogue.end_scan(report.notice)
        self._tell(report.notice)
        if report.notice is None:
            await self._catalogue.queue_forgotten()
        return report

    async def scan_some(self, paths: Collection[bytes]) -> ScanReport:
        """Look at these places: files and folders that are there, and what was known of those that are not.

        Unlike `scan_all`, this believes that a folder has become empty: somebody saw it happen.

        Raises:
            DatabaseUnavailable: the database went away.
        """
        report = ScanReport()
        try:
            root = await self._root()
            since = await self._catalogue.now()
            folders, files, missing = await asyncio.to_thread(self._sort_out, paths)
            # First what is there: a moved file is known at its new place before the old is forgotten.
            await self._take_all(files, report)
            for folder in folders:
                await self._take_all(self._tree.walk(folder), report)
            await self._remove_missing(missing, folders, root, since, report)
        except RootChanged as change:
            report.notice = str(change)
            self._tell(report.notice)
        return report

    def _sort_out(self, paths: Collection[bytes]) -> tuple[list[bytes], list[FoundFile], list[bytes]]:
        folders: list[bytes] = []
        files = []
        missing = []
        for path in sorted(paths):
            if any(path.startswith(folder + b"/") for folder in folders[-1:]) or b"" in folders[:1]:
                continue  # below a folder that is looked at as a whole
            if self._tree.is_folder(path):
                folders.append(path)
                continue
            try:
                found = self._tree.look(path)
            except OSError as error:
                log.warning("%s cannot be looked at: %s.", self._shown(path), error.strerror or error)
                continue
            if found is not None:
                files.append(found)
            elif is_photo(path) or not os.path.lexists(self._tree.absolute(path)):
                missing.append(path)
        return folders, files, missing

    async def _take_all(self, files: Iterable[FoundFile], report: ScanReport, *, shown: bool = False) -> None:
        iterator = iter(files)
        planned = report.new
        while batch := await asyncio.to_thread(lambda: list(islice(iterator, LOOKED_UP_AT_ONCE))):
            report.files += len(batch)
            known = await self._catalogue.known(batch)
            fresh = [file for file in batch if not _is_known(file, known)]
            report.unchanged += len(batch) - len(fresh)
            await self._take_fresh(fresh, known, report)
            if shown:
                await self._catalogue.count(report.files)
            if report.new - planned >= GREW:
                await self._catalogue.tell_planner()
                planned = report.new

    async def _take_fresh(self, files: list[FoundFile], known: dict[bytes, KnownFile], report: ScanReport) -> None:
        pause = max((seconds_to_settle(file) for file in files), default=0.0)
        if pause > 0:
            await asyncio.sleep(pause)
            files = await asyncio.to_thread(self._settled, files, report)
        for start in range(0, len(files), READ_AT_ONCE):
            read = await asyncio.gather(*(self._read(file) for file in files[start : start + READ_AT_ONCE]))
            await self._put([result for result in read if result is not None], known, report)
            report.unsettled.update(
                file.path for file, result in zip(files[start:], read, strict=False) if result is None
            )

    def _settled(self, files: list[FoundFile], report: ScanReport) -> list[FoundFile]:
        settled = []
        for file in files:
            try:
                again = self._tree.look(file.path)
            except OSError:
                again = file  # reading it will tell why
            if again is None:
                continue
            if again == file:
                settled.append(again)
            else:
                report.unsettled.add(file.path)
        return settled

    async def _read(self, file: FoundFile) -> ReadFile | None:
        """The file with its checksum; None where it changed meanwhile."""
        async with self._readers:
            try:
                checksum = await asyncio.to_thread(read_checksum, self._tree, file)
            except OSError as error:
                return ReadFile(file, None, f"The file cannot be read: {error.strerror or error}.")
        return None if checksum is None else ReadFile(file, checksum)

    async def _put(self, files: list[ReadFile], known: dict[bytes, KnownFile], report: ScanReport) -> None:
        if not files:
            return
        before = [known.get(path_key(read.file.path)) for read in files]
        replaced = [old.asset_id for old in before if old is not None and old.asset_id is not None]
        await self._catalogue.put(files, replaced)
        report.new += sum(old is None for old in before)
        report.changed += sum(old is not None for old in before)
        for read, old in zip(files, before, strict=True):
            if read.failure and (old is None or old.asset_id is not None):
                log.warning("%s: %s", self._shown(read.file.path), read.failure)

    async def _remove_missing(
        self,
        missing: list[bytes],
        folders: list[bytes],
        root: RootState,
        since: datetime,
        report: ScanReport,
    ) -> None:
        by_key = {path_key(path): path for path in missing}
        files = [FoundFile(path, 0, 0) for path in missing]
        keys = set(await self._catalogue.known(files)) if files else set()
        await self._remove([(key, by_key[key]) for key in keys], root, since, report)
        suspects = [path for key, path in by_key.items() if key not in keys] + folders
        if suspects:
            await self._remove_gone(None if len(suspects) > MANY_FOLDERS else suspects, root, since, report)

    async def _remove_gone(
        self, folders: list[bytes] | None, root: RootState, since: datetime, report: ScanReport
    ) -> None:
        """Forget known files, of all or of those below `folders`, that are not on disk."""
        after = b""
        while rows := await self._catalogue.below(folders, after):
            gone = await asyncio.to_thread(lambda: [row for row in rows if self._is_gone(row[1])])
            await self._remove(gone, root, since, report)
            after = rows[-1][0]

    def _is_gone(self, path: bytes) -> bool:
        try:
            return self._tree.look(path) is None
        except OSError:
            return False  # it may well be there

    async def _remove(
        self, rows: list[tuple[bytes, bytes]], root: RootState, since: datetime, report: ScanReport
    ) -> None:
        if not rows:
            return
        # They were looked for and not found; if the drive has gone meanwhile, that says nothing.
        if await self._root() != root:
            raise RootChanged(self._gone("another folder has appeared in its place"))
        moved, removed = await self._catalogue.remove([key for key, _ in rows], since)
        report.moved += moved
        report.new -= moved
        report.removed += removed

    async def _root(self) -> RootState:
        try:
            return await asyncio.to_thread(self._tree.state)
        except OSError as error:
            raise RootChanged(self._gone(error.strerror or str(error))) from error

    def _tell(self, notice: str | None) -> None:
        if notice and notice != self._notice:
            log.warning("%s", notice)
        elif self._notice and not notice:
            log.info("The folder %s is there again.", self._shown(b""))
        self._notice = notice

    def _gone(self, reason: str) -> str:
        return (
            f"The folder {self._shown(b'')} cannot be read ({reason}). What is known of its photos is kept. "
            "Mount or restore it; it is looked at again by itself."
        )

    def _empty(self) -> str:
        return (
            f"The folder {self._shown(b'')} has no photos any more, as if its drive were not mounted. "
            "What is known of them is kept. Mount it, or open another folder if you did delete them all."
        )

    def _shown(self, path: bytes) -> str:
        return readable(self._tree.absolute(path))


def _is_known(file: FoundFile, known: dict[bytes, KnownFile]) -> bool:
    before = known.get(path_key(file.path))
    return before is not None and before.matches(file)
