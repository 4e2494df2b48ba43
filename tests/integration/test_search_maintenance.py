"""What the index looks after by itself, while it is searched."""

import asyncio
import random
from uuid import UUID, uuid4

import numpy as np
import psycopg
import pytest
from numpy.typing import NDArray

from allinone.database.pool import Database
from allinone.search import maintenance, vector_index
from allinone.search.index import AssetText, RankRequest, SearchIndex
from allinone.search.index_building import LOCK
from allinone.search.maintenance import maintain, merge_waiting, renew_tokens
from allinone.search.picture_leg import PictureQuestion, find_pictures
from allinone.search.scope import Scope
from allinone.search.tokens import FORM
from allinone.search.vector_index import HALVES, VectorIndexes, build, composed, index_name, settings
from allinone.tasks import background
from allinone.wire.ocr import OcrLine
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


async def test_what_has_tokens_of_the_form_before_is_found_meanwhile(database: Database):
    index = SearchIndex(database)
    await index.put_texts([AssetText(UUID(int=1), OWNER, None, paper("發票a", "ab c"))])
    # Every character and the last two letters of a run were tokens, whatever began with them.
    tokens = ["发", "票", "a", "b", "c", "发票", "票a", "ab", "bc", "abc", "=a", "=ab", "=c"]
    async with database.connection() as connection:
        await connection.execute("update search_token set form = 2, tokens = array_to_tsvector(%s)", [tokens])
    for query, found in {"票": 1, "a": 1, "c": 1, "ab": 1, "發票": 1, "ab -票": 0, "ab -票a": 0, "ab -標": 1}.items():
        assert len(await index.rank(RankRequest(f"ocr:{query}", [OWNER]))) == found, query
    assert await renew_tokens(database) == 1
    assert len(await index.rank(RankRequest("ocr:票", [OWNER]))) == 1


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


def text_of_a_sign(number: int) -> list[OcrLine]:
    """Of eighty tokens, which fit a row of two kilobytes."""
    draw = random.Random(number)
    return paper(*("".join(chr(draw.randrange(0x4E00, 0x9FA0)) for _ in range(10)) for _ in range(8)))


async def test_rows_of_tokens_stay_narrow_when_they_are_written_again(database: Database):
    async def pages() -> int:
        async with database.connection() as connection:
            cursor = await connection.execute("select pg_relation_size('search_token') / 8192")
            row = await cursor.fetchone()
        assert row is not None
        return int(row[0])

    index = SearchIndex(database)
    texts = [AssetText(UUID(int=number + 1), OWNER, None, text_of_a_sign(number)) for number in range(400)]
    await index.put_texts(texts)
    assert await pages() <= 8  # seventy rows to a page, where nine with their tokens would be
    await index.put_texts(texts)
    assert await pages() <= 16
    async with database.connection() as connection:
        await connection.execute("update search_token set form = 1")
    written = await pages()
    assert await renew_tokens(database) == 400
    assert await pages() <= written + 8


async def waiting(database: Database) -> int:
    """Pages of entries that wait for the index; none do after this was asked."""
    async with database.connection() as connection:
        cursor = await connection.execute("select gin_clean_pending_list('search_token_tokens')")
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def test_entries_do_not_wait_for_the_index_for_long(database: Database, monkeypatch: pytest.MonkeyPatch):
    index = SearchIndex(database)
    texts = [AssetText(UUID(int=number + 1), OWNER, None, paper("統一發票")) for number in range(100)]
    await index.put_texts(texts)
    assert await waiting(database) > 0
    await index.put_texts(texts)
    await merge_waiting(database)
    assert await waiting(database) == 0
    assert len(await index.rank(RankRequest("ocr:發票", [OWNER]))) == 100
    monkeypatch.setattr(maintenance, "MERGE_EVERY", 0.01)
    async with background(maintenance.keep_maintained(database), "maintain"):
        await asyncio.sleep(0.2)
        await index.put_texts(texts)
        await asyncio.sleep(0.5)
        assert await waiting(database) == 0


DIMENSIONS = 64
STRANGER = UUID(int=9)


def clustered(count: int, seed: int) -> NDArray[np.float32]:
    """As CLIP's: all share a direction, and most lie in clusters."""
    centres = np.random.default_rng(1).normal(size=(40, DIMENSIONS))
    draw = np.random.default_rng(seed)
    vectors = 1.2 + 0.55 * centres[draw.integers(40, size=count)] + 0.7 * draw.normal(size=(count, DIMENSIONS))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
async def many(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """4,000 vectors of one model, every tenth of them a stranger's; 2,000 are enough for an index."""
    monkeypatch.setattr(vector_index, "WORTHWHILE", 2000)
    monkeypatch.setattr(maintenance, "WORTHWHILE", 2000)
    rows = [
        (UUID(int=number + 1), "m", OWNER if number % 10 else STRANGER, vector)
        for number, vector in enumerate(clustered(4000, seed=2))
    ]
    async with database.connection() as connection, connection.cursor() as cursor:
        await cursor.executemany(
            "insert into search_vector (asset_id, model, owner_id, embedding) values (%s, %s, %s, %s)", rows
        )
    async with database.connection() as connection:
        await connection.execute("analyze search_vector")
    return database


def asked(vector: NDArray[np.float32], *owners: UUID) -> PictureQuestion:
    return PictureQuestion(vector, "m", Scope(owners or (OWNER,)))


async def indexes(database: Database) -> list[str]:
    async with database.connection() as connection:
        cursor = await connection.execute(
            "select relname from pg_class where relname like 'search\\_vector\\_near%' order by 1"
        )
        return [name for (name,) in await cursor.fetchall()]


def halves(lists: int) -> list[str]:
    return [index_name("m", DIMENSIONS, lists, half) for half in HALVES]


async def recall(database: Database, lists: int) -> float:
    """How many of the exact fifty nearest are found through the index."""
    found = 0
    for vector in clustered(40, seed=3):
        nearest: list[set[UUID]] = []
        for way in (0, lists):
            hits = await find_pictures(database.connection, asked(vector), None, "off", lists=way, most=50)
            nearest.append({hit.asset_id for hit in hits})
        found += len(nearest[0] & nearest[1])
    return found / 2000


async def test_the_index_finds_what_comparing_all_finds(many: Database, monkeypatch: pytest.MonkeyPatch):
    assert await build(many.dsn, "m", DIMENSIONS, 40_000)
    assert await recall(many, 40) >= 0.95
    # It is the index that answers, and the share of lists searched is what it takes.
    monkeypatch.setattr(vector_index, "SEARCHED", 0.01)
    assert await recall(many, 40) < 0.93


@pytest.mark.parametrize("half", HALVES)
async def test_the_nearest_come_through_the_index(many: Database, half: int):
    await build(many.dsn, "m", DIMENSIONS, 4000)
    question = asked(clustered(1, seed=3)[0])
    async with many.connection() as connection:
        await connection.execute(settings(20))
        explained = psycopg.sql.SQL("explain ") + composed("nearest_indexed", "m", DIMENSIONS, half)
        cursor = await connection.execute(explained, question.parameters | {"most": 200})
        plan = "\n".join(line for (line,) in await cursor.fetchall())
    assert f"Index Scan using {index_name('m', DIMENSIONS, 20, half)}" in plan


async def test_a_stranger_to_most_of_the_index_still_gets_all(many: Database):
    await build(many.dsn, "m", DIMENSIONS, 4000)
    question = asked(clustered(1, seed=3)[0], STRANGER)
    exact = await find_pictures(many.connection, question, None, "off")
    indexed = await find_pictures(many.connection, question, None, "off", lists=20)
    assert len(indexed) == len(exact) == 200


async def test_no_half_is_searched_further_than_it_holds_photos_of_theirs(many: Database):
    await build(many.dsn, "m", DIMENSIONS, 4000)
    async with many.connection() as connection:  # of the stranger's photos all lie in one half but some thirty
        await connection.execute(
            "update search_vector set owner_id = %s where owner_id = %s and get_byte(uuid_send(asset_id), 15) & 1 = 1",
            [OWNER, STRANGER],
        )
        await connection.execute(
            "update search_vector set owner_id = %s where get_byte(uuid_send(asset_id), 15) in (1, 3)", [STRANGER]
        )
    question = asked(clustered(1, seed=3)[0], STRANGER)
    exact = await find_pictures(many.connection, question, None, "off")
    indexed = await find_pictures(many.connection, question, None, "off", lists=20)
    assert [hit.asset_id for hit in indexed] == [hit.asset_id for hit in exact]


async def test_many_searches_at_once_do_not_wait_for_each_others_connections(many: Database):
    await build(many.dsn, "m", DIMENSIONS, 4000)
    async with Database(many.dsn, max_connections=2) as narrow:
        index = SearchIndex(narrow)
        asks = [RankRequest("狗", [OWNER], vector=vector, model="m") for vector in clustered(20, seed=3)]
        rankings = await asyncio.gather(*(index.rank(ask) for ask in asks))
    assert all(len(ranking) > 0 for ranking in rankings)


async def test_those_with_few_photos_are_compared_exactly(many: Database):
    known = VectorIndexes()
    async with many.connection() as connection:
        assert await known.lists(connection, [OWNER], "m", DIMENSIONS) == 0  # no index yet
    await build(many.dsn, "m", DIMENSIONS, 4000)
    async with many.connection() as connection:
        assert await known.lists(connection, [OWNER], "m", DIMENSIONS) == 20
        assert await known.lists(connection, [STRANGER], "m", DIMENSIONS) == 0
        assert await known.lists(connection, [STRANGER, OWNER], "m", DIMENSIONS) == 20
        assert await known.lists(connection, [OWNER], "other", DIMENSIONS) == 0


async def test_a_photo_is_found_as_soon_as_it_is_put_and_not_once_it_is_removed(many: Database):
    await build(many.dsn, "m", DIMENSIONS, 4000)
    index, fresh, vector = SearchIndex(many), uuid4(), clustered(1, seed=4)[0]

    async def found() -> bool:
        hits = await find_pictures(many.connection, asked(vector), None, "off", lists=20)
        return fresh in {hit.asset_id for hit in hits}

    async with many.connection() as connection:
        await index.put_vector(fresh, OWNER, None, "m", vector, connection=connection)
        assert not await found()  # what is not committed is nobody else's
    assert await found()
    ranking = await index.rank(RankRequest("狗", [OWNER], vector=vector, model="m"))
    assert ranking.asset_ids[0] == fresh
    async with many.connection() as connection:
        await index.remove([fresh], connection=connection)
        assert await found()
    assert not await found()


async def test_an_interrupted_index_is_made_by_the_next(many: Database):
    interrupted = asyncio.create_task(build(many.dsn, "m", DIMENSIONS, 4000))
    await asyncio.sleep(0.05)
    interrupted.cancel()
    await asyncio.gather(interrupted, return_exceptions=True)
    shares: list[float] = []
    async with asyncio.timeout(20):  # the first one's session may take a moment to end
        while not (await build(many.dsn, "m", DIMENSIONS, 4000, shares.append) or await whole(many)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert await whole(many)
    assert all(0.0 <= share <= 1.0 for share in shares)


async def whole(database: Database) -> bool:
    async with database.connection() as connection:
        return await VectorIndexes().lists(connection, [OWNER], "m", DIMENSIONS) == 20


async def test_what_an_interrupted_attempt_left_is_removed(many: Database):
    await build(many.dsn, "m", DIMENSIONS, 4000)
    async with many.connection() as connection:
        await connection.execute(
            "update pg_index set indisvalid = false where indexrelid = %s::regclass",
            [index_name("m", DIMENSIONS, 20, 1)],
        )
    assert not await whole(many)
    assert await build(many.dsn, "m", DIMENSIONS, 40_000)
    assert await indexes(many) == halves(40)


async def test_a_half_that_was_made_before_an_interruption_is_kept(many: Database):
    await build(many.dsn, "m", DIMENSIONS, 4000)
    async with many.connection() as connection:
        cursor = await connection.execute("select oid from pg_class where relname = %s", [halves(20)[0]])
        first = await cursor.fetchone()
        await connection.execute(f"drop index {halves(20)[1]}".encode())
    assert not await whole(many)
    assert await build(many.dsn, "m", DIMENSIONS, 4000)
    assert await indexes(many) == halves(20)
    async with many.connection() as connection:
        cursor = await connection.execute("select oid from pg_class where relname = %s", [halves(20)[0]])
        assert await cursor.fetchone() == first


async def test_an_index_of_the_whole_as_made_before_is_replaced(many: Database):
    name = halves(20)[0].removesuffix("_0")
    async with many.connection() as connection:
        await connection.execute(
            f"create index {name} on search_vector using ivfflat ((embedding::halfvec({DIMENSIONS})) halfvec_ip_ops) "
            f"with (lists = 20) where model = 'm' and vector_dims(embedding) = {DIMENSIONS}".encode()
        )
    assert not await whole(many)
    assert await build(many.dsn, "m", DIMENSIONS, 4000)
    assert await indexes(many) == halves(20)


async def test_the_index_is_made_anew_when_vectors_are_twice_as_many(many: Database):
    assert await build(many.dsn, "m", DIMENSIONS, 4000)
    assert not await build(many.dsn, "m", DIMENSIONS, 39_000)
    assert await indexes(many) == halves(20)
    assert await build(many.dsn, "m", DIMENSIONS, 40_000)
    assert await indexes(many) == halves(40)
    assert not await build(many.dsn, "m", DIMENSIONS, 4000)
    async with many.connection() as connection:
        assert await VectorIndexes().lists(connection, [OWNER], "m", DIMENSIONS) == 40


async def test_two_do_not_make_an_index_at_once(many: Database):
    async with many.connection() as connection:
        await connection.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        assert not await build(many.dsn, "m", DIMENSIONS, 4000)
    assert await build(many.dsn, "m", DIMENSIONS, 4000)


async def test_indexes_are_made_where_vectors_are_many(many: Database):
    await maintain(many)
    assert await indexes(many) == halves(20)


async def test_an_old_pgvector_compares_all(many: Database):
    async with many.connection() as connection:
        await connection.execute("update pg_extension set extversion = '0.7.4' where extname = 'vector'")
    await maintain(many)
    assert await indexes(many) == []
    ranking = await SearchIndex(many).rank(RankRequest("狗", [OWNER], vector=clustered(1, seed=3)[0], model="m"))
    assert len(ranking) > 0


async def test_the_index_is_looked_after_again_and_again(many: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(maintenance, "EVERY", 0.01)
    monkeypatch.setattr(maintenance, "WORTHWHILE", 5000)
    looking_after = asyncio.create_task(maintenance.keep_maintained(many))
    await asyncio.sleep(0.1)
    assert await indexes(many) == []
    monkeypatch.setattr(maintenance, "WORTHWHILE", 4000)
    async with asyncio.timeout(20):
        while await indexes(many) != halves(20):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    looking_after.cancel()
    await asyncio.gather(looking_after, return_exceptions=True)
