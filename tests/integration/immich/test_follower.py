"""Following Immich: the index is what Immich's rows say, whatever happens on the way."""

import asyncio
import random
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from tests.support.immich.following import follower, fresh_index_rows
from tests.support.immich.rows import User
from tests.support.immich.site import ImmichSite
from tests.support.index_rows import index_rows

from allinone.database.pool import Database
from allinone.errors import DatabaseUnavailable
from allinone.immich import follower as follower_module
from allinone.immich.database import ImmichDatabase
from allinone.immich.fill import is_filled
from allinone.immich.settings import ImmichSettings
from allinone.immich.shelves import shelf
from allinone.search.index import RankRequest, SearchIndex


async def found(dsn: str, query: str, *owners: UUID) -> list[UUID]:
    async with Database(dsn) as database:
        return (await SearchIndex(database).rank(RankRequest(query, owners, text_only=True))).asset_ids


async def test_first_fill_and_changes(immich_site: ImmichSite, dsn: str) -> None:
    rows = immich_site.rows
    anna = rows.add_user("anna")
    receipt = rows.add_asset(anna, ["統一發票", "總計 560"])
    silent = rows.add_asset(anna)
    async with follower(immich_site, dsn) as following:
        await following.catch_up()
        assert following.state.complete
        assert (following.state.documents, following.state.compared) == (1, 1)
        assert await found(dsn, "發票", anna.id) == [receipt]
        rows.put_lines(silent, ["火車票"])
        rows.put_lines(receipt, ["電影票"])
        await following.catch_up()
        assert await found(dsn, "火車", anna.id) == [silent]
        assert await found(dsn, "發票", anna.id) == []
        rows.put_lines(receipt, [])
        rows.delete(silent)
        await following.catch_up()
        assert following.state.documents == 0
    assert index_rows(dsn) == await fresh_index_rows(immich_site, dsn)


async def test_following_gives_way_to_searches_and_holds_nothing_meanwhile(
    immich_site: ImmichSite, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = immich_site.rows.add_user("anna")
    assets = [immich_site.rows.add_asset(anna, ["發票"]) for _ in range(3)]
    held: list[int] = []

    async def give_way(index: SearchIndex) -> None:
        async with await psycopg.AsyncConnection.connect(dsn) as connection:
            cursor = await connection.execute("select count(*) from pg_locks where locktype = 'advisory'")
            held.append((await cursor.fetchall())[0][0])

    monkeypatch.setattr(SearchIndex, "give_way", give_way)
    monkeypatch.setattr(follower_module, "CHUNK", 1)
    async with follower(immich_site, dsn) as following:
        await following.catch_up()
    assert len(held) >= len(assets)
    assert not any(held)


async def test_places_of_immich_are_shelves(immich_site: ImmichSite, dsn: str) -> None:
    rows = immich_site.rows
    anna = rows.add_user("anna")
    asset = rows.add_asset(anna, ["發票"])
    async with follower(immich_site, dsn) as following:
        await following.catch_up()
        for visibility in ("archive", "locked", "hidden", "timeline"):
            rows.set_visibility(asset, visibility)
            await following.catch_up()
            assert await found(dsn, "發票", shelf(anna.id, visibility, trashed=False)) == [asset]
            assert (await found(dsn, "發票", anna.id) == [asset]) == (visibility == "timeline")
        rows.trash(asset)
        await following.catch_up()
        assert await found(dsn, "發票", anna.id) == []
        assert await found(dsn, "發票", shelf(anna.id, "timeline", trashed=True)) == [asset]
        rows.restore(asset)
        rows.set_taken(asset, datetime(2019, 5, 6, 7, tzinfo=UTC))
        await following.catch_up()
        async with Database(dsn) as database:
            hit = (await SearchIndex(database).rank(RankRequest("發票", [anna.id]))).hits[0]
        assert hit.taken_at == datetime(2019, 5, 6, 7)  # noqa: DTZ001 — wall clock


async def test_lines_cut_off_by_an_edit_are_gone(immich_site: ImmichSite, dsn: str) -> None:
    anna = immich_site.rows.add_user("anna")
    asset = immich_site.rows.add_asset(anna, ["發票", "電話"])
    async with follower(immich_site, dsn) as following:
        await following.catch_up()
        immich_site.rows.hide_lines(asset, ["電話"])
        await following.catch_up()
        assert await found(dsn, "發票", anna.id) == [asset]
        assert await found(dsn, "電話", anna.id) == []


async def test_reading_everything_anew_empties_first(immich_site: ImmichSite, dsn: str) -> None:
    """Immich truncates the table, which no trigger tells."""
    anna = immich_site.rows.add_user("anna")
    immich_site.rows.add_asset(anna, ["發票"])
    async with follower(immich_site, dsn) as following:
        await following.catch_up()
        with immich_site.rows.connect() as connection:
            connection.execute("truncate asset_ocr")
        await following.catch_up()
        assert following.state.documents == 0


async def test_rows_that_commit_late_are_seen(immich_site: ImmichSite, dsn: str) -> None:
    rows = immich_site.rows
    anna = rows.add_user("anna")
    late, early = rows.add_asset(anna), rows.add_asset(anna)
    async with follower(immich_site, dsn) as following:
        await following.catch_up()
        with rows.connect() as slow:
            rows._put_lines(slow, late, ["發票"])
            rows.put_lines(early, ["發票"])
            await following.catch_up()
            assert await found(dsn, "發票", anna.id) == [early]
        await following.catch_up()
        assert set(await found(dsn, "發票", anna.id)) == {early, late}


async def test_comparison_mends_what_no_feed_tells(immich_site: ImmichSite, dsn: str) -> None:
    rows = immich_site.rows
    anna, bert = rows.add_user("anna"), rows.add_user("bert")
    rows.add_asset(anna, ["發票"])
    rows.add_asset(bert, ["發票"])
    async with follower(immich_site, dsn) as following:
        await following.catch_up()
        with rows.connect() as connection:
            connection.execute('delete from "user" where id = %s', [bert.id])
        await following.catch_up(compare=True)
        assert following.state.documents == 1
    assert index_rows(dsn) == await fresh_index_rows(immich_site, dsn)


@pytest.fixture
def five_at_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step compares five assets, and no more."""
    monkeypatch.setattr(follower_module, "PAGE", 5)
    monkeypatch.setattr(follower_module, "STEP_SECONDS", 0.0)


@pytest.mark.usefixtures("five_at_a_step")
async def test_fill_goes_on_where_it_was_interrupted(immich_site: ImmichSite, dsn: str) -> None:
    anna = immich_site.rows.add_user("anna")
    for number in range(17):
        immich_site.rows.add_asset(anna, [f"發票 {number}"])
    async with follower(immich_site, dsn) as first:
        assert await first.step()
        assert await first.step()
    begun, compared, finished = _comparison(dsn)
    assert (compared, finished) == (10, None)
    async with follower(immich_site, dsn) as second:
        await second.catch_up()
        assert second.state.complete
    again, compared, finished = _comparison(dsn)
    assert (again, compared) == (begun, 17)
    assert finished is not None
    assert index_rows(dsn) == await fresh_index_rows(immich_site, dsn)


@pytest.mark.usefixtures("five_at_a_step")
async def test_what_was_filled_once_stays_so_unless_the_rows_lie_elsewhere(immich_site: ImmichSite, dsn: str) -> None:
    anna = immich_site.rows.add_user("anna")
    assets = [immich_site.rows.add_asset(anna, [f"發票 {number}"]) for number in range(7)]
    async with Database(dsn) as database, follower(immich_site, dsn) as following:
        assert not await is_filled(database)
        assert await following.step()
        assert not await is_filled(database)
        await following.catch_up()
        assert await is_filled(database)
        await following._begin()
        assert await following.step()
        assert _comparison(dsn)[1] == 5
        assert await is_filled(database)
        await following.catch_up()
        assert _comparison(dsn)[1] == 7
        with immich_site.rows.connect() as connection:
            connection.execute("truncate asset_ocr")
        for asset in assets:
            immich_site.rows.put_lines(asset, ["收據"])
        assert await following.step()
        assert not await is_filled(database)


def _comparison(dsn: str) -> tuple[Any, ...]:
    with psycopg.connect(dsn) as connection:
        statement = "select begun_at, compared, finished_at from immich_reconciliation"
        row = connection.execute(statement).fetchone()
    assert row is not None
    return row


@pytest.mark.parametrize("version", [(2, 2, 0), (2, 7, 0), (3, 0, 0), (3, 2, 0)], ids=str)
async def test_older_and_newer_versions(
    postgres: Any, dsn: str, empty_dsn: str, tmp_path: Any, version: tuple[int, int, int]
) -> None:
    with ImmichSite(empty_dsn, tmp_path / "immich", version=version, with_redis=False) as site:
        anna = site.rows.add_user("anna")
        asset = site.rows.add_asset(anna, ["發票"])
        async with follower(site, dsn) as following:
            await following.catch_up()
            assert await found(dsn, "發票", anna.id) == [asset]
            site.rows.put_lines(asset, ["電影票"])
            await following.catch_up()
            assert await found(dsn, "電影", anna.id) == [asset]
            lacking = {line.split(" has no ")[1].split(". ")[0] for line in following.state.missing}
        assert ("asset_ocr.updateId" in lacking) == (version < (3, 1, 0))
        assert ("asset_ocr.isVisible" in lacking) == (version < (2, 5, 0))
        assert all(f"Immich {'.'.join(map(str, version))} " in line for line in following.state.missing)


async def test_a_role_that_may_only_select_is_enough_and_cannot_write(immich_site: ImmichSite) -> None:
    settings = ImmichSettings(**immich_site.settings())
    async with ImmichDatabase(settings.dsn) as immich:
        with pytest.raises(DatabaseUnavailable, match="read-only"):
            async with immich.connection() as connection:
                await connection.execute("delete from asset_ocr")
        with pytest.raises(DatabaseUnavailable, match="permission denied"):
            await _write_anyway(immich)


async def _write_anyway(immich: ImmichDatabase) -> None:
    async with immich.connection() as connection:
        await connection.execute("set transaction read write")
        await connection.execute("delete from asset_ocr")


async def test_migrations_are_given_way_to(immich_site: ImmichSite, dsn: str) -> None:
    anna = immich_site.rows.add_user("anna")
    asset = immich_site.rows.add_asset(anna, ["發票"])
    async with follower(immich_site, dsn, follow_seconds=0.05) as following:
        await following.catch_up()
        task = asyncio.create_task(following.run())
        with immich_site.rows.connect() as migration:
            migration.execute("alter table asset_ocr rename column text to body")
            migration.execute("lock table asset in access exclusive mode")
            await asyncio.sleep(0.3)
        await asyncio.sleep(0.3)
        with immich_site.rows.connect() as migration:
            migration.execute("alter table asset_ocr rename column body to text")
        immich_site.rows.put_lines(asset, ["電影票"])
        await _until(lambda: following.state.problem is None and following.state.changed >= 2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert index_rows(dsn) == await fresh_index_rows(immich_site, dsn)


async def test_random_changes_while_following(immich_site: ImmichSite, dsn: str) -> None:
    rows, chance = immich_site.rows, random.Random(7)
    anna = rows.add_user("anna")
    assets = [rows.add_asset(anna, [f"發票 {number}"]) for number in range(30)]
    async with follower(immich_site, dsn, follow_seconds=0.05) as following:
        task = asyncio.create_task(following.run())
        for number in range(150):
            await asyncio.to_thread(_change, immich_site, chance, anna, assets, number)
        await following.catch_up()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert following.state.problem is None
    assert index_rows(dsn) == await fresh_index_rows(immich_site, dsn)


def _change(site: ImmichSite, chance: random.Random, anna: User, assets: list[UUID], number: int) -> None:
    rows, asset = site.rows, chance.choice(assets)
    match chance.randrange(8):
        case 0 | 1:
            rows.put_lines(asset, [f"收據 {number}", "合計"][: chance.randrange(3)])
        case 2:
            rows.set_visibility(asset, chance.choice(["timeline", "archive", "locked", "hidden"]))
        case 3:
            rows.trash(asset)
        case 4:
            rows.restore(asset)
        case 5:
            rows.hide_lines(asset, ["合計"])
        case 6:
            assets.append(rows.add_asset(anna, [f"新 {number}"]))
        case 7:
            assets.remove(asset)
            rows.delete(asset)


async def _until(condition: Any) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 — what is waited for has no event
            await asyncio.sleep(0.05)
