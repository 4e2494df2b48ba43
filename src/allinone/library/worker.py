"""The index worker: scans a folder, follows it, reads what is new. One process for each library at a time."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import procrastinate
import psycopg
from procrastinate import exceptions
from psycopg_pool import PoolTimeout

from allinone.database.data_directory import DataDirectory
from allinone.database.pool import Database
from allinone.errors import DatabaseUnavailable, NotFound
from allinone.library.catalogue import BATCH, Catalogue
from allinone.library.indexing import PhotoIndexer
from allinone.library.jobs import JobRescue, create_app
from allinone.library.queue import JobQueue, queue_name
from allinone.library.recognition import AssetIndex, Recognizer
from allinone.library.scan import FolderScanner, ScanReport
from allinone.library.settings import LibrarySettings
from allinone.library.statements import statement
from allinone.library.store import IndexProgress, LibraryStore, UnreadableFile
from allinone.library.thumbnails import Thumbnails
from allinone.library.walk import FolderTree
from allinone.library.watch import FolderFollower
from allinone.library.work import WorkLedger
from allinone.tasks import background, end

log = logging.getLogger(__name__)

SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 15.0  # seconds between attempts to reach a database that is away
GRACE = 8.0  # seconds that running jobs get to end when the worker is told to
STRAYS_EVERY = 4.0
PURGE_EVERY = 6 * 3600.0
PROGRESS_EVERY = 0.3
IDLE_POLL = 0.2
MAX_NAMED = 100  # unreadable files in a summary
UNSETTLED_ROUNDS = 20

T = TypeVar("T")
ShowProgress = Callable[[IndexProgress], None]


@dataclass(frozen=True, slots=True)
class IndexSummary:
    """What `run_until_idle` did.

    Attributes:
        files: seen in the folder; new + changed + unchanged + moved (but for those being written right now).
        removed: files that were known and are gone.
        photos_read: distinct contents that were recognised.
        unreadable: the latest of all files of the library that cannot be read, at most `MAX_NAMED`.
        unreadable_count: how many there are.
        unsettled: files that were still being written at the end, and are left for the next run.
        notice: what is wrong with the folder as a whole.
    """

    files: int
    new: int
    changed: int
    unchanged: int
    moved: int
    removed: int
    photos_read: int
    unreadable: list[UnreadableFile]
    unreadable_count: int
    unsettled: int
    seconds: float
    notice: str | None


class LibraryWorker:
    """Keeps a library's index true to its folder.

    Killing it at any moment loses nothing: the next one goes on where it ended.

    Args:
        database_dsn: our database, migrated.
        data_directory: where thumbnails go; never scanned, should it lie in the library.
        recognizer: reads the pictures.
        index: takes what was read.
        library_id: which library; registered with `LibraryStore.open_library`.
        settings: read from the environment unless given.
    """

    def __init__(
        self,
        database_dsn: str,
        data_directory: DataDirectory,
        recognizer: Recognizer,
        index: AssetIndex,
        library_id: UUID,
        *,
        settings: LibrarySettings | None = None,
    ) -> None:
        self._settings = settings or LibrarySettings()
        self._dsn = database_dsn
        self._directory = data_directory
        self._library_id = library_id
        self._recognizer = recognizer
        self._index = index
        self._database = Database(database_dsn, max_connections=self._settings.workers + 4)
        self._thumbnails = Thumbnails(data_directory.thumbnails, self._settings.limits)
        self._catalogue = Catalogue(self._database, library_id)
        ledger = WorkLedger(self._database, index)
        self._indexer = PhotoIndexer(ledger, recognizer, self._thumbnails)
        self._queue = queue_name(library_id)
        self._rescue = JobRescue(self._queue)

    async def run(self) -> None:
        """Scan, follow and read until cancelled. Survives the database going away, and the folder.

        Raises:
            NotFound: there is no such library.
            DatabaseUnavailable: the database does not answer at the start.
        """
        async with self._opened() as tree:
            follower = FolderFollower(
                FolderScanner(self._catalogue, tree),
                tree,
                rescan_seconds=self._settings.rescan_minutes * 60,
            )
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._work_forever(), name="read photos")
                tasks.create_task(follower.run(), name="follow the folder")
                tasks.create_task(self._purge_forever(), name="forget what is long gone")

    async def run_until_idle(self, on_progress: ShowProgress | None = None) -> IndexSummary:
        """Scan once, read until nothing is left to read, and tell what was done.

        Args:
            on_progress: called a few times a second, on this event loop.

        Raises:
            NotFound: there is no such library.
            DatabaseUnavailable: the database does not answer at the start.
        """
        started = time.monotonic()
        before = self._indexer.photos_read
        async with self._opened() as tree:
            scanner = FolderScanner(self._catalogue, tree)
            helpers = [asyncio.create_task(self._work_forever(), name="read photos")]
            if on_progress is not None:
                helpers.append(asyncio.create_task(self._show_forever(on_progress), name="show progress"))
            try:
                report = await self._scan_once(scanner)
                await self._until_idle(helpers)
            finally:
                await end(*helpers)
            if on_progress is not None:
                on_progress(await self._store().progress(self._library_id))
            await self._purge()
            return await self._summary(report, self._indexer.photos_read - before, time.monotonic() - started)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Do the jobs that wait while the block runs, the most urgent first, without looking at the folder.

        Raises:
            NotFound: there is no such library.
            DatabaseUnavailable: the database does not answer at the start.
        """
        async with self._opened(), background(self._work_forever(), "read photos"):
            yield

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[FolderTree]:
        """The folder, with the database open and everything that an earlier run left in order."""
        async with self._database:
            async with self._database.connection() as connection:
                parameters = {"id": self._library_id, "library_id": self._library_id}
                row = await (await connection.execute(statement("library_root"), parameters)).fetchone()
                if row is None:
                    message = f"There is no library {self._library_id}."
                    raise NotFound(message)
                await connection.execute(statement("worker_start"), parameters)
            ours = (self._directory.thumbnails, self._directory.postgres, self._directory.models)
            tree = await asyncio.to_thread(FolderTree.of, Path(os.fsdecode(row[0])), without=ours)
            await self._ask_for_vectors()
            yield tree

    async def _ask_for_vectors(self) -> None:
        """Ask for what the present CLIP model has not seen."""
        model = self._recognizer.clip_model
        if model is None:
            return
        queue, after, count = JobQueue(), UUID(int=0), 0
        ids = [after]
        while ids:
            parameters = {"library_id": self._library_id, "clip_model": model, "after": after, "limit": BATCH}
            async with self._database.connection() as connection:
                rows = await (await connection.execute(statement("assets_unembedded"), parameters)).fetchall()
                ids = [row[0] for row in rows]
                await queue.defer(connection, self._library_id, "embed_asset", ids)
            after = ids[-1] if ids else after
            count += len(ids)
        if count:
            log.info("%d photos have no vector of %s yet; they get one in the background.", count, model)

    async def _work_forever(self) -> None:
        """Do jobs until cancelled; whenever that ends by itself, the database was away: begin again."""
        pause = SHORTEST_PAUSE
        while True:
            started = time.monotonic()
            reason: object = "it closed the connection"
            try:
                await self._work()
            except (exceptions.ConnectorException, PoolTimeout, psycopg.Error, DatabaseUnavailable) as error:
                reason = error.__cause__ or error
            if time.monotonic() - started > LONGEST_PAUSE:
                pause = SHORTEST_PAUSE
            log.warning("The database does not answer (%s); trying again in %.1f s.", reason, pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _work(self) -> None:
        connector = procrastinate.PsycopgConnector(
            conninfo=self._dsn, min_size=1, max_size=self._settings.workers + 2, timeout=5.0
        )
        app = create_app(connector, self._indexer)
        try:
            await app.open_async()
            put_back = await self._rescue.after_death(app.job_manager)
            if put_back:
                log.info("%d photos were being read when the last run ended; they are read again.", put_back)
            async with background(self._rescue_forever(app), "look for work left behind"):
                await app.run_worker_async(
                    queues=[self._queue],
                    name="library",
                    concurrency=self._settings.workers,
                    # A notification that comes while the queue is being asked is lost; asking again is cheap.
                    fetch_job_polling_interval=1.0,
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=GRACE,
                    delete_jobs="always",
                    worker_middleware=[self._rescue.watch],
                )
        finally:
            with suppress(exceptions.ConnectorException):
                await connector.close_async()

    async def _rescue_forever(self, app: procrastinate.App) -> None:
        while True:
            await asyncio.sleep(STRAYS_EVERY)
            with suppress(DatabaseUnavailable):
                await self._rescue.strays(app.job_manager)

    async def _purge_forever(self) -> None:
        while True:
            with suppress(DatabaseUnavailable):  # the next time will do
                await self._purge()
            await asyncio.sleep(PURGE_EVERY)

    async def _purge(self) -> None:
        while ids := await self._catalogue.purge(self._index, self._settings.keep_missing_days):
            for asset_id in ids:
                await asyncio.to_thread(self._thumbnails.remove, asset_id)

    async def _scan_once(self, scanner: FolderScanner) -> ScanReport:
        report = await _persistently(scanner.scan_all)
        for _ in range(UNSETTLED_ROUNDS):
            if not report.unsettled:
                break
            await asyncio.sleep(1.0)
            again = await _persistently(partial(scanner.scan_some, frozenset(report.unsettled)))
            report.unsettled = again.unsettled
            report.new += again.new
            report.changed += again.changed
        return report

    async def _until_idle(self, helpers: list[asyncio.Task[None]]) -> None:
        while await _persistently(self._jobs_left):
            done, _ = await asyncio.wait(helpers, timeout=IDLE_POLL)
            for task in done:
                task.result()  # none of them ends by itself, but by an error

    async def _jobs_left(self) -> bool:
        async with self._database.connection() as connection:
            row = await (await connection.execute(statement("jobs_left"), {"queue": self._queue})).fetchone()
        return bool(row and row[0])

    async def _show_forever(self, on_progress: ShowProgress) -> None:
        store = self._store()
        while True:
            with suppress(DatabaseUnavailable):
                on_progress(await store.progress(self._library_id))
            await asyncio.sleep(PROGRESS_EVERY)

    async def _summary(self, report: ScanReport, photos_read: int, seconds: float) -> IndexSummary:
        store = self._store()
        progress = await store.progress(self._library_id)
        return IndexSummary(
            files=report.files,
            new=report.new,
            changed=report.changed,
            unchanged=report.unchanged,
            moved=report.moved,
            removed=report.removed,
            photos_read=photos_read,
            unreadable=await store.failures(self._library_id, limit=MAX_NAMED),
            unreadable_count=progress.failed,
            unsettled=len(report.unsettled),
            seconds=seconds,
            notice=report.notice,
        )

    def _store(self) -> LibraryStore:
        return LibraryStore(self._database, self._directory.thumbnails)


async def _persistently(action: Callable[[], Awaitable[T]]) -> T:
    """Do it until the database is there."""
    pause = SHORTEST_PAUSE
    while True:
        try:
            return await action()
        except DatabaseUnavailable as error:
            log.warning("%s", error)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
