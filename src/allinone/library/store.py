"""A library as the rest of the program reads it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from psycopg.rows import dict_row

from allinone.database.data_directory import DataDirectory, default_data_directory
from allinone.database.pool import Database
from allinone.errors import NotFound
from allinone.images.photo import Limits
from allinone.library.assets import LibraryAsset, asset_from_row
from allinone.library.filters import AssetFilters
from allinone.library.identity import absolute_root, path_key, readable
from allinone.library.identity import library_id as make_library_id
from allinone.library.queue import JobQueue, Task
from allinone.library.statements import statement
from allinone.library.thumbnails import Size, Thumbnails

__all__ = [
    "IndexProgress",
    "Library",
    "LibraryAsset",
    "LibraryStore",
    "Refresh",
    "RefreshState",
    "UnreadableFile",
]

Refresh = Literal["ocr", "clip"]

_TASKS: dict[Refresh, Task] = {"ocr": "refresh_ocr", "clip": "refresh_clip"}


@dataclass(frozen=True, slots=True)
class Library:
    """A folder of photos. Its id owns its photos."""

    id: UUID
    root: Path


@dataclass(frozen=True, slots=True)
class IndexProgress:
    """How far reading has come, in photos (not files: the same bytes twice are one photo).

    Attributes:
        total: done + failed + waiting.
        failed: photos, and files whose bytes could not even be read.
        scanning: the folder is being looked through at this moment.
        files: files met by that scan so far, or by the last one.
        notice: what is wrong with the folder as a whole (it is not there, it is empty), for people.
    """

    total: int
    done: int
    failed: int
    waiting: int
    scanning: bool
    files: int = 0
    notice: str | None = None


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """A file that could not be read, and why. `path` is absolute and valid Unicode."""

    path: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class RefreshState:
    """What became of a request to read a photo again.

    Attributes:
        message: why it failed.
    """

    state: Literal["waiting", "running", "done", "failed"]
    requested_at: datetime
    finished_at: datetime | None
    message: str | None


class LibraryStore:
    """Reads libraries and asks for work on them. All methods raise DatabaseUnavailable where that is so.

    Args:
        database: an open pool.
        thumbnails: the folder of previews and thumbnails; that of the default data directory unless given.
        limits: how many pixels an original may have.
    """

    def __init__(self, database: Database, thumbnails: Path | None = None, *, limits: Limits | None = None) -> None:
        self._database = database
        self._thumbnails = Thumbnails(thumbnails or DataDirectory(default_data_directory()).thumbnails, limits)
        self._queue = JobQueue()

    async def open_library(self, root: Path) -> UUID:
        """The id of the library with this folder, registered if it is new. The folder need not exist now."""
        identity = make_library_id(root)
        stored = os.fsencode(absolute_root(root))
        async with self._database.connection() as connection:
            await connection.execute(statement("library_open"), {"id": identity, "root": stored})
        return identity

    async def libraries(self) -> list[Library]:
        """All libraries, the one opened last first."""
        rows = await self._rows("library_list", {})
        return [Library(row["id"], Path(os.fsdecode(row["root"]))) for row in rows]

    async def get(self, asset_id: UUID) -> LibraryAsset:
        """One photo, also one that is not read yet or cannot be.

        Raises:
            NotFound: there is none with this id, or no file holds it any more.
        """
        rows = await self._rows("asset_get", {"id": asset_id})
        if not rows:
            message = f"There is no photo {asset_id}."
            raise NotFound(message)
        return asset_from_row(rows[0])

    async def find(self, path: Path) -> LibraryAsset:
        """The photo that a file holds, whichever library the file is in.

        Raises:
            NotFound: the file is in no library, or has not been looked at yet.
        """
        wanted = absolute_root(path)
        for library in await self.libraries():
            if wanted.is_relative_to(library.root):
                key = path_key(os.fsencode(wanted.relative_to(library.root)))
                rows = await self._rows("file_asset", {"library_id": library.id, "path_key": key})
                if rows and rows[0]["asset_id"] is not None:
                    return await self.get(rows[0]["asset_id"])
        message = f"{path} is not a photo of any library that has been read."
        raise NotFound(message)

    async def select(self, asset_ids: Sequence[UUID], filters: AssetFilters) -> list[LibraryAsset]:
        """Those of `asset_ids` that are there, have been read and pass `filters`, in the order given."""
        if filters.impossible or not asset_ids:
            return []
        rows = await self._rows("asset_select", {**filters.parameters(), "ids": list(asset_ids)})
        return [asset_from_row(row) for row in rows]

    async def page(self, filters: AssetFilters, *, offset: int = 0, limit: int = 100) -> list[LibraryAsset]:
        """Photos that have been read and pass `filters`, newest first."""
        if filters.impossible:
            return []
        bounds = {"offset": max(offset, 0), "limit": max(limit, 0)}
        rows = await self._rows("asset_page", {**filters.parameters(), **bounds})
        return [asset_from_row(row) for row in rows]

    async def ids(self, filters: AssetFilters, *, limit: int) -> list[UUID]:
        """The ids of what `page` lists."""
        if filters.impossible:
            return []
        rows = await self._rows("asset_ids", {**filters.parameters(), "limit": max(limit, 0)})
        return [row["id"] for row in rows]

    async def progress(self, library_id: UUID) -> IndexProgress:
        """How far reading has come. Cheap enough to be asked each second.

        Raises:
            NotFound: there is no such library.
        """
        rows = await self._rows("progress", {"library_id": library_id})
        if not rows:
            message = f"There is no library {library_id}."
            raise NotFound(message)
        row = rows[0]
        return IndexProgress(
            total=row["done"] + row["failed"] + row["waiting"],
            done=row["done"],
            failed=row["failed"],
            waiting=row["waiting"],
            scanning=row["scanning"],
            files=row["scan_files"],
            notice=row["notice"],
        )

    async def failures(self, library_id: UUID, *, offset: int = 0, limit: int = 100) -> list[UnreadableFile]:
        """Files that could not be read, the latest first."""
        rows = await self._rows("failures", {"library_id": library_id, "offset": offset, "limit": limit})
        return [
            UnreadableFile(readable(os.path.join(row["root"], row["path"])), row["reason"], row["since"])  # noqa: PTH118
            for row in rows
        ]

    async def request_refresh(self, asset_ids: Sequence[UUID], what: Refresh) -> list[UUID]:
        """Have photos read again, before everything else; asked twice before it starts, it is done once.

        Returns:
            The photos it will be done for: those of `asset_ids` that are there.
        """
        async with self._database.connection() as connection:
            parameters = {"ids": list(asset_ids), "what": what}
            rows = await (await connection.execute(statement("refresh_request"), parameters)).fetchall()
            by_library: dict[UUID, list[UUID]] = {}
            for asset_id, owner in rows:
                by_library.setdefault(owner, []).append(asset_id)
            for owner, ids in by_library.items():
                await self._queue.defer(connection, owner, _TASKS[what], ids)
        return [row[0] for row in rows]

    async def refresh_states(self, asset_id: UUID) -> dict[Refresh, RefreshState]:
        """What became of the last request of each kind for this photo; nothing for kinds never asked for."""
        rows = await self._rows("refresh_states", {"asset_id": asset_id})
        return {
            row["what"]: RefreshState(row["state"], row["requested_at"], row["finished_at"], row["message"])
            for row in rows
        }

    async def thumbnail_path(self, asset_id: UUID, size: Size) -> Path:
        """The file of a photo's preview or thumbnail, made now if it is not there.

        Raises:
            NotFound: there is no such photo, or its file has just gone.
            ImageError: the photo cannot be read.
        """
        path = self._thumbnails.path(asset_id, size)
        asset = await self.get(asset_id)
        if not await self._thumbnails.exists(path):
            await self._thumbnails.restore(asset)
        return path

    async def _rows(self, name: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        async with self._database.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            return await (await cursor.execute(statement(name), parameters)).fetchall()
