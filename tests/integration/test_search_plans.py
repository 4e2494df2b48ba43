"""How PostgreSQL goes about it when a library is large."""

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from datetime import date
from uuid import UUID

import psycopg
import pytest
from psycopg import conninfo

from allinone.database.embedded import EmbeddedPostgres
from allinone.database.pool import Connection, Database
from allinone.search import newest_index
from allinone.search.candidates import any_of, exact_steps, fuzzy_steps
from allinone.search.commonness import Commonness
from allinone.search.index import FURTHER, MOST_IN_ALL, AssetText, RankRequest, SearchIndex
from allinone.search.newest_index import candidates_statement
from allinone.search.query import parse
from allinone.search.recency import TOKEN_COST, Newest, Recency, Timeline
from allinone.search.scope import Scope
from allinone.search.statements import INDEX_ONLY, PLANNED_ONCE, statement
from allinone.search.text_leg import AMPLE, FIRST_TEXT_HITS, Statistics, find_text
from unit.search.papers import paper

OWNER = UUID("00000000-0000-4000-8000-000000000001")

FILL = """
with made as (
    insert into search_token (asset_id, owner_id, taken_at, form, tokens)
    select gen_random_uuid(), %(owner)s, timestamp '2015-01-01' + number * interval '4 hours', 2,
       array_to_tsvector(array[
           '总计', '总', '计', '=total', 'tot', 'ota', 'tal', 'al', 'w' || number, chr(19968 + number %% 20000),
           '@' || extract(year from timestamp '2015-01-01' + number * interval '4 hours'),
           to_char(timestamp '2015-01-01' + number * interval '4 hours', '"@"YYYYMM"m"'),
           to_char(timestamp '2015-01-01' + number * interval '4 hours', '"@"YYYYMMDD"d"')
       ])
    from generate_series(1, %(photos)s) as number
    returning number
)
insert into search_document (number, folded, joined, chains, confidences)
select number, '总计 total', '', '', '\\x0000803f' from made
"""
PHOTOS = 100_000


@pytest.fixture(scope="module")
def filled(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The name of a database with 100,000 photos that all have the word 總計; made once, copied for each test."""
    name = f"plans_{os.getpid()}"
    maintenance = conninfo.make_conninfo(postgres.dsn, dbname="postgres")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f"create database {name} template allinone")
    with psycopg.connect(conninfo.make_conninfo(postgres.dsn, dbname=name), autocommit=True) as connection:
        connection.execute("set work_mem = '64MB'")
        connection.execute(FILL, {"owner": OWNER, "photos": PHOTOS})
        connection.execute("vacuum analyze search_token")
        connection.execute("vacuum analyze search_document")
    yield name
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
async def large(postgres: EmbeddedPostgres, filled: str) -> AsyncIterator[Database]:
    """A database of this test's own with all of them."""
    name = f"{filled}_copy"
    maintenance = conninfo.make_conninfo(postgres.dsn, dbname="postgres")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f"create database {name} template {filled}")
    async with Database(conninfo.make_conninfo(postgres.dsn, dbname=name)) as opened:
        yield opened
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


async def explain_kept(connection: Connection, since: date | None, tokens: str) -> str:
    """The plan that is made once for all questions."""
    kept = "prepare kept (tsquery, uuid[], uuid[], date, int) as " + candidates_statement(since).decode()
    for number, name in enumerate(("tokens)s::tsquery", "owners)s::uuid[]", "within)s::uuid[]", "before)s::date"), 1):
        kept = kept.replace(f"%({name}", f"${number}")
    await connection.execute(kept.replace("%(most)s", "$5").encode())
    quoted = tokens.replace("'", "''")
    cursor = await connection.execute(
        f"explain execute kept ('{quoted}', array['{OWNER}']::uuid[], null, null, 300)".encode()
    )
    return "\n".join(line for (line,) in await cursor.fetchall())


async def explain(connection: Connection, name: str, parameters: dict[str, object], since: date | None = None) -> str:
    asked = candidates_statement(since) if name == "candidates" else statement(name)
    cursor = await connection.execute(b"explain " + asked, parameters)
    return "\n".join(line for (line,) in await cursor.fetchall())


@pytest.mark.parametrize("typed", ["總計", "總", "w12345", "total", "總計 total", "鼠", "總計發票 -現金", "tota"])
async def test_candidates_come_from_the_index(large: Database, typed: str):
    query = parse(typed)
    async with large.connection(settings=INDEX_ONLY) as connection:
        for tokens in [*(step.tsquery for step in exact_steps(query)), *fuzzy_steps(query)]:
            parameters = Scope((OWNER,)).parameters | {
                "tokens": tokens,
                "before": date(2020, 1, 1),
                "most": FIRST_TEXT_HITS,
            }
            plan = await explain(connection, "candidates", parameters)
            assert "Bitmap Index Scan on search_token_tokens" in plan
            assert "Seq Scan" not in plan
            assert "Parallel" not in plan


@pytest.mark.parametrize("typed", ["總計", "鼠", "tota"])
async def test_the_plan_that_is_kept_comes_from_the_index_too(large: Database, typed: str):
    async with large.connection(settings=PLANNED_ONCE) as connection:
        plan = await explain_kept(connection, None, exact_steps(parse(typed))[-1].tsquery)
    assert "$1" in plan
    assert "Bitmap Index Scan on search_token_tokens" in plan
    assert "Seq Scan" not in plan


async def test_the_newest_come_through_their_own_index_with_either_plan(large: Database):
    assert await newest_index.build(large.dsn) == len(newest_index.PARTS)
    async with large.connection(settings=PLANNED_ONCE) as connection:
        days = await newest_index.NewestIndexes().days(connection)
        for typed in ("總計", "鼠", "tota"):
            tokens = exact_steps(parse(typed))[-1].tsquery
            for since in days:
                plan = await explain_kept(connection, since, tokens)
                await connection.execute("deallocate kept")
                assert "$1" in plan
                assert f"Bitmap Index Scan on {newest_index.index_name(since)}" in plan
                assert "Seq Scan" not in plan
    async with large.connection(settings=INDEX_ONLY) as connection:
        parameters = Scope((OWNER,)).parameters | {"tokens": "'总计'", "before": None, "most": FIRST_TEXT_HITS}
        for since in days:
            plan = await explain(connection, "candidates", parameters, since)
            assert f"Bitmap Index Scan on {newest_index.index_name(since)}" in plan


async def test_a_few_photos_come_by_their_keys_however_common_the_word(large: Database):
    async with large.connection(settings=INDEX_ONLY) as connection:
        scope = Scope((OWNER,), [UUID(int=number) for number in range(5)])
        parameters = scope.parameters | {"tokens": "'总计'", "before": None, "most": FIRST_TEXT_HITS}
        plan = await explain(connection, "candidates", parameters)
    assert "search_token_pkey" in plan
    assert "Seq Scan" not in plan


async def test_what_is_beyond_the_bound_is_found_among_few(large: Database):
    index = SearchIndex(large)
    async with large.connection() as connection:
        cursor = await connection.execute("select asset_id from search_token order by taken_at limit 4000")
        oldest = [asset_id for (asset_id,) in await cursor.fetchall()]
    few = await index.rank(RankRequest("ocr:總計", [OWNER], within=oldest[:5]))
    assert set(few.asset_ids) == set(oldest[:5])
    assert not few.truncated
    many = await index.rank(RankRequest("ocr:總計", [OWNER], within=oldest))
    assert set(many.asset_ids) == set(oldest[-FIRST_TEXT_HITS:])
    assert many.truncated
    assert (await index.rank(RankRequest("ocr:總計", [OWNER], within=[]))).asset_ids == []


async def test_documents_come_by_their_keys(large: Database):
    async with large.connection(settings=INDEX_ONLY) as connection:
        parameters = {"assets": [OWNER], "owners": [OWNER]}
        assert "Seq Scan" not in await explain(connection, "documents", parameters)
        assert "Seq Scan" not in await explain(connection, "lines", parameters)


async def test_too_many_hits_are_bounded_to_the_newest(large: Database):
    index = SearchIndex(large)
    ranking = await index.rank(RankRequest("ocr:總計", [OWNER]))
    assert len(ranking) == FIRST_TEXT_HITS
    assert ranking.truncated
    days = [hit.taken_at for hit in ranking.hits if hit.taken_at is not None]
    assert days == sorted(days, reverse=True)
    async with large.connection() as connection:
        cursor = await connection.execute("select min(taken_at) from search_token where taken_at >= %s", [days[-1]])
        row = await cursor.fetchone()
        assert row == (days[-1],)
        cursor = await connection.execute("select count(*) from search_token where taken_at >= %s", [days[-1]])
        assert await cursor.fetchone() == (FIRST_TEXT_HITS,)


async def test_behind_the_newest_come_older_ones_in_turn(large: Database):
    index, request = SearchIndex(large), RankRequest("ocr:總計", [OWNER])
    ranking = await index.rank(request)
    lengths = [len(ranking)]
    while ranking.further:
        longer = await index.go_on(request, ranking)
        assert longer.hits[: len(ranking)] == ranking.hits
        ranking = longer
        lengths.append(len(ranking))
    assert lengths == [FIRST_TEXT_HITS, FIRST_TEXT_HITS * FURTHER, FIRST_TEXT_HITS * FURTHER**2, MOST_IN_ALL]
    assert len(set(ranking.asset_ids)) == MOST_IN_ALL
    assert ranking.truncated
    days = [hit.taken_at for hit in ranking.hits if hit.taken_at is not None]
    assert days == sorted(days, reverse=True)
    assert await index.go_on(request, ranking) is ranking


async def test_all_there_is_among_some_photos_is_ranked_on_demand(large: Database):
    async with large.connection() as connection:
        cursor = await connection.execute("select asset_id from search_token order by taken_at limit 1500")
        oldest = [asset_id for (asset_id,) in await cursor.fetchall()]
    ranking = await SearchIndex(large).rank_all(RankRequest("ocr:總計", [OWNER], within=oldest))
    assert set(ranking.asset_ids) == set(oldest)
    assert (ranking.truncated, ranking.further) == (False, 0)


async def test_rare_words_are_found_in_all_of_the_library(large: Database):
    index = SearchIndex(large)
    old = UUID(int=5)
    await index.put_text(old, OWNER, None, paper("罕見的字"))
    ranking = await index.rank(RankRequest("ocr:罕見", [OWNER]))
    assert ranking.asset_ids == [old]
    assert not ranking.truncated


@pytest.mark.parametrize("typed", ["ocr:總計 total", "ocr:total 總計", "ocr:tota"])
async def test_hits_of_all_steps_together_are_bounded_and_none_comes_twice(large: Database, typed: str):
    ranking = await SearchIndex(large).rank(RankRequest(typed, [OWNER]))
    assert 0 < len(ranking) <= FIRST_TEXT_HITS
    assert len(set(ranking.asset_ids)) == len(ranking)


@pytest.mark.parametrize("photos", [3, 8, 40, 100, 350, 3000, 20_000])
async def test_the_newest_part_is_small_and_complete(large: Database, photos: int):
    async with large.connection() as connection:
        timeline = await Recency().timeline(connection, [OWNER])
        newest = timeline.newest(photos)
        assert newest is not None
        tokens = any_of(newest.tokens)
        cursor = await connection.execute(
            "select count(*), min(taken_at) from search_token where tokens @@ %s::tsquery", [tokens]
        )
        row = await cursor.fetchone()
        assert row is not None
        count, oldest = row
        assert photos <= count <= 2 * photos + 3 * TOKEN_COST
        cursor = await connection.execute("select count(*) from search_token where taken_at >= %s", [oldest])
        assert await cursor.fetchone() == (count,)
        assert oldest.date() >= newest.since
        cursor = await connection.execute("select count(*) from search_token where taken_at >= %s", [newest.since])
        assert await cursor.fetchone() == (count,)
    assert timeline.total == PHOTOS
    assert timeline.newest(60_000) is None


async def test_timelines_are_read_again_when_old(database: Database):
    now = [0.0]
    recency = Recency(clock=lambda: now[0])
    index = SearchIndex(database)
    async with database.connection() as connection:
        assert (await recency.timeline(connection, [OWNER])).total == 0
    await index.put_texts([AssetText(UUID(int=1), OWNER, None, paper("字"))])
    async with database.connection() as connection:
        assert (await recency.timeline(connection, [OWNER])).total == 0
        now[0] = 301.0
        assert (await recency.timeline(connection, [OWNER])).total == 1


class Sampled(Commonness):
    """Says what it is told to."""

    def __init__(self, shares: Mapping[str, float]) -> None:
        super().__init__()
        self._told = shares

    async def shares(self, connection: Connection) -> Mapping[str, float]:
        return self._told


async def test_tokens_are_as_common_as_postgresql_sampled_them(large: Database):
    async with large.connection() as connection:
        shares = await Commonness().shares(connection)
    assert shares["总计"] == pytest.approx(1.0, abs=0.01)
    assert "w12345" not in shares
    assert all(0.0 < share <= 1.0 for share in shares.values())


@pytest.mark.parametrize("share", [1.0, 0.5, 0.02, 0.0001])
async def test_a_share_right_or_wrong_changes_no_answer(large: Database, share: float):
    async with large.connection(transaction=False) as connection:
        cursor = await connection.execute(
            "select asset_id from search_token order by taken_at desc limit %s", [FIRST_TEXT_HITS]
        )
        newest = {asset_id for (asset_id,) in await cursor.fetchall()}
        statistics = Statistics(commonness=Sampled({"总计": share, "总": 1.0}))
        found = await find_text(connection, parse("總計"), Scope((OWNER,)), statistics, FIRST_TEXT_HITS)
    assert {hit.asset_id for hit in found.hits} == newest


async def test_a_common_word_is_asked_of_no_more_than_it_needs(large: Database, monkeypatch: pytest.MonkeyPatch):
    parts: list[int] = []
    newest = Timeline.newest

    def told(timeline: Timeline, photos: int) -> Newest | None:
        parts.append(photos)
        return newest(timeline, photos)

    monkeypatch.setattr(Timeline, "newest", told)
    assert len(await SearchIndex(large).rank(RankRequest("ocr:總計", [OWNER]))) == FIRST_TEXT_HITS
    assert parts == [pytest.approx(AMPLE * FIRST_TEXT_HITS, rel=0.02)]


async def test_settings_hold_while_a_connection_is_lent_and_no_longer(database: Database):
    async def scans(connection: Connection) -> str:
        row = await (await connection.execute("show enable_seqscan")).fetchone()
        assert row is not None
        return str(row[0])

    async with Database(database.dsn, max_connections=1) as one:
        for transaction in (False, True):
            async with one.connection(transaction=transaction, settings=INDEX_ONLY) as connection:
                assert await scans(connection) == "off"
            with suppress(ZeroDivisionError):
                async with one.connection(transaction=transaction, settings=PLANNED_ONCE) as connection:
                    assert await scans(connection) == "off"
                    cursor = await connection.execute("show plan_cache_mode")
                    assert await cursor.fetchone() == ("force_generic_plan",)
                    raise ZeroDivisionError
            async with one.connection(transaction=transaction) as connection:
                assert await scans(connection) == "on"


async def test_a_search_leaves_no_settings_behind(large: Database):
    async with Database(large.dsn, max_connections=1) as one:
        await SearchIndex(one).rank(RankRequest("ocr:總計", [OWNER]))
        async with one.connection() as connection:
            cursor = await connection.execute("select name from pg_settings where source = 'session'")
            assert [name for (name,) in await cursor.fetchall()] == []
