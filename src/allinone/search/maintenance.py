"""What the index needs now and then, done in the background while searches go on."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

import psycopg

from allinone.database.pool import Database
from allinone.errors import DatabaseUnavailable
from allinone.search import newest_index
from allinone.search.arrangement import arrange
from allinone.search.document import Document
from allinone.search.document_tokens import documents_tokens
from allinone.search.statements import statement
from allinone.search.tokens import FORM
from allinone.search.vector_index import WORTHWHILE, build, possible
from allinone.tasks import both

BATCH = 200  # texts made anew in one transaction: what an interruption loses, and how long a row is locked
PAUSE = 0.02  # seconds between batches, for searches
EVERY = 3600.0  # seconds between looks at what there is to do: libraries grow
MERGE_EVERY = 60.0  # seconds: where nothing waits it costs a look at one page

log = logging.getLogger(__name__)

_Work = Callable[[], Awaitable[None]]


async def _at_once() -> None:
    """Nobody needs to be let past."""


async def renew_tokens(
    database: Database, report: Callable[[int, int], None] | None = None, give_way: _Work = _at_once
) -> int:
    """Make the tokens of an older form anew from the texts kept; how many were. `report`: done, in all.

    Before each batch `give_way` is waited for: searches of this process. May be stopped at any moment, and run by
    several processes: each batch is committed, and done once.
    Until a text's turn comes it is found by the tokens it has.
    """
    async with database.connection() as connection:
        cursor = await connection.execute(statement("count_older"), {"form": FORM})
        row = await cursor.fetchone()
    total, done = (row[0] if row else 0), 0
    while total:
        await give_way()
        renewed = await _renew_batch(database)
        if not renewed:
            break
        done += renewed
        if report:
            report(done, max(total, done))
        await asyncio.sleep(PAUSE)
    return done


async def _renew_batch(database: Database) -> int:
    async with database.connection() as connection:
        cursor = connection.cursor(binary=True)
        await cursor.execute(statement("older_forms"), {"form": FORM, "most": BATCH})
        rows = await cursor.fetchall()
        if rows:
            found = [Document(*row[2:]) for row in rows]
            tokens = await asyncio.to_thread(documents_tokens, found, [row[1] for row in rows])
            renewed = {"form": FORM, "asset_id": [row[0] for row in rows], "tokens": tokens}
            await connection.execute(statement("renew_tokens"), renewed)
        return len(rows)


async def keep_maintained(database: Database, give_way: _Work = _at_once) -> None:
    """`maintain` and `merge_waiting`, at once and then now and again, until cancelled.

    A database that does not answer is asked later.
    """
    await both(
        _now_and_again(partial(maintain, database, give_way), EVERY),
        _now_and_again(partial(merge_waiting, database), MERGE_EVERY),
    )


async def _now_and_again(work: _Work, seconds: float) -> None:
    while True:
        try:
            await work()
        except (DatabaseUnavailable, psycopg.Error) as error:
            log.warning("The search index could not be looked after: %s", error)
        await asyncio.sleep(seconds)


async def merge_waiting(database: Database) -> None:
    """Put the entries that wait for the text indexes into them.

    PostgreSQL does so by itself where many wait; a library that grows no further would be left with some, which cost
    every search among a million texts a third of its time.
    """
    async with database.connection() as connection:
        await connection.execute(statement("merge_waiting"))


async def maintain(database: Database, give_way: _Work = _at_once) -> None:
    """Renew old tokens, put what is scattered in order, then make the indexes that are worth their while; logs it."""
    renewed = await renew_tokens(database, give_way=give_way)
    if renewed:
        log.info("Indexed the text of %d photos again, in the form of this version.", renewed)
    await _arrange(database)
    await _index_newest(database)
    await _index_vectors(database)


async def _arrange(database: Database) -> None:
    try:
        if await arrange(database.dsn):
            log.info("Put the photos' text in the order of time, in which searches read it.")
    except psycopg.Error as error:
        log.warning("The photos' text does not lie in the order of time: common words take longer. (%s)", error)


async def _index_newest(database: Database) -> None:
    try:
        made = await newest_index.build(database.dsn)
    except psycopg.Error as error:
        log.warning("The newest photos have no indexes of their own: common words take longer. (%s)", error)
        return
    if made:
        log.info("Made %d indexes of the newest photos' text.", made)


async def _index_vectors(database: Database) -> None:
    async with database.connection() as connection:
        cursor = await connection.execute(statement("vector_kinds"), {"least": WORTHWHILE})
        kinds = await cursor.fetchall()
        if kinds and not await possible(connection):
            log.info("With pgvector before 0.8 vectors have no index: all of them are compared.")
            return
    for model, dimensions, vectors in kinds:
        try:
            made = await build(database.dsn, model, dimensions, vectors, _told(model))
        except psycopg.Error as error:
            log.warning("No vector index for %s; its vectors are compared one by one. (%s)", model, error)
            continue
        if made:
            log.info("The %d vectors of %s have an index now.", vectors, model)


def _told(model: str) -> Callable[[float], None]:
    last = 0.0

    def report(share: float) -> None:
        nonlocal last
        if share >= last + 0.1:
            last = share
            log.info("Making the index of %s's vectors: %.0f %%", model, share * 100)

    return report
