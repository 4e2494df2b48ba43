"""What the index looks after by itself, while it is searched."""

import asyncio
from uuid import UUID, uuid4

import numpy as np
import psycopg
import pytest

from allinone.database.pool import Database
from allinone.search import maintenance
from allinone.search.index import AssetText, RankRequest, SearchIndex
from allinone.search.maintenance import maintain, renew_tokens
from allinone.search.picture_leg import PictureQuestion, find_pictures
from allinone.search.scope import Scope
from allinone.search.tokens import FORM
from allinone.search.vector_index import SETTINGS, build, composed, index_name
from unit.search.papers import paper

OWNER = uuid4()


async def age(database: Database) -> None:
    """As another version left it: tokens that nothing asks for."""
    async with database.connection() as connection:
        await connection.execute("update search_token set form = 1, tokens = '''~'''")


async def test_tokens_of_an_older_form_are_made_anew_while_searches_go_on(database: Database):
    index = SearchIndex(database)
    texts = [AssetText(UUID(int=number + 1), OWNER, None, paper("統一發票")) for number in range(450)]
    await index.put_texts(texts)
    await age(database)
    told: list[tuple[int, int]] = []
    renewing = asyncio.create_task(renew_tokens(database, lambda done, total: told.append((done, total))))
    while not renewing.done():
        assert len(await index.rank(RankRequest("ocr:發票", [OWNER]))) > 0
    assert await renewing == 450
    assert told == [(200, 450), (400, 450), (450, 450)]
    async with database.connection() as connection:
        cursor = await connection.execute(
            "select count(*) from search_token where form = %s and tokens @@ '发票'", [FORM]
        )
        assert await cursor.fetchone() == (450,)
    assert await renew_tokens(database) == 0


async def test_renewing_goes_on_where_it_was_stopped(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(maintenance, "PAUSE", 60.0)
    index = SearchIndex(database)
    await index.put_texts([AssetText(UUID(int=number + 1), OWNER, None, paper("發票")) for number in range(450)])
    await age(database)
    first = asyncio.Event()
    stopped = asyncio.create_task(renew_tokens(database, lambda done, total: first.set()))
    await first.wait()
    stopped.cancel()
    await asyncio.gather(stopped, return_exceptions=True)
    monkeypatch.setattr(maintenance, "PAUSE", 0.0)
    assert await renew_tokens(database) == 250


@pytest.fixture
async def many(database: Database) -> Database:
    """3,000 vectors of one model in clusters, and a few of another."""
    draw = np.random.default_rng(1)
    centres = draw.normal(size=(40, 16))
    vectors = centres[draw.integers(40, size=3000)] + 0.3 * draw.normal(size=(3000, 16))
    async with database.connection() as connection:
        for number, vector in enumerate(vectors):
            owner = OWNER if number % 10 else UUID(int=9)
            row = (UUID(int=number + 1), "m", owner, (vector / np.linalg.norm(vector)).astype(np.float32))
            await connection.execute(
                "insert into search_vector (asset_id, model, owner_id, embedding) values (%s, %s, %s, %s)", row
            )
    async with database.connection() as connection:
        await connection.execute("analyze search_vector")
    return database


async def test_the_index_finds_what_comparing_all_finds(many: Database):
    assert await build(many.dsn, "m", 16)
    assert not await build(many.dsn, "m", 16)
    draw = np.random.default_rng(8)
    found = 0
    for _ in range(20):
        vector = draw.normal(size=16)
        question = PictureQuestion((vector / np.linalg.norm(vector)).astype(np.float32), "m", Scope((OWNER,)))
        async with many.connection() as connection:
            exact, indexed = [
                {hit.asset_id for hit in (await find_pictures(connection, question, None, "off", indexed=way))[:100]}
                for way in (False, True)
            ]
        found += len(exact & indexed)
    assert found / 2000 >= 0.95


async def test_the_nearest_come_through_the_index(many: Database):
    await build(many.dsn, "m", 16)
    question = PictureQuestion(np.full(16, 0.25, dtype=np.float32), "m", Scope((OWNER,)))
    async with many.connection() as connection:
        await connection.execute(SETTINGS)
        cursor = await connection.execute(
            psycopg.sql.SQL("explain ") + composed("nearest_indexed", "m", 16), question.parameters | {"most": 200}
        )
        plan = "\n".join(line for (line,) in await cursor.fetchall())
    assert f"Index Scan using {index_name('m', 16)}" in plan


async def test_a_stranger_to_most_of_the_index_still_gets_all(many: Database):
    await build(many.dsn, "m", 16)
    question = PictureQuestion(np.full(16, 0.25, dtype=np.float32), "m", Scope((UUID(int=9),)))
    async with many.connection() as connection:
        exact = await find_pictures(connection, question, None, "off")
        indexed = await find_pictures(connection, question, None, "off", indexed=True)
    assert len(indexed) == len(exact) == 200


async def test_an_interrupted_index_is_made_by_the_next(many: Database):
    interrupted = asyncio.create_task(build(many.dsn, "m", 16))
    await asyncio.sleep(0.05)
    interrupted.cancel()
    await asyncio.gather(interrupted, return_exceptions=True)
    shares: list[float] = []
    await build(many.dsn, "m", 16, shares.append)
    with psycopg.connect(many.dsn) as connection:
        row = connection.execute(
            "select indisvalid from pg_index join pg_class on pg_class.oid = indexrelid where relname = %s",
            [index_name("m", 16)],
        ).fetchone()
    assert row == (True,)
    assert all(0.0 <= share <= 1.0 for share in shares)


async def test_indexes_are_made_where_vectors_are_many(many: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(maintenance, "WORTHWHILE", 3000)
    await maintain(many)
    assert not await build(many.dsn, "m", 16)
