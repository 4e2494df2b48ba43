"""The index worker through trouble: retries, requests, a poisonous photo, a database that restarts."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray

from allinone.database.embedded import EmbeddedPostgres
from allinone.database.migrations import migrate
from allinone.database.pool import Database
from allinone.errors import DatabaseUnavailable, NotFound
from allinone.library import indexing
from allinone.library.filters import AssetFilters
from allinone.library.store import IndexProgress, LibraryAsset, LibraryStore
from allinone.library.worker import LibraryWorker
from allinone.search.index import SearchIndex
from allinone.wire.ocr import OcrLine
from unit.library.library_fakes import CountingRecognizer, jpeg, make_worker, put


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    return folder


@pytest.fixture
def store(database: Database, tmp_path: Path) -> LibraryStore:
    return LibraryStore(database, tmp_path / "data" / "thumbnails")


@asynccontextmanager
async def running(worker: LibraryWorker) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.run())
    try:
        yield
        if task.done():
            task.result()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def eventually(condition: Callable[[], Awaitable[object]], *, seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 — another process writes what it looks at
            await asyncio.sleep(0.05)


async def only(store: LibraryStore, library_id: UUID) -> LibraryAsset:
    [asset] = await store.page(AssetFilters(library_id))
    return asset


class Flaky(CountingRecognizer):
    """Fails the first times, as a network drive or an overloaded engine does."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures
        self.calls = 0

    async def read_text(self, pixels: NDArray[np.uint8]) -> list[OcrLine]:
        self.calls += 1
        if self.calls <= self.failures:
            raise OSError(5, "Input/output error")
        return await super().read_text(pixels)


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(indexing.PhotoIndexer.__init__.__kwdefaults__, "pauses", (timedelta(),) * 3)


@pytest.mark.usefixtures("short_pauses")
async def test_a_passing_failure_is_tried_again(database: Database, store: LibraryStore, root: Path) -> None:
    put(root / "a.jpg", jpeg(1))
    library_id = await store.open_library(root)
    recognizer = Flaky(2)
    summary = await make_worker(database, root.parent / "data", library_id, recognizer).run_until_idle()
    assert (summary.photos_read, summary.unreadable_count, recognizer.calls) == (1, 0, 3)


@pytest.mark.usefixtures("short_pauses")
async def test_a_lasting_failure_is_named_and_gets_another_chance_with_the_next_start(
    database: Database, store: LibraryStore, root: Path
) -> None:
    put(root / "a.jpg", jpeg(1))
    library_id = await store.open_library(root)
    recognizer = Flaky(100)
    worker = make_worker(database, root.parent / "data", library_id, recognizer)
    summary = await worker.run_until_idle()
    assert (summary.photos_read, summary.unreadable_count, recognizer.calls) == (0, 1, 4)
    assert summary.unreadable[0].reason == "Input/output error."
    recognizer.failures = 0
    again = make_worker(database, root.parent / "data", library_id, recognizer)
    assert (await again.run_until_idle()).unreadable_count == 0


async def test_requests_are_done_once_and_tell_their_outcome(
    database: Database, store: LibraryStore, root: Path
) -> None:
    put(root / "a.jpg", jpeg(1))
    library_id = await store.open_library(root)
    recognizer = CountingRecognizer()
    worker = make_worker(database, root.parent / "data", library_id, recognizer)
    await worker.run_until_idle()
    asset = await only(store, library_id)
    assert await store.refresh_states(asset.id) == {}

    for _ in range(3):
        assert await store.request_refresh([asset.id, UUID(int=1)], "ocr") == [asset.id]
    await store.request_refresh([asset.id], "clip")
    assert (await store.refresh_states(asset.id))["ocr"].state == "waiting"
    await make_worker(database, root.parent / "data", library_id, recognizer).run_until_idle()
    states = await store.refresh_states(asset.id)
    assert (states["ocr"].state, states["ocr"].message) == ("done", None)
    assert states["ocr"].finished_at is not None
    assert (states["clip"].state, states["clip"].message) == ("failed", indexing.NO_MODEL)
    assert len(recognizer.read) == 2
    assert (await only(store, library_id)).ocr_at > asset.ocr_at  # type: ignore[operator]


async def test_a_running_worker_takes_requests_at_once_before_other_work(
    database: Database, store: LibraryStore, root: Path
) -> None:
    for number in range(30):
        put(root / f"{number}.jpg", jpeg(number))
    library_id = await store.open_library(root)
    recognizer = CountingRecognizer(clip_model="small", seconds=0.1)
    async with running(make_worker(database, root.parent / "data", library_id, recognizer, workers=1)):
        await eventually(lambda: store.page(AssetFilters(library_id)))
        asset = (await store.page(AssetFilters(library_id)))[-1]
        await store.request_refresh([asset.id], "clip")

        async def done() -> bool:
            return (await store.refresh_states(asset.id))["clip"].state == "done"

        await eventually(done, seconds=5)
        assert (await store.progress(library_id)).waiting > 0


async def test_a_failed_photo_can_be_asked_for_again(database: Database, store: LibraryStore, root: Path) -> None:
    put(root / "a.jpg", b"nonsense")
    library_id = await store.open_library(root)
    recognizer = CountingRecognizer()
    await make_worker(database, root.parent / "data", library_id, recognizer).run_until_idle()
    async with database.connection() as connection:
        row = await (await connection.execute("select id from library_asset")).fetchone()
    assert row is not None
    assert (await store.get(row[0])).failure
    await store.request_refresh(row, "ocr")
    summary = await make_worker(database, root.parent / "data", library_id, recognizer).run_until_idle()
    state = (await store.refresh_states(row[0]))["ocr"]
    assert state.state == "failed"
    assert state.message
    assert summary.unreadable_count == 1
    assert (await store.progress(library_id)).waiting == 0


async def test_progress_is_shown_while_reading(database: Database, store: LibraryStore, root: Path) -> None:
    for number in range(8):
        put(root / f"{number}.jpg", jpeg(number))
    library_id = await store.open_library(root)
    seen: list[IndexProgress] = []
    recognizer = CountingRecognizer(seconds=0.2)
    worker = make_worker(database, root.parent / "data", library_id, recognizer)
    await worker.run_until_idle(seen.append)
    assert any(0 < step.done < 8 for step in seen)
    assert (seen[-1].done, seen[-1].total, seen[-1].files) == (8, 8, 8)


async def test_stopping_in_the_middle_puts_work_back(database: Database, store: LibraryStore, root: Path) -> None:
    for number in range(10):
        put(root / f"{number}.jpg", jpeg(number))
    library_id = await store.open_library(root)
    slow = CountingRecognizer(seconds=0.3)
    async with running(make_worker(database, root.parent / "data", library_id, slow)):
        await eventually(lambda: store.page(AssetFilters(library_id)))
    rest = CountingRecognizer()
    summary = await make_worker(database, root.parent / "data", library_id, rest).run_until_idle()
    assert summary.unreadable_count == 0
    assert sorted(set(slow.read) | set(rest.read)) == sorted(slow.read + rest.read)
    assert len(await store.page(AssetFilters(library_id))) == 10


async def test_a_photo_beyond_the_limit_is_named_and_the_rest_is_read(
    database: Database, store: LibraryStore, root: Path
) -> None:
    put(root / "small.jpg", jpeg(1, size=(40, 30)))
    put(root / "large.jpg", jpeg(2, size=(400, 300)))
    library_id = await store.open_library(root)
    worker = make_worker(database, root.parent / "data", library_id, CountingRecognizer(), max_pixels=100_000)
    summary = await worker.run_until_idle()
    assert (summary.photos_read, summary.unreadable_count) == (1, 1)
    assert "ALLINONE_MAX_PIXELS" in summary.unreadable[0].reason


async def test_an_unknown_library_is_refused(database: Database, root: Path) -> None:
    with pytest.raises(NotFound):
        await make_worker(database, root.parent / "data", UUID(int=5), CountingRecognizer()).run_until_idle()


async def test_a_photo_changed_before_its_turn_is_never_indexed_with_the_wrong_bytes(
    database: Database, store: LibraryStore, root: Path
) -> None:
    put(root / "a.jpg", jpeg(1))
    put(root / "b.jpg", jpeg(2))
    library_id = await store.open_library(root)

    def rewrite(_: str) -> None:
        if not recognizer.read:
            for name in ("a.jpg", "b.jpg"):
                put(root / name, jpeg(4), age=40)

    recognizer = CountingRecognizer(before=rewrite)
    worker = make_worker(database, root.parent / "data", library_id, recognizer, workers=1)
    await worker.run_until_idle()
    await make_worker(database, root.parent / "data", library_id, recognizer).run_until_idle()
    asset = await only(store, library_id)
    [line] = await SearchIndex(database).lines(asset.id)
    assert line.text == recognizer.read[-1]
    assert len(recognizer.read) == 2
    assert (await store.progress(library_id)).total == 1


async def test_the_database_may_restart_while_photos_are_read(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres")
    server.start()
    keeper = asyncio.create_task(server.keep_running())
    root = tmp_path / "photos"
    for number in range(40):
        put(root / f"{number}.jpg", jpeg(number))
    try:
        migrate(server.dsn)
        async with Database(server.dsn) as database:
            store = LibraryStore(database, tmp_path / "data" / "thumbnails")
            library_id = await store.open_library(root)
            recognizer = CountingRecognizer(seconds=0.05)
            async with running(make_worker(database, tmp_path / "data", library_id, recognizer)):
                await eventually(lambda: store.page(AssetFilters(library_id)))
                pid = server.pid
                assert pid is not None
                kill_hard(pid)

                async def all_read() -> bool:
                    with suppress(DatabaseUnavailable):
                        return len(await store.page(AssetFilters(library_id))) == 40
                    return False

                await eventually(all_read, seconds=40)
                put(root / "later.jpg", jpeg(99))

                async def later_read() -> bool:
                    return len(await store.page(AssetFilters(library_id))) == 41

                await eventually(later_read)

                async def no_job_left() -> bool:
                    return await _jobs(database) == 0

                await eventually(no_job_left)
            assert (await store.progress(library_id)).failed == 0
    finally:
        keeper.cancel()
        with suppress(asyncio.CancelledError):
            await keeper
        await asyncio.to_thread(server.stop)


def kill_hard(pid: int) -> None:
    """End PostgreSQL's main process without warning; its children follow."""
    os.kill(pid, signal.SIGKILL)


async def _jobs(database: Database) -> int:
    async with database.connection() as connection:
        row = await (await connection.execute("select count(*) from procrastinate_jobs")).fetchone()
    return int(row[0]) if row else -1
