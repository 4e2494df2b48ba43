"""The indexes of the newest photos: made beside searches, and of no influence on what is found."""

import asyncio
import random
from collections.abc import Collection
from datetime import date, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from allinone.database.pool import Connection, Database
from allinone.search import maintenance, newest_index, text_leg
from allinone.search.index import AssetText, RankRequest, SearchIndex
from allinone.search.index_building import LOCK
from allinone.search.maintenance import maintain, merge_waiting
from allinone.search.newest_index import NewestIndexes, build, index_name
from allinone.search.text_leg import FIRST_TEXT_HITS, Statistics
from allinone.wire.ocr import OcrLine
from unit.search.papers import paper

OWNER, PARTNER = UUID(int=1), UUID(int=2)
LAST = datetime(2024, 6, 30, 12)  # noqa: DTZ001
WORDS = ["發票", "總計", "total", "收據", "車票", "560"]
QUERIES = [
    "發票",
    "总计",
    "total",
    "收據 560",
    "車票 發票",
    "tot",
    "票",
    "5",
    "發票 -total",
    '"總計"',
    "罕見",
    "孤本",
]


class NoIndexes(NewestIndexes):
    """Knows of none."""

    async def days(self, connection: Connection) -> list[date]:
        return []


@pytest.fixture
async def photos(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """4,000 photos of two people, one in twenty without a date; indexes for 250, 1,000 and 2,000 of the newest."""
    monkeypatch.setattr(newest_index, "WORTHWHILE", 1000)
    monkeypatch.setattr(newest_index, "PARTS", (250, 1000, 2000))
    monkeypatch.setattr(text_leg, "FIRST_PART", 200)
    monkeypatch.setattr(text_leg, "FEW_IN_ALL", 100)
    draw = random.Random(7)
    await SearchIndex(database).put_texts([drawn(draw, number) for number in range(4000)])
    async with database.connection() as connection:
        await connection.execute("analyze search_token")
    # After PostgreSQL took its sample.
    await SearchIndex(database).put_text(UUID(int=4), OWNER, datetime(2000, 1, 1), paper("孤本"))  # noqa: DTZ001
    return database


def drawn(draw: random.Random, number: int) -> AssetText:
    taken_at = None if number % 20 == 0 else LAST - timedelta(hours=draw.randrange(24 * 400))
    lines: list[OcrLine] = paper(*draw.sample(WORDS, draw.randint(1, 3)), *(["罕見"] if number % 500 == 0 else []))
    return AssetText(UUID(int=draw.getrandbits(128)), draw.choice([OWNER, PARTNER]), taken_at, lines)


async def present(database: Database) -> list[str]:
    async with database.connection() as connection:
        cursor = await connection.execute(
            "select relname from pg_class where starts_with(relname, 'search_token_since_') order by 1 desc"
        )
        return [name for (name,) in await cursor.fetchall()]


async def known(database: Database) -> list[date]:
    async with database.connection() as connection:
        return list(await NewestIndexes().days(connection))


async def answers(index: SearchIndex, owners: Collection[UUID]) -> list[list[tuple[UUID, float]]]:
    rankings = [await index.rank_all(RankRequest(f"ocr:{query}", list(owners))) for query in QUERIES]
    return [[(hit.asset_id, hit.score) for hit in ranking.hits] for ranking in rankings]


@pytest.mark.parametrize("owners", [[OWNER], [PARTNER], [OWNER, PARTNER], [UUID(int=3)]])
async def test_answers_are_the_same_with_and_without(photos: Database, owners: list[UUID]):
    without = await answers(SearchIndex(photos), owners)
    assert await build(photos.dsn) == 3
    with_them = SearchIndex(photos)
    assert await answers(with_them, owners) == without
    # Also where an index that is counted on has gone meanwhile.
    async with photos.connection() as connection:
        for name in await present(photos):
            await connection.execute(psycopg.sql.SQL("drop index {}").format(psycopg.sql.Identifier(name)))
    assert await answers(with_them, owners) == without


async def test_the_newest_come_through_their_index(photos: Database, monkeypatch: pytest.MonkeyPatch):
    await build(photos.dsn)
    asked: list[date | None] = []

    def told(since: date | None) -> bytes:
        asked.append(since)
        return newest_index.candidates_statement(since)

    monkeypatch.setattr(text_leg, "candidates_statement", told)
    smallest, middle, _ = await known(photos)
    index = SearchIndex(photos)
    # A third of all photos have it: 156 are expected among 468, and the index of 1,000 is as good.
    assert len(await index.rank(RankRequest("ocr:總計", [OWNER, PARTNER]))) == FIRST_TEXT_HITS
    assert asked == [middle]
    asked.clear()
    without = SearchIndex(photos)
    without._statistics = Statistics(newest_indexes=NoIndexes())
    await without.rank(RankRequest("ocr:總計", [OWNER, PARTNER]))
    assert set(asked) == {None}
    asked.clear()
    # What is not known to be common is asked of the newest first, then of all.
    assert (await index.rank(RankRequest('"孤本"', [OWNER, PARTNER]))).asset_ids == [UUID(int=4)]
    assert asked[0] in (smallest, middle)
    assert asked[-1] is None


async def test_what_is_new_changed_or_removed_is_so_at_once(photos: Database):
    index, fresh = SearchIndex(photos), UUID(int=99)
    await build(photos.dsn)

    async def first() -> UUID:
        return (await index.rank(RankRequest("ocr:總計", [OWNER]))).asset_ids[0]

    before = await first()
    await index.put_text(fresh, OWNER, LAST + timedelta(days=1), paper("總計"))
    assert await first() == fresh
    await index.put_text(fresh, OWNER, LAST + timedelta(days=1), paper("別的"))
    assert await first() == before
    await index.put_text(fresh, OWNER, LAST + timedelta(days=1), paper("總計"))
    await index.remove([fresh])
    assert await first() == before


async def test_only_what_is_missing_is_made(photos: Database):
    assert await build(photos.dsn) == 3
    made = await present(photos)
    assert await build(photos.dsn) == 0
    assert await present(photos) == made
    # With 600 newer photos each index holds about as many as the next larger one should: only the smallest is missing.
    hours = (LAST + timedelta(hours=number) for number in range(600))
    later = [AssetText(UUID(int=1000 + number), OWNER, hour, paper("字")) for number, hour in enumerate(hours)]
    await SearchIndex(photos).put_texts(later)
    assert await build(photos.dsn) == 1
    after = await present(photos)
    assert after[0] > made[0]
    assert after[1:] == made[:2]


async def test_what_an_interrupted_attempt_left_is_made_again(photos: Database):
    await build(photos.dsn)
    made = await present(photos)
    async with photos.connection() as connection:
        await connection.execute("update pg_index set indisvalid = false where indexrelid = %s::regclass", [made[1]])
    assert [index_name(day) for day in await known(photos)] == [made[0], made[2]]
    assert await build(photos.dsn) == 1
    assert await present(photos) == made
    assert [index_name(day) for day in await known(photos)] == made


async def test_what_waits_for_them_goes_into_them(photos: Database):
    await build(photos.dsn)
    await SearchIndex(photos).put_text(UUID(int=99), OWNER, LAST + timedelta(days=1), paper("總計"))
    await merge_waiting(photos)
    async with photos.connection() as connection:
        for name in await present(photos):
            cursor = await connection.execute("select gin_clean_pending_list(%s)", [name])
            assert await cursor.fetchone() == (0,)
    assert (await SearchIndex(photos).rank(RankRequest("ocr:總計", [OWNER]))).asset_ids[0] == UUID(int=99)


async def test_somebody_elses_index_is_left_alone(photos: Database):
    await build(photos.dsn)
    names = [f"{newest_index.PREFIX}{ending}" for ending in ("by_me", "20240611_old", "20241399", "2024-06-11")]
    async with photos.connection() as connection:
        for name in names:
            create = psycopg.sql.SQL("create index {} on search_token (form)").format(psycopg.sql.Identifier(name))
            await connection.execute(create)
    assert len(await known(photos)) == 3
    assert await build(photos.dsn) == 0
    assert set(names) < set(await present(photos))
    assert len(await SearchIndex(photos).rank(RankRequest("ocr:總計", [OWNER]))) > 0


async def test_a_library_that_shrinks_loses_them(photos: Database, monkeypatch: pytest.MonkeyPatch):
    await build(photos.dsn)
    monkeypatch.setattr(newest_index, "WORTHWHILE", 5000)
    assert await build(photos.dsn) == 0
    assert await present(photos) == []


async def test_two_do_not_make_them_at_once(photos: Database):
    async with photos.connection() as connection:
        await connection.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        assert await build(photos.dsn) == 0
    assert await present(photos) == []


async def test_searches_learn_of_them_after_a_minute(photos: Database):
    now = [0.0]
    remembered = NewestIndexes(clock=lambda: now[0])
    async with photos.connection() as connection:
        assert await remembered.days(connection) == []
    await build(photos.dsn)
    async with photos.connection() as connection:
        assert await remembered.days(connection) == []
        now[0] = 61.0
        assert len(await remembered.days(connection)) == 3


async def test_they_are_made_while_photos_are_searched(photos: Database):
    index = SearchIndex(photos)
    looking_after = asyncio.create_task(maintain(photos))
    while not looking_after.done():
        assert len(await index.rank(RankRequest("ocr:總計", [OWNER]))) > 0
    await looking_after
    assert len(await present(photos)) == 3


async def test_a_library_that_cannot_have_them_is_still_looked_after(
    photos: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    async def refused(dsn: str) -> int:
        message = "no space left on device"
        raise psycopg.errors.DiskFull(message)

    monkeypatch.setattr(maintenance.newest_index, "build", refused)
    await maintain(photos)
    assert "no indexes of their own" in caplog.text
    assert "no space left on device" in caplog.text
