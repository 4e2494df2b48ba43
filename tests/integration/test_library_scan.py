"""A folder becomes a library: what a scan adds, moves and hides, and what it never forgets."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import av
import numpy as np
import pytest

from allinone.database.pool import Database
from allinone.errors import NotFound
from allinone.library.filters import AssetFilters
from allinone.library.store import LibraryAsset, LibraryStore
from allinone.library.worker import IndexSummary
from allinone.search.index import SearchIndex
from unit.library.library_fakes import CountingRecognizer, jpeg, make_worker, put


@dataclass
class Bench:
    database: Database
    root: Path
    data: Path
    store: LibraryStore
    library_id: UUID
    recognizer: CountingRecognizer

    async def index(self, **settings: object) -> IndexSummary:
        worker = make_worker(self.database, self.data, self.library_id, self.recognizer, **settings)
        return await worker.run_until_idle()

    async def shown(self) -> list[LibraryAsset]:
        return await self.store.page(AssetFilters(self.library_id), limit=1000)

    async def names(self) -> set[str]:
        return {asset.shown_path.removeprefix(f"{self.root}/") for asset in await self.shown()}

    async def count(self, query: str) -> int:
        async with self.database.connection() as connection:
            row = await (await connection.execute(query)).fetchone()  # type: ignore[call-overload]
        return int(row[0])


@pytest.fixture
async def bench(database: Database, tmp_path: Path) -> Bench:
    root, data = tmp_path / "photos", tmp_path / "data"
    root.mkdir()
    store = LibraryStore(database, data / "thumbnails")
    library_id = await store.open_library(root)
    return Bench(database, root, data, store, library_id, CountingRecognizer())


async def test_everything_new_is_read_once_and_nothing_again(bench: Bench) -> None:
    for number in range(5):
        put(bench.root / "a" / f"{number}.jpg", jpeg(number))
    put(bench.root / "note.txt", b"not a photo")
    first = await bench.index()
    assert (first.files, first.new, first.photos_read, first.unreadable_count) == (5, 5, 5, 0)
    second = await bench.index()
    assert (second.files, second.new, second.unchanged, second.photos_read) == (5, 0, 5, 0)
    assert len(bench.recognizer.read) == 5
    progress = await bench.store.progress(bench.library_id)
    assert (progress.total, progress.done, progress.waiting, progress.scanning) == (5, 5, 0, False)
    assert await bench.count("select count(*) from procrastinate_jobs") == 0


async def test_what_was_read_is_in_the_index_and_in_the_row(bench: Bench) -> None:
    put(bench.root / "one.jpg", jpeg(7, size=(300, 200)))
    await bench.index()
    [asset] = await bench.shown()
    [line] = await SearchIndex(bench.database).lines(asset.id)
    assert line.text == bench.recognizer.read[0]
    assert (asset.media_type, asset.kind, asset.width, asset.height) == ("image/jpeg", "IMAGE", 300, 200)
    assert asset.path == bench.root / "one.jpg"
    assert asset.id.version == 4
    assert asset.ocr_at is not None
    assert asset.clip_at is None
    assert await bench.store.get(asset.id) == asset


async def test_same_bytes_twice_are_one_photo_read_once(bench: Bench) -> None:
    put(bench.root / "a.jpg", jpeg(1))
    put(bench.root / "copy" / "b.jpg", jpeg(1))
    summary = await bench.index()
    assert (summary.files, summary.new, summary.photos_read) == (2, 2, 1)
    assert len(await bench.shown()) == 1
    (bench.root / "a.jpg").unlink()
    await bench.index()
    assert await bench.names() == {"copy/b.jpg"}
    assert len(bench.recognizer.read) == 1


async def test_renamed_and_moved_files_are_not_read_again(bench: Bench) -> None:
    put(bench.root / "old" / "a.jpg", jpeg(1))
    put(bench.root / "old" / "b.jpg", jpeg(2))
    await bench.index()
    before = {asset.id for asset in await bench.shown()}
    (bench.root / "old").rename(bench.root / "new")
    (bench.root / "new" / "a.jpg").rename(bench.root / "c.jpg")
    summary = await bench.index()
    assert (summary.moved, summary.new, summary.removed, summary.photos_read) == (2, 0, 0, 0)
    assert await bench.names() == {"c.jpg", "new/b.jpg"}
    assert {asset.id for asset in await bench.shown()} == before
    assert len(bench.recognizer.read) == 2


async def test_changed_content_is_another_photo_and_the_old_one_is_hidden(bench: Bench) -> None:
    put(bench.root / "a.jpg", jpeg(1))
    put(bench.root / "b.jpg", jpeg(2))
    await bench.index()
    [old] = [asset for asset in await bench.shown() if asset.file_name == "a.jpg"]
    put(bench.root / "a.jpg", jpeg(3), age=50)
    summary = await bench.index()
    assert (summary.changed, summary.photos_read) == (1, 1)
    [new] = [asset for asset in await bench.shown() if asset.file_name == "a.jpg"]
    assert new.id != old.id
    with pytest.raises(NotFound):
        await bench.store.get(old.id)


async def test_a_deleted_photo_is_hidden_at_once_and_costs_nothing_when_it_returns(bench: Bench) -> None:
    put(bench.root / "a.jpg", jpeg(1))
    put(bench.root / "b.jpg", jpeg(2))
    await bench.index()
    [gone] = [asset for asset in await bench.shown() if asset.file_name == "a.jpg"]
    (bench.root / "a.jpg").unlink()
    assert (await bench.index()).removed == 1
    assert await bench.names() == {"b.jpg"}
    assert await bench.store.select([gone.id], AssetFilters(bench.library_id)) == []
    put(bench.root / "back.jpg", jpeg(1))
    assert (await bench.index()).photos_read == 0
    assert await bench.names() == {"b.jpg", "back.jpg"}
    assert len(bench.recognizer.read) == 2


async def test_a_photo_long_gone_is_forgotten_everywhere(bench: Bench) -> None:
    put(bench.root / "a.jpg", jpeg(1))
    put(bench.root / "b.jpg", jpeg(2))
    await bench.index()
    [gone] = [asset for asset in await bench.shown() if asset.file_name == "a.jpg"]
    preview = await bench.store.thumbnail_path(gone.id, "preview")
    (bench.root / "a.jpg").unlink()
    await bench.index()
    assert await SearchIndex(bench.database).lines(gone.id)
    assert preview.is_file()
    await bench.index(keep_missing_days=0)
    assert await bench.count("select count(*) from library_asset") == 1
    assert await bench.count("select count(*) from search_token") == 1
    assert not preview.exists()


async def test_a_drive_that_is_not_mounted_loses_nothing(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    put(bench.root / "a.jpg", jpeg(1))
    await bench.index()
    away = bench.root.with_name("away")
    bench.root.rename(away)

    missing = await bench.index()
    assert "cannot be read" in (missing.notice or "")
    assert (missing.removed, len(await bench.shown())) == (0, 1)
    assert (await bench.store.progress(bench.library_id)).notice == missing.notice
    assert sum("cannot be read" in record.message for record in caplog.records) == 1

    bench.root.mkdir()
    empty = await bench.index()
    assert "no photos any more" in (empty.notice or "")
    assert (empty.removed, len(await bench.shown())) == (0, 1)

    bench.root.rmdir()
    away.rename(bench.root)
    back = await bench.index()
    assert (back.notice, back.unchanged, back.photos_read) == (None, 1, 0)
    assert (await bench.store.progress(bench.library_id)).notice is None


async def test_names_that_are_not_text_never_collide(bench: Bench) -> None:
    raw = os.fsencode(bench.root)
    names = [b"\xff.jpg", b"\xfe.jpg", b"\\xff.jpg", b"line\nbreak.jpg", "收據.jpg".encode(), b"UPPER.JPG"]
    for number, name in enumerate(names):
        put(raw + b"/" + name, jpeg(number))
    summary = await bench.index()
    assert (summary.new, summary.photos_read, summary.unreadable_count) == (6, 6, 0)
    assets = await bench.shown()
    assert {os.fsencode(asset.path.name) for asset in assets} == set(names)
    for asset in assets:
        assert asset.path.is_file()
        asset.shown_path.encode()
        asset.file_name.encode()
    assert (await bench.index()).unchanged == 6


async def test_a_path_longer_than_an_index_entry(bench: Bench) -> None:
    folder = bench.root
    for _ in range(14):
        folder = folder / ("x" * 250)
    put(folder / "deep.jpg", jpeg(1))
    assert (await bench.index()).photos_read == 1
    assert (await bench.index()).unchanged == 1


async def test_junk_hidden_files_and_link_loops_are_left_out(bench: Bench, tmp_path: Path) -> None:
    put(bench.root / "a.jpg", jpeg(1))
    for junk in (".hidden", "@eaDir", ".thumbnails", "#recycle", "lost+found", "@Recycle"):
        put(bench.root / junk / "no.jpg", jpeg(2))
    put(bench.root / "._a.jpg", b"resource fork")
    (bench.root / "loop").symlink_to(bench.root)
    (bench.root / "up").symlink_to(tmp_path)
    os.mkfifo(bench.root / "pipe.jpg")
    put(tmp_path / "elsewhere" / "b.jpg", jpeg(3))
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "elsewhere")
    (bench.root / "out").symlink_to(tmp_path / "elsewhere")
    (bench.root / "out again").symlink_to(tmp_path / "elsewhere")
    summary = await bench.index()
    assert (summary.files, summary.photos_read) == (2, 2)
    (bench.root / "loop").unlink()


async def test_our_own_thumbnails_inside_the_library_are_not_photos(bench: Bench) -> None:
    bench.data = bench.root / "data"
    put(bench.root / "a.jpg", jpeg(1))
    await bench.index()
    assert list((bench.data / "thumbnails").rglob("*.jpg"))
    assert (await bench.index()).files == 1


async def test_unreadable_files_are_named_and_stop_nobody(bench: Bench) -> None:
    put(bench.root / "good.jpg", jpeg(1))
    put(bench.root / "empty.jpg", b"")
    put(bench.root / "page.jpg", b"<!DOCTYPE html><html></html>")
    put(bench.root / "cut.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    put(bench.root / "film.mp4", b"no film")
    summary = await bench.index()
    assert (summary.photos_read, summary.unreadable_count) == (1, 4)
    failures = {Path(file.path).name: file.reason for file in summary.unreadable}
    assert failures.keys() == {"empty.jpg", "page.jpg", "cut.png", "film.mp4"}
    assert all(failures.values())
    progress = await bench.store.progress(bench.library_id)
    assert (progress.total, progress.done, progress.failed) == (5, 1, 4)
    assert await bench.names() == {"good.jpg"}

    put(bench.root / "page.jpg", jpeg(2), age=50)
    (bench.root / "empty.jpg").unlink()
    repaired = await bench.index()
    assert (repaired.photos_read, repaired.unreadable_count) == (1, 2)
    assert await bench.count("select count(*) from procrastinate_jobs") == 0


async def test_a_file_whose_bytes_cannot_be_read_is_tried_with_each_scan(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bench.root / "a.jpg", jpeg(1))
    put(bench.root / "b.jpg", jpeg(2))
    real_open = open

    def refuse(file: object, *arguments: object, **options: object) -> object:
        if isinstance(file, bytes) and file.endswith(b"b.jpg"):
            raise PermissionError(13, "Permission denied")
        return real_open(file, *arguments, **options)  # type: ignore[call-overload]

    with monkeypatch.context() as patch:
        patch.setattr("builtins.open", refuse)
        summary = await bench.index()
    [failure] = summary.unreadable
    assert failure.path == str(bench.root / "b.jpg")
    assert "Permission denied" in failure.reason
    assert (await bench.store.progress(bench.library_id)).failed == 1
    healed = await bench.index()
    assert (healed.photos_read, healed.unreadable_count) == (1, 0)


async def test_a_fresh_file_waits_until_it_has_settled(bench: Bench) -> None:
    put(bench.root / "fresh.jpg", jpeg(1), age=0)
    summary = await bench.index()
    assert summary.photos_read == 1
    assert summary.seconds > 0.5


async def test_two_libraries_in_one_database_stay_apart(bench: Bench, tmp_path: Path) -> None:
    put(bench.root / "a.jpg", jpeg(1))
    await bench.index()
    other_root = tmp_path / "other"
    put(other_root / "a.jpg", jpeg(1))
    other_id = await bench.store.open_library(other_root)
    await make_worker(bench.database, bench.data, other_id, bench.recognizer).run_until_idle()
    [mine] = await bench.shown()
    [theirs] = await bench.store.page(AssetFilters(other_id))
    assert mine.id != theirs.id
    assert (mine.path, theirs.path) == (bench.root / "a.jpg", other_root / "a.jpg")
    assert [library.root for library in await bench.store.libraries()] == [other_root, bench.root]
    assert await bench.store.open_library(bench.root / "x" / "..") == bench.library_id
    shutil.rmtree(other_root)
    await make_worker(bench.database, bench.data, other_id, bench.recognizer).run_until_idle()
    assert len(await bench.shown()) == 1


async def test_pictures_get_a_vector_when_a_model_appears(bench: Bench) -> None:
    put(bench.root / "a.jpg", jpeg(1))
    await bench.index()
    bench.recognizer = CountingRecognizer(clip_model="small")
    put(bench.root / "b.jpg", jpeg(2))
    await bench.index()
    assert len(bench.recognizer.embedded) == 2
    assert len(bench.recognizer.read) == 1
    assert {asset.clip_model for asset in await bench.shown()} == {"small"}
    await bench.index()
    assert len(bench.recognizer.embedded) == 2
    assert await bench.count("select count(*) from search_vector where model = 'small'") == 2


async def test_the_content_says_whether_it_is_a_video_under_whatever_names(bench: Bench) -> None:
    put(bench.root / "photo.mp4", jpeg(1))
    with av.open(str(bench.root / "a.mp4"), "w") as film:
        stream = film.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 200, np.uint8), format="rgb24")
        film.mux([*stream.encode(frame), *stream.encode()])
    put(bench.root / "a.jpg", (bench.root / "a.mp4").read_bytes())
    summary = await bench.index()
    assert (summary.photos_read, summary.unreadable_count) == (2, 0)
    shown = {asset.kind: (asset.file_name, asset.media_type) for asset in await bench.shown()}
    assert shown.keys() == {"IMAGE", "VIDEO"}
    assert shown["IMAGE"] == ("photo.mp4", "image/jpeg")
    assert shown["VIDEO"][1] == "video/mp4"
