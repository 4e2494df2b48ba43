"""The order of the text tables: made while searches go on, and of no influence on what is found."""

import asyncio
import logging
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from tests.support.index_rows import index_rows

from allinone.database import migrations
from allinone.database.migrations import migrate
from allinone.database.pool import Database
from allinone.search import arrangement
from allinone.search.arrangement import arrange
from allinone.search.index import AssetText, RankRequest, SearchIndex
from allinone.search.index_building import LOCK
from allinone.search.maintenance import maintain, renew_tokens
from allinone.search.text_rows import text_columns
from unit.search.papers import paper

OWNER = UUID(int=1)
LAST = datetime(2024, 6, 30, 12)  # noqa: DTZ001
WORDS = ["發票", "總計", "total", "收據", "車票", "560"]
QUERIES = ["發票", "total", "收據 560", "票", "發票 -total", "車漂"]
PHOTOS = 2000

COLUMNS = """
select attrelid::regclass::text, attname, attnum, atttypid::regtype::text, attnotnull, attidentity::text,
    attstorage::text, attstattarget, pg_get_expr(adbin, adrelid)
from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
where attnum > 0 and attrelid::regclass::text in ('search_token', 'search_document')
order by 1, 3
"""
OPTIONS = "select relname, reloptions from pg_class where relname in ('search_token', 'search_document') order by 1"
KEYS = """
select conrelid::regclass::text, contype::text, conname from pg_constraint
where contype <> 'n' and conrelid::regclass::text in ('search_token', 'search_document')
order by 1
"""
INDEXES = "select indexdef from pg_indexes where tablename in ('search_token', 'search_document') order by 1"
STRUCTURE = (COLUMNS, OPTIONS, KEYS, INDEXES, "select pg_get_serial_sequence('search_token', 'number')")


def drawn(number: int) -> AssetText:
    """A photo with some of the words; one in twenty without a date."""
    draw = random.Random(number)
    taken_at = LAST - timedelta(minutes=draw.randrange(1_000_000)) if draw.random() < 0.95 else None
    return AssetText(UUID(int=number + 1), OWNER, taken_at, paper(" ".join(draw.sample(WORDS, 2)), f"nr {number}"))


@pytest.fixture
async def scattered(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Photos in no order of time, of which PostgreSQL has taken its sample."""
    monkeypatch.setattr(arrangement, "WORTHWHILE", PHOTOS - 100)
    index = SearchIndex(database)
    for at in range(0, PHOTOS, 100):
        await index.put_texts([drawn(number) for number in range(at, at + 100)])
    await analyze(database)
    return database


async def analyze(database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute("analyze search_token")


async def found(index: SearchIndex) -> list[list[tuple[UUID, float]]]:
    rankings = [await index.rank_all(RankRequest(f"ocr:{query}", [OWNER])) for query in QUERIES]
    return [[(hit.asset_id, hit.score) for hit in ranking.hits] for ranking in rankings]


def structure(dsn: str) -> list[tuple[Any, ...]]:
    """Columns, indexes, options and sequences of the text tables, by name."""
    with psycopg.connect(dsn) as connection:
        return [row for query in STRUCTURE for row in connection.execute(query).fetchall()]


def pages(dsn: str) -> int:
    """Pages that the rows take, the tokens moved out of them left out."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute("select pg_relation_size('search_token') / 8192").fetchone()
    assert row is not None
    return int(row[0])


def in_order(dsn: str) -> bool:
    """Whether documents have their numbers, and rows their places, in the order of time."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("select taken_at, number, ctid from search_token order by ctid").fetchall()
        places = connection.execute("select number from search_document order by ctid").fetchall()
    times = [taken_at or datetime.min for taken_at, _, _ in rows]  # noqa: DTZ901
    numbers = [number for _, number, _ in rows]
    return times == sorted(times) and numbers == sorted(numbers) == [number for (number,) in places]


async def test_what_is_scattered_is_put_in_order_once(scattered: Database):
    index = SearchIndex(scattered)
    answers, rows, built = await found(index), index_rows(scattered.dsn), structure(scattered.dsn)
    assert not in_order(scattered.dsn)
    assert await arrange(scattered.dsn)
    assert in_order(scattered.dsn)
    assert pages(scattered.dsn) <= PHOTOS // 60 + 1  # as narrow as they were
    assert index_rows(scattered.dsn) == rows
    assert structure(scattered.dsn) == built
    assert await found(index) == answers
    assert not await arrange(scattered.dsn)


async def test_what_is_in_order_is_written_on(scattered: Database):
    index = SearchIndex(scattered)
    await arrange(scattered.dsn)
    texts = [drawn(number) for number in range(PHOTOS - 50, PHOTOS + 50)]
    await index.put_texts(texts)
    await index.remove([text.asset_id for text in texts[:10]])
    await index.put_texts([AssetText(texts[20].asset_id, OWNER, LAST, paper("孤本"))])
    assert [hit.asset_id for hit in (await index.rank(RankRequest("ocr:孤本", [OWNER]))).hits] == [texts[20].asset_id]
    rows = index_rows(scattered.dsn)
    assert len(rows["search_document"]) == len(rows["search_token"]) == PHOTOS + 40
    assert all(asset_id and document for asset_id, document in rows["search_document"])


async def test_searches_go_on_meanwhile_and_writers_wait(scattered: Database):
    index = SearchIndex(scattered)
    answers = await found(index)
    arranging = asyncio.create_task(arrange(scattered.dsn))
    rounds = 0
    while not arranging.done():
        assert await found(index) == answers
        rounds += 1
    assert await arranging
    assert rounds > 0
    arranging = asyncio.create_task(_again(scattered))
    await index.put_texts([drawn(number) for number in range(PHOTOS, PHOTOS + 300)])
    await index.remove([drawn(number).asset_id for number in range(100)])
    await arranging
    fresh = [drawn(number) for number in range(100, PHOTOS + 300)]
    rows = index_rows(scattered.dsn)
    assert [asset_id for asset_id, _ in rows["search_token"]] == [text.asset_id for text in fresh]
    assert [asset_id for asset_id, _ in rows["search_document"]] == [text.asset_id for text in fresh]


async def _again(database: Database) -> None:
    async with await psycopg.AsyncConnection.connect(database.dsn) as connection:
        await connection.execute(arrangement.statement("arrange"))


async def test_nothing_changes_where_it_is_interrupted(scattered: Database):
    rows, built = index_rows(scattered.dsn), structure(scattered.dsn)
    arranging = asyncio.create_task(arrange(scattered.dsn))
    await _until(scattered, arranging=True)
    arranging.cancel()
    await asyncio.gather(arranging, return_exceptions=True)
    await _until(scattered, arranging=False)
    assert not in_order(scattered.dsn)
    assert structure(scattered.dsn) == built
    assert index_rows(scattered.dsn) == rows
    assert await arrange(scattered.dsn)
    assert in_order(scattered.dsn)


async def _until(database: Database, *, arranging: bool) -> None:
    """Until PostgreSQL is about it and has shut writers out, or has noticed that nobody waits for it any more."""
    asked = "select from pg_locks where relation = 'search_token'::regclass and mode = 'ShareLock' and granted"
    async with database.connection(transaction=False) as connection:
        while (await (await connection.execute(asked)).fetchone() is not None) != arranging:
            pass


async def test_a_backup_that_reads_the_tables_is_left_alone(
    scattered: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    statement = arrangement.statement
    monkeypatch.setattr(arrangement, "statement", lambda name: statement(name).replace(b"'5s'", b"'200ms'"))
    index = SearchIndex(scattered)
    answers = await found(index)
    async with await psycopg.AsyncConnection.connect(scattered.dsn) as backup:
        await backup.execute("lock table search_document in access share mode")
        with caplog.at_level(logging.WARNING):
            await maintain(scattered)
        assert "does not lie in the order of time" in caplog.text
        assert await found(index) == answers
    await maintain(scattered)
    assert in_order(scattered.dsn)


async def test_few_photos_and_those_in_order_are_left(database: Database, monkeypatch: pytest.MonkeyPatch):
    index = SearchIndex(database)
    assert not await arrange(database.dsn)  # nothing is there, nor known
    await index.put_texts([drawn(number) for number in range(PHOTOS)])  # one batch goes in the order of time
    await analyze(database)
    monkeypatch.setattr(arrangement, "WORTHWHILE", PHOTOS)
    assert not await arrange(database.dsn)
    await index.put_texts([drawn(number) for number in range(PHOTOS, PHOTOS + 9)])
    monkeypatch.setattr(arrangement, "ORDERED", 2.0)
    monkeypatch.setattr(arrangement, "WORTHWHILE", PHOTOS + 10)
    await analyze(database)
    assert not await arrange(database.dsn)
    monkeypatch.setattr(arrangement, "WORTHWHILE", PHOTOS + 9)
    assert await arrange(database.dsn)


async def test_nothing_is_done_while_another_process_makes_an_index(scattered: Database):
    async with scattered.connection() as connection:
        await connection.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        assert not await arrange(scattered.dsn)
    assert await arrange(scattered.dsn)


BEFORE = "0012_search_number.sql"
OLD_TOKENS = """
insert into search_token (asset_id, owner_id, taken_at, form, tokens, padding)
select asset_id, owner_id, taken_at, %(form)s, tokens, repeat(' ', greatest(2040 - pg_column_size(tokens), 0))
from (
    select asset_id, owner_id, taken_at, array_to_tsvector(string_to_array(tokens, ' ')) as tokens
    from unnest(%(asset_id)s::uuid[], %(owner_id)s::uuid[], %(taken_at)s::timestamp[], %(tokens)s::text[])
        as text (asset_id, owner_id, taken_at, tokens)
) as made
"""
OLD_DOCUMENTS = """
insert into search_document (asset_id, folded, joined, chains, confidences)
select * from unnest(%(asset_id)s::uuid[], %(folded)s::text[], %(joined)s::text[], %(chains)s::text[],
    %(confidences)s::bytea[])
"""


@pytest.fixture
def older_version(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The version before documents had numbers."""
    files = migrations._files

    def until(package: str, folder: str) -> list[Any]:
        return [entry for entry in files(package, folder) if package != "allinone.database" or entry.name < BEFORE]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "_files", until)
        yield patch


async def test_texts_of_an_older_version_are_kept_in_order(
    older_version: pytest.MonkeyPatch, empty_dsn: str, database: Database, tmp_path: Path
):
    migrate(empty_dsn)
    texts = [drawn(number) for number in range(500)]
    lines = SearchIndex(database)
    await lines.put_texts(texts)
    with psycopg.connect(empty_dsn) as connection:
        for at in range(0, 500, 50):  # in no order of time
            columns = text_columns(texts[at : at + 50])
            connection.execute(OLD_TOKENS, columns)
            connection.execute(OLD_DOCUMENTS, columns)
    older_version.undo()
    assert migrate(empty_dsn) == [BEFORE]
    assert in_order(empty_dsn)
    assert structure(empty_dsn) == structure(database.dsn)
    async with Database(empty_dsn) as migrated:
        assert await found(SearchIndex(migrated)) == await found(lines)
        assert await renew_tokens(migrated) == 0
    mine, theirs = index_rows(empty_dsn), index_rows(database.dsn)
    assert mine["search_document"] == theirs["search_document"]
