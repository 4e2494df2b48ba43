"""The worker is killed without warning: nothing is lost, and nothing that was finished is done twice."""

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from uuid import UUID

from allinone.database.pool import Database
from allinone.library.filters import AssetFilters
from allinone.library.store import LibraryStore
from allinone.search.index import SearchIndex
from unit.library.library_fakes import CountingRecognizer, jpeg, make_worker, put

WORKERS = 2


async def test_killing_the_worker_loses_nothing_and_repeats_nothing(database: Database, tmp_path: Path) -> None:
    photos, kills = 200, 3
    for number in range(photos):
        put(tmp_path / "photos" / f"{number}.jpg", jpeg(number))
    store = LibraryStore(database, tmp_path / "data" / "thumbnails")
    library_id = await store.open_library(tmp_path / "photos")
    calls = tmp_path / "calls"
    finished: set[str] = set()
    for kill in range(kills):
        worker = await start(database.dsn, tmp_path, library_id, f"slow {kill}")
        await until(store, library_id, at_least=(kill + 1) * 40)
        worker.kill()
        assert await worker.wait() == -signal.SIGKILL
        at_this_time = await texts(database, store, library_id)
        repeated = finished & set(names(calls, f"slow {kill}"))
        assert not repeated
        finished |= at_this_time
    last = await start(database.dsn, tmp_path, library_id, "until idle")
    assert await last.wait() == 0

    assert not finished & set(names(calls, "until idle"))
    assert len(await store.page(AssetFilters(library_id), limit=1000)) == photos
    assert await count(database, "select count(*) from search_token") == photos
    assert await count(database, "select count(*) from procrastinate_jobs") == 0
    read = Counter(names(calls))
    assert len(read) == photos
    # Only what was being read at the moment of a kill is read again.
    assert read.total() <= photos + kills * WORKERS
    assert (await store.progress(library_id)).failed == 0


async def test_a_photo_that_kills_the_worker_is_given_up_and_the_rest_is_read(
    database: Database, tmp_path: Path
) -> None:
    for number in range(12):
        put(tmp_path / "photos" / f"{number:02}.jpg", jpeg(number))
    store = LibraryStore(database, tmp_path / "data" / "thumbnails")
    library_id = await store.open_library(tmp_path / "photos")
    deaths = 0
    while True:
        worker = await start(database.dsn, tmp_path, library_id, "poison")
        status = await worker.wait()
        if status == 0:
            break
        assert status == -signal.SIGSEGV
        deaths += 1
        assert deaths <= 3
    assert deaths == 3
    progress = await store.progress(library_id)
    assert (progress.done, progress.failed, progress.waiting) == (11, 1, 0)
    [failure] = await store.failures(library_id)
    assert failure.path.endswith("/05.jpg")
    assert "3 times" in failure.reason


async def start(dsn: str, folder: Path, library_id: UUID, how: str) -> asyncio.subprocess.Process:
    tests = Path(__file__).parents[1]
    path = os.pathsep.join([str(tests), str(tests.parent / "src")])
    return await asyncio.create_subprocess_exec(
        sys.executable, __file__, dsn, str(folder), str(library_id), how, env=os.environ | {"PYTHONPATH": path}
    )


async def until(store: LibraryStore, library_id: UUID, *, at_least: int) -> None:
    async with asyncio.timeout(40):
        while (await store.progress(library_id)).done < at_least:  # noqa: ASYNC110 — another process counts
            await asyncio.sleep(0.02)


async def texts(database: Database, store: LibraryStore, library_id: UUID) -> set[str]:
    """What the photos say that have been read."""
    index = SearchIndex(database)
    assets = await store.page(AssetFilters(library_id), limit=1000)
    return {line.text for asset in assets for line in await index.lines(asset.id)}


async def count(database: Database, query: str) -> int:
    async with database.connection() as connection:
        row = await (await connection.execute(query)).fetchone()  # type: ignore[call-overload]
    return int(row[0])


def names(calls: Path, how: str | None = None) -> list[str]:
    """What was recognised, by all runs or by one."""
    lines = [line.split("\t") for line in calls.read_text().splitlines()]
    return [name for run, name in lines if how in (None, run)]


async def work(dsn: str, folder: Path, library_id: UUID, how: str) -> None:
    """A worker process, as the tests above start it."""
    poison = "colour 5 0 0"

    def before(name: str) -> None:
        with (folder / "calls").open("a") as calls:
            calls.write(f"{how}\t{name}\n")
        if how == "poison" and name == poison:
            time.sleep(0.2)  # so that others are being read as well
            os.kill(os.getpid(), signal.SIGSEGV)

    recognizer = CountingRecognizer(seconds=0.02, before=before)
    async with Database(dsn, max_connections=4) as database:
        worker = make_worker(database, folder / "data", library_id, recognizer, workers=WORKERS)
        await worker.run_until_idle()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], Path(sys.argv[2]), UUID(sys.argv[3]), sys.argv[4]))
