"""What the rest of the program asks of a library: pages, filters, thumbnails. And that it asks cheaply."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from PIL import Image

from allinone.database.pool import Database
from allinone.errors import ImageError, NotFound
from allinone.library.filters import AssetFilters
from allinone.library.statements import statement
from allinone.library.store import LibraryAsset, LibraryStore
from unit.library.library_fakes import CountingRecognizer, jpeg, make_worker, put


@pytest.fixture
def store(database: Database, tmp_path: Path) -> LibraryStore:
    return LibraryStore(database, tmp_path / "data" / "thumbnails")


async def indexed(database: Database, store: LibraryStore, root: Path) -> tuple[UUID, list[LibraryAsset]]:
    library_id = await store.open_library(root)
    await make_worker(database, root.parent / "data", library_id, CountingRecognizer()).run_until_idle()
    return library_id, await store.page(AssetFilters(library_id))


async def test_pages_are_newest_first_and_go_on(database: Database, store: LibraryStore, tmp_path: Path) -> None:
    for number in range(7):
        put(tmp_path / "photos" / f"{number}.jpg", jpeg(number), age=1000 * (number + 1))
    library_id, assets = await indexed(database, store, tmp_path / "photos")
    assert [asset.file_name for asset in assets] == [f"{number}.jpg" for number in range(7)]
    filters = AssetFilters(library_id)
    pages = [await store.page(filters, offset=offset, limit=3) for offset in (0, 3, 6, 9)]
    assert [asset for page in pages for asset in page] == assets
    assert [len(page) for page in pages] == [3, 3, 1, 0]


async def test_select_keeps_the_order_and_drops_the_rest(
    database: Database, store: LibraryStore, tmp_path: Path
) -> None:
    for number in range(4):
        put(tmp_path / "photos" / f"{number}.jpg", jpeg(number), age=1000 * (number + 1))
    library_id, assets = await indexed(database, store, tmp_path / "photos")
    wanted = [assets[2].id, uuid4(), assets[0].id, assets[3].id]
    filters = AssetFilters(library_id)
    assert await store.select(wanted, filters) == [assets[2], assets[0], assets[3]]
    assert await store.select(wanted, replace(filters, original_file_name="0.JPG")) == [assets[0]]
    assert await store.select(wanted, replace(filters, impossible=True)) == []
    assert await store.select(wanted, replace(filters, library_id=uuid4())) == []
    assert await store.select([], filters) == []


async def test_filters(database: Database, store: LibraryStore, tmp_path: Path) -> None:
    root = tmp_path / "photos"
    put(root / "2023" / "old_1.jpg", jpeg(1), age=3600 * 24)
    exif = Image.Exif()
    exif[271], exif[272] = "Leica", "M 11"
    exif.get_ifd(0x8769)[36867] = "2001:02:03 04:05:06"
    Image.new("RGB", (40, 30)).save(root / "camera.jpg", exif=exif)
    put(root / "camera.jpg", (root / "camera.jpg").read_bytes())
    library_id, assets = await indexed(database, store, root)
    old, camera = sorted(assets, key=lambda asset: asset.file_name, reverse=True)
    assert camera.taken_at == datetime(2001, 2, 3, 4, 5, 6)  # noqa: DTZ001 — local time, as in EXIF
    assert (camera.make, camera.model, old.make) == ("Leica", "M 11", None)
    assert assets == [old, camera]
    now = datetime.now(UTC)
    everything = AssetFilters(library_id)
    cases = [
        (replace(everything, make="Leica", model="M 11"), [camera]),
        (replace(everything, make="leica"), []),
        (replace(everything, empty=frozenset({"make", "lens_model"})), [old]),
        (replace(everything, kind="VIDEO"), []),
        (replace(everything, kind="IMAGE"), [old, camera]),
        (replace(everything, taken_before=now - timedelta(days=365)), [camera]),
        (replace(everything, taken_after=now - timedelta(days=365)), [old]),
        (replace(everything, created_after=now), []),
        (replace(everything, updated_before=now), [old, camera]),
        (replace(everything, original_file_name="OLD_"), [old]),
        (replace(everything, original_file_name="o_d"), []),
        (replace(everything, original_path="2023/"), [old]),
        (replace(everything, checksum=camera.checksum), [camera]),
        (replace(everything, id=old.id), [old]),
        (replace(everything, impossible=True), []),
    ]
    for filters, expected in cases:
        assert await store.page(filters) == expected, filters


async def test_thumbnails_come_back_when_the_cache_is_emptied(
    database: Database, store: LibraryStore, tmp_path: Path
) -> None:
    put(tmp_path / "photos" / "a.jpg", jpeg(1, size=(3000, 2000)))
    _, [asset] = await indexed(database, store, tmp_path / "photos")
    preview = await store.thumbnail_path(asset.id, "preview")
    thumbnail = await store.thumbnail_path(asset.id, "thumbnail")
    for path, form, side in ((preview, "JPEG", 1440), (thumbnail, "WEBP", 250)):
        with Image.open(path) as picture:
            assert (picture.format, min(picture.size)) == (form, side)
        path.unlink()
    assert (await store.thumbnail_path(asset.id, "thumbnail")).is_file()
    assert preview.is_file()
    assert not list(preview.parent.glob(".*"))

    preview.unlink()
    asset.path.write_bytes(b"damaged")
    with pytest.raises(ImageError):
        await store.thumbnail_path(asset.id, "preview")
    asset.path.unlink()
    with pytest.raises(NotFound):
        await store.thumbnail_path(asset.id, "preview")
    with pytest.raises(NotFound):
        await store.thumbnail_path(uuid4(), "preview")


@pytest.fixture
async def large(database: Database, store: LibraryStore, tmp_path: Path) -> UUID:
    """A library of 20,000 photos, a few of them waiting."""
    library_id = await store.open_library(tmp_path / "large")
    async with database.connection() as connection:
        await connection.execute(
            """
            with asset as (
                insert into library_asset (id, library_id, checksum, kind, size_bytes, taken_at,
                    file_created_at, file_modified_at, status)
                select gen_random_uuid(), %s, n::text::bytea, 'IMAGE', 1, now() - n * interval '1 hour', now(),
                    now(), case when n <= 50 then 'waiting' else 'done' end
                from generate_series(1, 20000) as n
                returning id, library_id
            )
            insert into library_file (library_id, path_key, path, name, size_bytes, mtime_ns, asset_id)
            select library_id, id::text::bytea, id::text::bytea, id::text, 1, 1, id from asset
            """,
            [library_id],
        )
    async with await psycopg.AsyncConnection.connect(database.dsn, autocommit=True) as connection:
        await connection.execute("vacuum (analyze) library_asset, library_file")
    return library_id


async def test_a_page_and_what_is_left_to_do_read_indexes_only(
    database: Database, store: LibraryStore, large: UUID
) -> None:
    filters = AssetFilters(large).parameters()
    page = await plan(database, "asset_page", filters | {"offset": 0, "limit": 100})
    assert "library_asset_newest" in page
    assert "Sort" not in page
    assert "Seq Scan on library_asset" not in page
    counting = await plan(database, "progress", {"library_id": large})
    assert "library_asset_unfinished" in counting
    progress = await store.progress(large)
    assert (progress.total, progress.done, progress.waiting) == (20_000, 19_950, 50)


async def plan(database: Database, name: str, parameters: dict[str, object]) -> str:
    async with database.connection() as connection:
        query = b"explain (format json) " + statement(name)
        rows = await (await connection.execute(query, parameters)).fetchall()
    nodes: list[str] = []

    def visit(node: dict[str, object]) -> None:
        nodes.append(f"{node['Node Type']} on {node.get('Relation Name')} by {node.get('Index Name')}")
        for child in node.get("Plans", []):  # type: ignore[attr-defined]
            visit(child)

    visit(json.loads(rows[0][0])[0]["Plan"] if isinstance(rows[0][0], str) else rows[0][0][0]["Plan"])
    return "\n".join(nodes)
