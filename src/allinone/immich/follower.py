"""Follows Immich: keeps the index equal to what Immich's rows say, by its change feeds and by full comparisons.

Everything is decided by comparing what an asset's text in the index was made of with Immich's rows, so doing anything
twice is harmless, and dying at any moment loses nothing.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from allinone.database.pool import Connection, Database
from allinone.errors import AllInOneError
from allinone.immich.database import ImmichDatabase, ImmichSchema
from allinone.immich.feeds import Feed, feeds_of
from allinone.immich.settings import ImmichSettings
from allinone.immich.statements import statement
from allinone.immich.texts import ImmichText, TextIndex, Version, gather, version_of

LOCK = 0x666F6C6C6F77  # any fixed number: one follower writes at a time
FEED_ROWS = 2000
PAGE = 2000  # assets of a full comparison at a time
CHUNK = 50  # assets written at a time; between two, searches in this process go first
SCHEMA_SECONDS = 60.0  # after which Immich's schema is looked at again: it may have been migrated meanwhile
STEP_SECONDS = 1.0  # of comparing before the feeds are read again
LONGEST_PAUSE = 4.0  # seconds between attempts to reach a database that is away
FIRST = UUID(int=0)

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class FollowState:
    """How far following is; for pages, health and metrics.

    Attributes:
        documents: assets with text in the index.
        compared: assets of the running full comparison; of `expected`.
        complete: whether everything has been compared at least once.
        finished_at: when that was last.
        read_at: when the feeds were last read to their ends.
        changed: assets rewritten or removed since the start.
        missing: what this Immich lacks, one line each.
        problem: why nothing can be read now; None when all is well.
    """

    documents: int = 0
    compared: int = 0
    expected: int = 0
    complete: bool = False
    finished_at: datetime | None = None
    read_at: datetime | None = None
    changed: int = 0
    missing: list[str] = field(default_factory=list)
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _Reconciliation:
    storage: int | None
    begun_at: datetime | None
    reached: UUID | None
    compared: int
    expected: int
    finished_at: datetime | None

    @property
    def running(self) -> bool:
        """Whether there is something left to compare."""
        return self.finished_at is None or (self.begun_at is not None and self.finished_at < self.begun_at)


class Follower:
    """Follows one Immich. `run` is a task for as long as the program lives."""

    def __init__(
        self,
        settings: ImmichSettings,
        immich: ImmichDatabase,
        database: Database,
        index: TextIndex,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.state = FollowState()
        self._pause = settings.follow_seconds
        self._reconcile_every = timedelta(minutes=settings.reconcile_minutes)
        self._immich = immich
        self._database = database
        self._index = index
        self._clock = clock
        self._schema: ImmichSchema | None = None
        self._schema_at = 0.0

    async def run(self) -> None:
        """Follow until cancelled; whatever goes wrong is told once, and tried again."""
        pause = self._pause
        while True:
            try:
                more = await self.step()
            except AllInOneError as error:
                self._troubled(str(error))
            except Exception:
                if self.state.problem is None:
                    logger.exception("Following Immich failed; it is tried again")
                self._troubled("failed; the log says more")
            else:
                self._well()
                pause = 0.0 if more else self._pause
                await asyncio.sleep(pause)
                continue
            pause = min(max(pause * 2, 0.5), LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def step(self) -> bool:
        """Read the feeds to their ends, and go on comparing if a comparison is due. True: go on at once.

        Raises:
            DatabaseUnavailable: Immich's database or ours does not answer.
        """
        schema = await self._current_schema()
        if not schema.has_text:
            return False
        for feed in feeds_of(schema):
            await self._read(feed, schema)
        self.state.read_at = datetime.now(UTC)
        return await self._reconcile(schema)

    async def catch_up(self, *, compare: bool = False) -> None:
        """Step until nothing is left to do; `compare`: begin with a comparison of everything.

        Raises:
            DatabaseUnavailable: Immich's database or ours does not answer.
        """
        if compare:
            await self._begin()
        while await self.step():
            pass

    async def _current_schema(self) -> ImmichSchema:
        if self._schema is None or self._clock() - self._schema_at > SCHEMA_SECONDS:
            schema = await self._immich.schema()
            if self._schema is None or schema.missing != self.state.missing:
                for line in schema.missing:
                    logger.warning(line)
            self.state.missing = schema.missing
            self._schema, self._schema_at = schema, self._clock()
        return self._schema

    async def _read(self, feed: Feed, schema: ImmichSchema) -> None:
        async with self._database.connection() as own:
            row = await (await own.execute(statement("feed_position"), {"name": feed.name})).fetchone()
        kept: str | None = row[0] if row else None
        async with self._immich.connection() as immich:
            now = await (await immich.execute(statement("now"))).fetchone()
        assert now is not None  # noqa: S101 — a clock has one row
        after = feed.start(kept, now[0])
        while True:
            async with self._immich.connection() as immich:
                parameters = {"after": after, "most": FEED_ROWS}
                rows = await (await immich.execute(statement(feed.name), parameters)).fetchall()
            last: str = rows[-1][1] if rows else after
            position = last if kept is None else feed.later(kept, last)
            touched = list(dict.fromkeys(asset_id for asset_id, _ in rows))
            await self._settle(touched, schema, None if position == kept else (feed.name, position))
            kept = position
            if len(rows) < FEED_ROWS:
                return
            after = last

    async def _settle(self, touched: Sequence[UUID], schema: ImmichSchema, cursor: tuple[str, str] | None) -> None:
        """Rewrite those of the assets that differ; `cursor`: the feed's position, committed with the last of them."""
        changed: list[UUID] = []
        if touched:
            theirs = await self._digests("digests", schema, {"assets": list(touched)})
            ours = await self._own("own_documents", {"assets": list(touched)})
            changed = _differing(theirs, ours)
        await self._rewrite(changed, schema, cursor)

    async def _rewrite(
        self, changed: Sequence[UUID], schema: ImmichSchema, cursor: tuple[str, str] | None = None
    ) -> None:
        chunks = list(_chunks(changed, CHUNK)) or ([[]] if cursor else [])
        for number, chunk in enumerate(chunks, 1):
            await self._index.give_way()
            async with self._database.connection() as own:
                # What is read behind the lock is not older than what another follower wrote before it.
                await own.execute("select pg_advisory_xact_lock(%s)", [LOCK])
                if chunk:
                    await self._write(own, chunk, schema)
                if cursor and number == len(chunks):
                    name, position = cursor
                    await own.execute(statement("set_feed_position"), {"name": name, "position": position})
            self.state.changed += len(chunk)

    async def _write(self, own: Connection, assets: Sequence[UUID], schema: ImmichSchema) -> None:
        async with self._immich.connection() as immich:
            query = statement("texts", visible=schema.has("asset_ocr.isVisible"))
            cursor = immich.cursor(binary=True)
            await cursor.execute(query, {"assets": list(assets)})
            texts = [text for text in gather(await cursor.fetchall()) if text.lines]
        gone = list(set(assets) - {text.asset_id for text in texts})
        await self._index.put(texts, own)
        await self._index.remove(gone, own)
        await own.execute(statement("put_documents"), _columns(texts))
        await own.execute(statement("remove_documents"), {"assets": gone})

    async def _digests(self, query: str, schema: ImmichSchema, parameters: dict[str, object]) -> dict[UUID, Version]:
        async with self._immich.connection() as immich:
            text = statement(query, visible=schema.has("asset_ocr.isVisible"))
            rows = await (await immich.execute(text, parameters)).fetchall()
        return {row[0]: version_of(row[1:]) for row in rows}

    async def _own(self, query: str, parameters: dict[str, object]) -> dict[UUID, Version]:
        async with self._database.connection() as own:
            rows = await (await own.execute(statement(query), parameters)).fetchall()
        return {asset_id: Version(*rest) for asset_id, *rest in rows}

    # Comparing everything.

    async def _reconcile(self, schema: ImmichSchema) -> bool:
        kept = await self._reconciliation()
        storage = await self._storage()
        if kept is None or kept.storage != storage or self._due(kept):
            await self._begin()
            kept = await self._reconciliation()
        if kept is None or not kept.running:
            return False
        ends = self._clock() + STEP_SECONDS
        after: UUID | None = kept.reached or FIRST
        while after is not None:
            after = await self._compare(after, schema)
            if self._clock() >= ends:
                break
        await self._reconciliation()
        return after is not None

    def _due(self, kept: _Reconciliation) -> bool:
        if kept.finished_at is None or kept.running:
            return False
        return datetime.now(UTC) - kept.finished_at > self._reconcile_every

    async def _begin(self) -> None:
        storage = await self._storage()
        async with self._immich.connection() as immich:
            row = await (await immich.execute(statement("expected"))).fetchone()
        async with self._database.connection() as own:
            parameters = {"storage": storage, "expected": row[0] if row else 0}
            await own.execute(statement("begin_reconciliation"), parameters)

    async def _storage(self) -> int | None:
        async with self._immich.connection() as immich:
            row = await (await immich.execute(statement("storage"))).fetchone()
        return row[0] if row else None

    async def _compare(self, after: UUID, schema: ImmichSchema) -> UUID | None:
        """Compare one page of assets; the last one compared, or None at the end."""
        theirs = await self._digests("digests_page", schema, {"after": after, "most": PAGE})
        until = max(theirs) if len(theirs) == PAGE else None
        ours = await self._own("own_documents_range", {"after": after, "until": until})
        await self._rewrite(_differing(theirs, ours), schema)
        async with self._database.connection() as own:
            name = "continue_reconciliation" if until else "finish_reconciliation"
            await own.execute(statement(name), {"reached": until, "compared": len(theirs)})
        return until

    async def _reconciliation(self) -> _Reconciliation | None:
        async with self._database.connection() as own:
            row = await (await own.execute(statement("reconciliation"))).fetchone()
            count = await (await own.execute(statement("document_count"))).fetchone()
        self.state.documents = count[0] if count else 0
        if row is None:
            return None
        kept = _Reconciliation(*row)
        self.state.compared, self.state.expected = kept.compared, max(kept.expected, kept.compared)
        self.state.finished_at = kept.finished_at or self.state.finished_at
        self.state.complete = self.state.complete or kept.finished_at is not None
        return kept

    def _troubled(self, problem: str) -> None:
        self._schema = None  # what was migrated meanwhile is looked at first
        if self.state.problem is None:
            logger.warning("Immich cannot be followed now, which leaves the index as it is: %s", problem)
        self.state.problem = problem

    def _well(self) -> None:
        if self.state.problem is not None:
            logger.info("Immich is followed again.")
        self.state.problem = None


def _columns(texts: Sequence[ImmichText]) -> dict[str, object]:
    """What the texts are made of, as columns of the table."""
    return {
        "asset_id": [text.asset_id for text in texts],
        "shelf_id": [text.version.shelf for text in texts],
        "taken_at": [text.version.taken_at for text in texts],
        "lines": [text.version.lines for text in texts],
        "digest": [text.version.digest for text in texts],
    }


def _differing(theirs: dict[UUID, Version], ours: dict[UUID, Version]) -> list[UUID]:
    """Assets whose text is to be rewritten or removed."""
    changed = [asset_id for asset_id, version in theirs.items() if ours.get(asset_id) != version]
    return changed + [asset_id for asset_id in ours if asset_id not in theirs]


def _chunks(ids: Sequence[UUID], size: int) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
