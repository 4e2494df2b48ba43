"""The search index: what was read in each photo, and how to find it again."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from allinone.database.pool import Connection, Database
from allinone.errors import NotFound
from allinone.search.calibration import Calibration
from allinone.search.document import Document
from allinone.search.highlight import matched_lines
from allinone.search.hits import (
    Cutoff,
    Hit,
    MatchedLine,
    PictureMatch,
    RankedHit,
    Ranking,
    RankRequest,
    TextMatch,
)
from allinone.search.lines import unpack_lines
from allinone.search.match import Matcher
from allinone.search.picture_leg import (
    MOST_PICTURE_HITS,
    Backgrounds,
    PictureQuestion,
    find_pictures,
    similarities,
    stored_vector,
    unit_vector,
)
from allinone.search.precedence import Precedence
from allinone.search.query import ParsedQuery, parse
from allinone.search.ranking import PictureHit, fuse, rank_pictures, rank_text
from allinone.search.scope import Scope
from allinone.search.statements import statement
from allinone.search.text_leg import (
    FIRST_TEXT_HITS,
    MOST_TEXT_HITS,
    Statistics,
    TextHits,
    documents,
    find_text,
    settings_for,
)
from allinone.search.text_rows import AssetText, text_columns, wall_clock
from allinone.search.vector_index import VectorIndexes
from allinone.tasks import both
from allinone.wire.ocr import OcrLine

__all__ = [
    "AssetText",
    "Hit",
    "MatchedLine",
    "PictureMatch",
    "RankRequest",
    "RankedHit",
    "Ranking",
    "SearchIndex",
    "TextMatch",
]

FURTHER = 5
"""Times as many photos with the text are looked for whenever somebody pages past those that are ranked."""

MOST_IN_ALL = 10_000
"""Photos with the text that anybody can page through. A ranking of as many takes 2 MB, and dozens are kept."""


class SearchIndex:
    """Text and vectors of photos in PostgreSQL.

    Methods that write take a `connection` to be part of the caller's transaction; without one they make
    their own. All methods raise DatabaseUnavailable where the database does not answer.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._backgrounds = Backgrounds()
        self._statistics = Statistics()
        self._precedence = Precedence()
        self._vector_indexes = VectorIndexes()
        # One batch of texts at a time: several threads of Python's would only take turns, and end late together.
        self._computing = asyncio.Lock()

    async def put_text(
        self,
        asset_id: UUID,
        owner_id: UUID,
        taken_at: datetime | None,
        lines: Sequence[OcrLine],
        *,
        connection: Connection | None = None,
    ) -> None:
        """Index the text of one asset, in place of what was indexed before. No lines: it has no text."""
        await self.put_texts([AssetText(asset_id, owner_id, taken_at, lines)], connection=connection)

    async def put_texts(self, texts: Sequence[AssetText], *, connection: Connection | None = None) -> None:
        """Index the text of several assets at once, which is several times as fast as one by one."""
        if not texts:
            return
        async with self._computing:
            columns = await asyncio.to_thread(text_columns, texts)
        async with self._joined(connection) as joined, joined.pipeline():
            for name in ("put_texts", "put_lines"):
                await joined.execute(statement(name), columns)

    async def give_way(self) -> None:
        """Wait a moment for the searches that are under way here. For whoever indexes many texts beside them."""
        await self._precedence.give_way()

    async def put_vector(
        self,
        asset_id: UUID,
        owner_id: UUID,
        taken_at: datetime | None,
        model: str,
        vector: NDArray[np.float32],
        *,
        connection: Connection | None = None,
    ) -> None:
        """Keep the vector that `model` made of an asset, in place of an older one of the same model.

        Raises:
            InvalidRequest: the vector is zero, not finite, or not one row of numbers.
        """
        row = {
            "asset_id": asset_id,
            "owner_id": owner_id,
            "taken_at": wall_clock(taken_at),
            "model": model,
            "embedding": unit_vector(vector),
        }
        async with self._joined(connection) as joined:
            await joined.execute(statement("put_vector"), row)

    async def remove(self, asset_ids: Sequence[UUID], *, connection: Connection | None = None) -> None:
        """Forget assets: their text and their vectors. Unknown ones are no error."""
        async with self._joined(connection) as joined:
            await joined.execute(statement("remove_text"), {"assets": list(asset_ids)})
            await joined.execute(statement("remove_vectors"), {"assets": list(asset_ids)})

    async def lines(self, asset_id: UUID) -> list[OcrLine]:
        """The lines of one asset in reading order; none where it has no text or is not known."""
        async with self._database.connection() as connection:
            return (await _stored_lines(connection, [asset_id])).get(asset_id, [])

    async def rank(self, request: RankRequest) -> Ranking:
        """Everything that answers a request, best first. Nothing that can be typed is an error.

        Raises:
            InvalidRequest: the request's vector is zero, not finite, or not one row of numbers.
        """
        query = parse(request.query)
        scope = Scope(tuple(dict.fromkeys(request.owners)), request.within)
        owners = scope.owners
        question = _question(request, query, scope)
        if not owners or (not query.parts and question is None):
            return Ranking(query, owners)
        if question is None:
            text = await self._text(query, scope, FIRST_TEXT_HITS)
            return _by_text(query, owners, rank_text(text.hits), text, FIRST_TEXT_HITS)
        # Beside each other, each on its own connection: neither is held while the other is waited for.
        text, (calibration, pictures) = await both(
            self._text(query, scope, MOST_TEXT_HITS), self._calibrated_pictures(question, request.cutoff)
        )
        truncated = text.truncated or len(pictures) >= MOST_PICTURE_HITS
        pictures = await self._without_excluded(query, pictures, owners)
        pictures += await self._likeness(question, calibration, text, pictures)
        if not pictures:
            return Ranking(query, owners, rank_text(text.hits), truncated)
        hits = fuse(text.hits, pictures, picture_weight=request.picture_weight, fusion=request.fusion)
        return Ranking(query, owners, hits, truncated)

    async def go_on(self, request: RankRequest, ranking: Ranking) -> Ranking:
        """What `rank` answered, and behind it more photos with the text: older ones, a few times as many as it has.

        Ask where `ranking.further` is not 0; elsewhere it is answered as it is.
        """
        if not ranking.further or ranking.query is None:
            return ranking
        scope = Scope(ranking.owners, request.within)
        text = await self._text(ranking.query, scope, ranking.further)
        present = {hit.asset_id for hit in ranking.hits}
        behind = rank_text(hit for hit in text.hits if hit.asset_id not in present)
        return _by_text(ranking.query, ranking.owners, ranking.hits + behind, text, ranking.further)

    async def rank_all(self, request: RankRequest) -> Ranking:
        """`rank`, and with `go_on` all that is behind it."""
        ranking = await self.rank(request)
        while ranking.further:
            ranking = await self.go_on(request, ranking)
        return ranking

    async def similar(
        self,
        asset_id: UUID,
        owners: Sequence[UUID],
        *,
        model: str,
        within: Sequence[UUID] | None = None,
        cutoff: Cutoff = "normal",
    ) -> Ranking:
        """The photos of `owners` (only those `within`, if given) that look like one of theirs, which is left out.

        Raises:
            NotFound: the asset has no vector of `model`, or is not theirs.
        """
        asked = tuple(dict.fromkeys(owners))
        async with self._searching() as connection:
            vector = await stored_vector(connection, asset_id, model, asked)
            if vector is None:
                message = f"Photo {asset_id} has not been read by the CLIP model {model} yet."
                raise NotFound(message)
        question = PictureQuestion(vector, model, Scope(asked, within))
        _, found = await self._calibrated_pictures(question, cutoff)
        hits = rank_pictures(hit for hit in found if hit.asset_id != asset_id)
        return Ranking(None, asked, hits, len(found) >= MOST_PICTURE_HITS)

    async def explain(self, ranking: Ranking, asset_ids: Sequence[UUID]) -> list[Hit]:
        """Why some assets of a ranking are in it, in the order given; others are left out.

        Ask for one page at a time: every line of each asset is read.
        """
        hits = ranking.of(asset_ids)
        with_text = [hit.asset_id for hit in hits if hit.kind is not None]
        texts: dict[UUID, TextMatch] = {}
        if with_text and ranking.query is not None:
            async with self._database.connection() as connection:
                found = await documents(connection, with_text, ranking.owners)
                lines = await _stored_lines(connection, with_text)
            texts = await asyncio.to_thread(_explain_texts, ranking.query, found, lines)
        return [_explained(hit, texts.get(hit.asset_id)) for hit in hits]

    async def _text(self, query: ParsedQuery, scope: Scope, most: int) -> TextHits:
        if not query.parts:
            return TextHits([], truncated=False)
        async with self._searching(transaction=False, settings=settings_for(scope)) as connection:
            return await find_text(connection, query, scope, self._statistics, most)

    async def _calibrated_pictures(
        self, question: PictureQuestion, cutoff: Cutoff
    ) -> tuple[Calibration | None, list[PictureHit]]:
        async with self._searching() as connection:
            calibration = await self._backgrounds.calibrate(connection, question)
            asked = (question.scope.owners, question.model, len(question.vector))
            lists = await self._vector_indexes.lists(connection, *asked)
        return calibration, await find_pictures(self._searching, question, calibration, cutoff, lists=lists)

    async def _without_excluded(
        self, query: ParsedQuery, pictures: list[PictureHit], owners: Sequence[UUID]
    ) -> list[PictureHit]:
        """The pictures whose text has nothing that the query excludes."""
        if not query.excluded or not pictures:
            return pictures
        matcher = Matcher(query)
        async with self._searching(transaction=False) as connection:
            kept = await documents(connection, [hit.asset_id for hit in pictures], owners)
        unwanted = {asset_id for asset_id, document in kept.items() if matcher.excludes(document)}
        return [hit for hit in pictures if hit.asset_id not in unwanted]

    async def _likeness(
        self,
        question: PictureQuestion,
        calibration: Calibration | None,
        text: TextHits,
        pictures: Sequence[PictureHit],
    ) -> list[PictureHit]:
        """How like the photos are that were found by their text and are not among `pictures`."""
        seen = {hit.asset_id for hit in pictures}
        missing = {hit.asset_id: hit.taken_at for hit in text.hits if hit.asset_id not in seen}
        if not missing:
            return []
        async with self._searching(transaction=False) as connection:
            found = await similarities(connection, question, list(missing))
        return [
            PictureHit(asset_id, missing[asset_id], cosine, calibration.z(cosine) if calibration else None)
            for asset_id, cosine in found.items()
        ]

    @asynccontextmanager
    async def _searching(self, *, transaction: bool = True, settings: str = "") -> AsyncIterator[Connection]:
        with self._precedence.search():
            async with self._database.connection(transaction=transaction, settings=settings) as connection:
                yield connection

    @asynccontextmanager
    async def _joined(self, connection: Connection | None) -> AsyncIterator[Connection]:
        if connection is not None:
            yield connection
            return
        async with self._database.connection() as own:
            yield own


def _by_text(
    query: ParsedQuery, owners: tuple[UUID, ...], hits: tuple[RankedHit, ...], text: TextHits, most: int
) -> Ranking:
    """A ranking by text alone, of which `most` hits were asked for."""
    further = min(most * FURTHER, MOST_IN_ALL) if text.truncated and most < MOST_IN_ALL else 0
    return Ranking(query, owners, hits, text.truncated, further)


def _question(request: RankRequest, query: ParsedQuery, scope: Scope) -> PictureQuestion | None:
    if request.vector is None or request.model is None or request.text_only or query.text_only:
        return None
    return PictureQuestion(unit_vector(request.vector), request.model, scope)


async def _stored_lines(connection: Connection, asset_ids: Sequence[UUID]) -> dict[UUID, list[OcrLine]]:
    cursor = connection.cursor(binary=True)
    await cursor.execute(statement("lines"), {"assets": list(asset_ids)})
    return {asset_id: unpack_lines(texts, numbers) for asset_id, texts, numbers in await cursor.fetchall()}


def _explain_texts(
    query: ParsedQuery, found: dict[UUID, Document], lines: dict[UUID, list[OcrLine]]
) -> dict[UUID, TextMatch]:
    matcher = Matcher(query)
    terms = [part.text for part in query.parts]
    texts = {}
    for asset_id, document in found.items():
        match = matcher.match(document)
        if match is not None:
            shown = matched_lines(lines.get(asset_id, []), matcher.places(document, match))
            texts[asset_id] = TextMatch(match.score, match.kind, shown, terms)
    return texts


def _explained(hit: RankedHit, text: TextMatch | None) -> Hit:
    if text is not None and hit.text_score is not None and hit.kind is not None:
        # Read again since it was ranked, it may match otherwise now; one answer must not contradict itself.
        text = replace(text, score=hit.text_score, kind=hit.kind)
    clip = None if hit.similarity is None else PictureMatch(hit.similarity, hit.z)
    return Hit(hit.asset_id, hit.score, text, clip)
