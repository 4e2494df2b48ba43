"""A folder is followed: real files, the kernel's own events, the rows seconds later."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest

from allinone.database.pool import Database
from allinone.library.filters import AssetFilters
from allinone.library.store import LibraryStore
from unit.library.library_fakes import CountingRecognizer, jpeg, make_worker, put


class Followed:
    def __init__(self, root: Path, store: LibraryStore, library_id: UUID, recognizer: CountingRecognizer) -> None:
        self.root = root
        self.store = store
        self.library_id = library_id
        self.recognizer = recognizer

    async def shows(self, *names: str | bytes, seconds: float = 8.0) -> None:
        """Wait until exactly these files are shown."""
        wanted = {os.fsencode(self.root / os.fsdecode(name)) for name in names}
        seen: set[bytes] = set()
        try:
            async with asyncio.timeout(seconds):
                while seen != wanted:
                    await asyncio.sleep(0.05)
                    assets = await self.store.page(AssetFilters(self.library_id), limit=1000)
                    seen = {os.fsencode(asset.path) for asset in assets}
        except TimeoutError:
            assert seen == wanted

    async def tells(self, condition: Callable[[str | None], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition((await self.store.progress(self.library_id)).notice):  # noqa: ASYNC110
                await asyncio.sleep(0.1)


@pytest.fixture
async def followed(database: Database, tmp_path: Path) -> AsyncIterator[Followed]:
    root = tmp_path / "photos"
    put(root / "first.jpg", jpeg(1))
    store = LibraryStore(database, tmp_path / "data" / "thumbnails")
    library_id = await store.open_library(root)
    recognizer = CountingRecognizer()
    task = asyncio.create_task(make_worker(database, tmp_path / "data", library_id, recognizer).run())
    followed = Followed(root, store, library_id, recognizer)
    await followed.shows("first.jpg")
    yield followed
    assert not task.done()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def quick(action: Callable[[], Awaitable[None]]) -> float:
    started = asyncio.get_running_loop().time()
    await action()
    return asyncio.get_running_loop().time() - started


async def test_what_happens_to_files_is_followed(followed: Followed) -> None:
    root, shows = followed.root, followed.shows
    put(root / "new" / "second.jpg", jpeg(2), age=0)
    assert await quick(lambda: shows("first.jpg", "new/second.jpg")) < 5

    (root / "new").rename(root / "moved")
    await shows("first.jpg", "moved/second.jpg")
    assert len(followed.recognizer.read) == 2

    (root / "moved" / "second.jpg").rename(root / "third.jpg")
    await shows("first.jpg", "third.jpg")
    assert len(followed.recognizer.read) == 2

    put(root / "third.jpg", jpeg(3), age=0)
    async with asyncio.timeout(8):
        while len(followed.recognizer.read) < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await shows("first.jpg", "third.jpg")

    (root / "third.jpg").unlink()
    assert await quick(lambda: shows("first.jpg")) < 4
    (root / "first.jpg").unlink()
    await shows()


async def test_a_file_that_is_written_slowly_is_read_once_and_whole(followed: Followed) -> None:
    content = jpeg(5, size=(600, 400))
    with (followed.root / "slow.jpg").open("wb") as file:
        for start in range(0, len(content), len(content) // 6 + 1):
            file.write(content[start : start + len(content) // 6 + 1])
            file.flush()
            await asyncio.sleep(0.5)
    await followed.shows("first.jpg", "slow.jpg")
    assert len(followed.recognizer.read) == 2
    assert (await followed.store.progress(followed.library_id)).failed == 0


async def test_names_that_are_not_text_are_followed(followed: Followed) -> None:
    put(os.fsencode(followed.root) + b"/\xff.jpg", jpeg(2))
    await followed.shows("first.jpg", b"\xff.jpg")
    put(followed.root / "after.jpg", jpeg(3))
    await followed.shows("first.jpg", b"\xff.jpg", "after.jpg")


async def test_a_folder_that_goes_and_comes_back_is_followed_again(followed: Followed) -> None:
    away = followed.root.with_name("away")
    followed.root.rename(away)
    await followed.tells(lambda notice: notice is not None)
    await followed.shows("first.jpg")
    away.rename(followed.root)
    await followed.tells(lambda notice: notice is None)
    put(followed.root / "later.jpg", jpeg(2))
    await followed.shows("first.jpg", "later.jpg")
    assert len(followed.recognizer.read) == 2


async def test_where_the_system_cannot_tell_the_folder_is_looked_through_instead(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> AsyncIterator[object]:
        raise OSError(28, "OS file watch limit reached")

    monkeypatch.setattr("allinone.library.watch.awatch", refuse)
    monkeypatch.setattr("allinone.library.watch.UNWATCHED_RESCAN", 0.3)
    root = tmp_path / "photos"
    put(root / "first.jpg", jpeg(1))
    store = LibraryStore(database, tmp_path / "data" / "thumbnails")
    library_id = await store.open_library(root)
    recognizer = CountingRecognizer()
    task = asyncio.create_task(make_worker(database, tmp_path / "data", library_id, recognizer).run())
    followed = Followed(root, store, library_id, recognizer)
    await followed.shows("first.jpg")
    put(root / "later.jpg", jpeg(2))
    await followed.shows("first.jpg", "later.jpg")
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert sum("OS file watch limit reached" in record.message for record in caplog.records) == 1


async def test_a_folder_whose_name_is_not_utf8_does_not_end_the_following(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("allinone.library.watch.UNWATCHED_RESCAN", 0.3)
    root = tmp_path / "photos"
    put(root / os.fsdecode(b"caf\xe9") / "first.jpg", jpeg(1))
    store = LibraryStore(database, tmp_path / "data" / "thumbnails")
    library_id = await store.open_library(root)
    recognizer = CountingRecognizer()
    task = asyncio.create_task(make_worker(database, tmp_path / "data", library_id, recognizer).run())
    followed = Followed(root, store, library_id, recognizer)
    await followed.shows(b"caf\xe9/first.jpg")
    put(root / "later.jpg", jpeg(2))
    await followed.shows(b"caf\xe9/first.jpg", "later.jpg")
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert sum("is not UTF-8" in record.message for record in caplog.records) == 1
