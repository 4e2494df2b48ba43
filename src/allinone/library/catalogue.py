"""Which files and contents are known: the rows that a scan reads and writes, in short transactions."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from allinone.database.pool import Connection, Database
from allinone.library.identity import asset_id, path_key, readable
from allinone.library.queue import JobQueue
from allinone.library.recognition import AssetIndex
from allinone.library.statements import statement
from allinone.library.walk import FoundFile

BATCH = 500
_FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What the database says about a file."""

    size_bytes: int
    mtime_ns: int
    asset_id: UUID | None

    def matches(self, file: FoundFile) -> bool:
        """Whether nothing has changed; False for a file that could not be read the last time."""
        same = (self.size_bytes, self.mtime_ns) == (file.size_bytes, file.mtime_ns)
        return same and self.asset_id is not None


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file whose bytes were read, or could not be: one of `checksum` and `failure` is set."""

    file: FoundFile
    checksum: bytes | None
    failure: str | None = None


class Catalogue:
    """The rows of one library."""

    def __init__(self, database: Database, library_id: UUID) -> None:
        self._database = database
        self._library_id = library_id
        self._queue = JobQueue()
        # Scans of the whole folder and of parts of it meet here; one at a time, they cannot block each other.
        self._writing = asyncio.Lock()

    async def begin_scan(self) -> datetime:
        """Note that a scan of everything begins; the database's time."""
        rows = await self._run("scan_begin")
        moment: datetime = rows[0][0]
        return moment

    async def count(self, files: int) -> None:
        """Note how many files the scan has met."""
        await self._run("scan_count", files=files)

    async def end_scan(self, notice: str | None) -> None:
        """Note that the scan has ended, and what was wrong with the folder."""
        await self._run("scan_end", notice=notice)

    async def has_files(self) -> bool:
        """Whether any file is known."""
        return bool((await self._run("files_any"))[0][0])

    async def known(self, files: Sequence[FoundFile]) -> dict[bytes, KnownFile]:
        """What is known of these files, by path key."""
        rows = await self._run("known_files", keys=[path_key(file.path) for file in files])
        return {row[0]: KnownFile(*row[1:]) for row in rows}

    async def put(self, files: Sequence[ReadFile], replaced: Sequence[UUID]) -> None:
        """Store files, with their contents; have new contents read; hide contents that lost their last file.

        Args:
            files: no path twice.
            replaced: contents that these files held before.
        """
        async with self._writing, self._database.connection() as connection:
            waiting = await self._put_assets(connection, files)
            await connection.execute(statement("files_put"), self._file_columns(files))
            await connection.execute(statement("assets_hide"), {"ids": list(replaced)})
            await self._queue.defer(connection, self._library_id, "index_asset", waiting)

    async def below(self, folders: Sequence[bytes] | None, after: bytes) -> list[tuple[bytes, bytes]]:
        """Some (key, path) with keys above `after`, in order: of all files, or of those below `folders`."""
        prefixes = None if folders is None else [folder + b"/" if folder else b"" for folder in folders]
        rows = await self._run("files_below", folders=prefixes, after=after, limit=BATCH)
        return [(row[0], row[1]) for row in rows]

    async def remove(self, keys: Sequence[bytes], since: datetime) -> tuple[int, int]:
        """Forget files, and hide contents that lost their last one.

        Returns:
            How many have only moved (their content has another file, found after `since`), how many are gone.
        """
        parameters = {"library_id": self._library_id, "keys": list(keys), "since": since}
        async with self._writing, self._database.connection() as connection:
            rows = await (await connection.execute(statement("files_remove"), parameters)).fetchall()
            ids = [row[0] for row in rows if row[0] is not None]
            await connection.execute(statement("assets_hide"), {"ids": ids})
        moved = sum(row[1] for row in rows)
        return moved, len(rows) - moved

    async def now(self) -> datetime:
        """The database's time."""
        async with self._database.connection() as connection:
            row = await (await connection.execute("select clock_timestamp()")).fetchone()
        assert row is not None  # noqa: S101 — a select without from has one row
        moment: datetime = row[0]
        return moment

    async def queue_forgotten(self) -> int:
        """Have contents read that wait for it without a job, whatever became of it; how many."""
        after, count = _FIRST, 0
        while True:
            parameters = {"library_id": self._library_id, "after": after, "limit": BATCH}
            async with self._database.connection() as connection:
                rows = await (await connection.execute(statement("assets_unqueued"), parameters)).fetchall()
                ids = [row[0] for row in rows]
                await self._queue.defer(connection, self._library_id, "index_asset", ids)
            count += len(ids)
            if len(ids) < BATCH:
                return count
            after = ids[-1]

    async def tell_planner(self) -> None:
        """Let PostgreSQL look at tables that have just grown: taking a job is 50 times as fast after it."""
        async with self._database.connection() as connection:
            await connection.execute(statement("analyze"))

    async def purge(self, index: AssetIndex, days: float) -> list[UUID]:
        """Delete some contents that have been without a file for `days`; their ids, none when all is done."""
        parameters = {"library_id": self._library_id, "seconds": days * 86_400, "limit": BATCH}
        async with self._writing, self._database.connection() as connection:
            rows = await (await connection.execute(statement("assets_expired"), parameters)).fetchall()
            ids = [row[0] for row in rows]
            if ids:
                await index.remove(ids, connection=connection)
                await connection.execute(statement("assets_delete"), {"ids": ids})
        return ids

    async def _put_assets(self, connection: Connection, files: Sequence[ReadFile]) -> list[UUID]:
        """Store the contents; the ids of those that have not been read yet."""
        by_id = {asset_id(self._library_id, read.checksum): read for read in files if read.checksum is not None}
        ids = sorted(by_id)
        reads = [by_id[identity] for identity in ids]
        columns = {
            "library_id": self._library_id,
            "ids": ids,
            "checksums": [read.checksum for read in reads],
            "kinds": ["VIDEO" if read.file.is_video else "IMAGE" for read in reads],
            "sizes": [read.file.size_bytes for read in reads],
            "local_times": [_local_time(read.file.mtime_ns) for read in reads],
            "file_times": [_time(read.file.mtime_ns) for read in reads],
        }
        rows = await (await connection.execute(statement("assets_put"), columns)).fetchall()
        return [row[0] for row in rows if row[1] == "waiting"]

    def _file_columns(self, files: Sequence[ReadFile]) -> Mapping[str, Any]:
        return {
            "library_id": self._library_id,
            "keys": [path_key(read.file.path) for read in files],
            "paths": [read.file.path for read in files],
            "names": [readable(read.file.name) for read in files],
            "sizes": [read.file.size_bytes for read in files],
            "mtimes": [read.file.mtime_ns for read in files],
            "asset_ids": [
                asset_id(self._library_id, read.checksum) if read.checksum is not None else None for read in files
            ],
            "failures": [read.failure for read in files],
        }

    async def _run(self, name: str, **parameters: Any) -> list[tuple[Any, ...]]:
        async with self._database.connection() as connection:
            cursor = await connection.execute(statement(name), {"library_id": self._library_id, **parameters})
            return await cursor.fetchall() if cursor.description else []


def _time(mtime_ns: int) -> datetime:
    try:
        return datetime.fromtimestamp(mtime_ns // 1000 / 1e6, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime(1970, 1, 1, tzinfo=UTC)  # a time that no calendar has


def _local_time(mtime_ns: int) -> datetime:
    return _time(mtime_ns).astimezone().replace(tzinfo=None)
