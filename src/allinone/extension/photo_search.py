"""Searching photos: what the HTTP endpoints and the pages both ask."""

import asyncio
import logging
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from allinone.errors import InvalidRequest, ModelMissing, NotFound
from allinone.extension.ranking_cache import RankingCache
from allinone.extension.search_metrics import SearchMetrics
from allinone.library.filters import AssetFilters
from allinone.library.store import LibraryAsset, LibraryStore
from allinone.search.index import PictureMatch, Ranking, RankRequest, SearchIndex, TextMatch
from allinone.search.picture_leg import Vector, unit_vector
from allinone.search.preferences import Preferences
from allinone.search.query import parse

MAX_PAGE_SIZE = 1000
ENCODER_SECONDS = 15.0
MOST_ALLOWED = 200_000  # photos that pass a query's conditions and are searched by themselves: the newest

logger = logging.getLogger(__name__)


class TextEncoder(Protocol):
    """The CLIP text tower, in this process or behind a gateway."""

    @property
    def clip_model(self) -> str | None:
        """The model whose vectors it makes, such as "ViT-B-16"; None where none is on disk."""

    async def embed_text(self, text: str) -> NDArray[np.float32]:
        """The L2-normalised vector of `text`, shape (dim,)."""


class Notice(StrEnum):
    """Something the person should know about an answer. Pages translate by the value."""

    NO_CLIP_MODEL = "no_clip_model"
    ENCODER_FAILED = "encoder_failed"
    NOT_EMBEDDED = "not_embedded"

    @property
    def message(self) -> str:
        """The notice in English, for the API and the log."""
        return _MESSAGES[self]


_MESSAGES = {
    Notice.NO_CLIP_MODEL: (
        "No CLIP model is on disk, so photos are found by the text in them only. "
        "`./run models pull ViT-B-16` brings one."
    ),
    Notice.ENCODER_FAILED: "The CLIP model failed, so these photos were found by the text in them only.",
    Notice.NOT_EMBEDDED: "The CLIP model has not read this photo yet, so nothing can be compared with it.",
}


@dataclass(frozen=True, slots=True)
class PhotoQuery:
    """One page of one search.

    Attributes:
        filters: which photos may be in the answer; `AssetFilters(library_id=...)` for all.
        text: as typed; `ocr:`, "quotes" and -exclusion are understood. Ignored where `like` is set.
        like: find photos that look like this one.
        text_only: look at the text in the photos only, whatever `text` says.
        containing: text that must be in the photos besides.
        page: counts from 1.
        size: photos per page, 1 to `MAX_PAGE_SIZE`.
        details: whether hits say why they were found; to leave that out saves reading all their lines.
    """

    filters: AssetFilters
    text: str = ""
    like: UUID | None = None
    text_only: bool = False
    containing: str = ""
    page: int = 1
    size: int = 100
    details: bool = True


@dataclass(frozen=True, slots=True)
class PhotoHit:
    """One photo found, and why: by its text, by its picture, or both."""

    asset: LibraryAsset
    score: float
    text: TextMatch | None
    clip: PictureMatch | None


@dataclass(frozen=True, slots=True)
class PhotoPage:
    """Some hits, best first.

    Attributes:
        next_page: the page that goes on from here; None at the end.
        notice: why the answer is less than it could be.
    """

    hits: list[PhotoHit]
    next_page: int | None
    notice: Notice | None


@dataclass(frozen=True, slots=True)
class _Found:
    """A ranking that has been filtered, and is paged through.

    Attributes:
        ids: the photos of `ranking` that pass, in its order.
        within: to these photos it is confined; None where to none.
    """

    ranking: Ranking | None
    ids: list[UUID]
    notice: Notice | None
    within: list[UUID] | None = None


class PhotoSearch:
    """Ranks, filters and pages. The next page goes on where the last one ended, also while photos arrive."""

    def __init__(
        self,
        library: LibraryStore,
        index: SearchIndex,
        encoder: TextEncoder | None,
        metrics: SearchMetrics,
        preferences: Preferences,
    ) -> None:
        self._preferences = preferences
        self._library = library
        self._index = index
        self._encoder = encoder
        self._metrics = metrics
        self._kept: RankingCache[_Found] = RankingCache()

    async def search(self, query: PhotoQuery) -> PhotoPage:
        """One page of the photos that answer `query`; empty past the end.

        Raises:
            InvalidRequest: `page` or `size` out of range.
            DatabaseUnavailable: the database does not answer.
        """
        if query.page < 1 or not 1 <= query.size <= MAX_PAGE_SIZE:
            message = f"page must be at least 1, and size between 1 and {MAX_PAGE_SIZE}"
            raise InvalidRequest(message)
        kind = _kind(query)
        with self._metrics.seconds.labels(kind).time():
            found = await self._found(query)
            begin, end = (query.page - 1) * query.size, query.page * query.size
            hits = await self._hits(found, found.ids[begin:end], query)
        self._metrics.results.labels(kind).observe(len(hits))
        return PhotoPage(hits, query.page + 1 if end < len(found.ids) else None, found.notice)

    async def _found(self, query: PhotoQuery) -> _Found:
        if query.filters.impossible:
            return _Found(None, [], None)
        key = (query.text, query.like, query.containing, query.text_only, query.filters)
        found = self._kept.get(key) if query.page > 1 else None
        if found is None:
            found = await self._rank(query)
        # One photo more than the page has tells whether there is a next one.
        while found.ranking is not None and found.ranking.further and len(found.ids) <= query.page * query.size:
            found = await self._further(query, found, found.ranking)
        self._kept.put(key, found)
        return found

    async def _rank(self, query: PhotoQuery) -> _Found:
        vector, notice = await self._vector(query)
        if query.like is not None and notice is not None:
            return _Found(None, [], notice)
        within: list[UUID] | None = None
        try:
            ranking = await self._ranking(query, vector, within)
            ids = await self._passing(query, ranking.asset_ids)
            if ranking.truncated and len(ids) < len(ranking):
                # What passes may lie beyond what a ranking of all photos holds, so it is ranked by itself.
                within = await self._allowed(query)
                ranking = await self._ranking(query, vector, within)
                ids = await self._passing(query, ranking.asset_ids)
        except NotFound:
            return _Found(None, [], Notice.NOT_EMBEDDED)
        return _Found(ranking, ids, notice, within)

    async def _further(self, query: PhotoQuery, found: _Found, ranking: Ranking) -> _Found:
        """The same with more photos behind those that are there already."""
        request = RankRequest(query.text, ranking.owners, found.within, text_only=True)
        longer = await self._index.go_on(request, ranking)
        behind = await self._passing(query, longer.asset_ids[len(ranking) :])
        return replace(found, ranking=longer, ids=found.ids + behind)

    async def _passing(self, query: PhotoQuery, ids: list[UUID]) -> list[UUID]:
        """Those of the photos that pass the query's conditions, in their order."""
        if query.containing.strip():
            wanted = set(await self._containing(query, ids))
            ids = [asset_id for asset_id in ids if asset_id in wanted]
        if query.filters != AssetFilters(query.filters.library_id):
            ids = [asset.id for asset in await self._library.select(ids, query.filters)]
        return ids

    async def _allowed(self, query: PhotoQuery) -> list[UUID]:
        """The photos that pass the query's conditions, whatever it looks for."""
        ids = await self._library.ids(query.filters, limit=MOST_ALLOWED)
        return await self._containing(query, ids) if query.containing.strip() else ids

    async def _containing(self, query: PhotoQuery, ids: list[UUID]) -> list[UUID]:
        request = RankRequest(query.containing, [query.filters.library_id], within=ids, text_only=True)
        return (await self._index.rank_all(request)).asset_ids

    async def _ranking(self, query: PhotoQuery, vector: Vector | None, within: list[UUID] | None) -> Ranking:
        owners, model = [query.filters.library_id], self._encoder.clip_model if self._encoder else None
        if query.like is not None and model is not None:
            cutoff = (await self._preferences.of(query.filters.library_id)).cutoff or "normal"
            return await self._index.similar(query.like, owners, model=model, within=within, cutoff=cutoff)
        request = RankRequest(query.text, owners, within, vector, model, text_only=query.text_only)
        if vector is not None:
            request = (await self._preferences.of(query.filters.library_id)).applied(request)
        return await self._index.rank(request)

    async def _vector(self, query: PhotoQuery) -> tuple[Vector | None, Notice | None]:
        """The vector of what the query looks for, if pictures are to be compared; else why they are not."""
        parsed = parse(query.text)
        if query.like is None and (query.text_only or parsed.text_only or not parsed.picture_text.strip()):
            return None, None
        if self._encoder is None or self._encoder.clip_model is None:
            return None, Notice.NO_CLIP_MODEL
        if query.like is not None:
            return None, None
        try:
            async with asyncio.timeout(ENCODER_SECONDS):
                return unit_vector(await self._encoder.embed_text(parsed.picture_text)), None
        except ModelMissing:
            return None, Notice.NO_CLIP_MODEL
        except Exception:
            # Whatever is wrong with the model or its vector costs the picture leg, never the answer.
            logger.exception("The CLIP model could not read a query; it is answered by text alone")
            self._metrics.encoder_failures.inc()
            return None, Notice.ENCODER_FAILED

    async def _hits(self, found: _Found, ids: list[UUID], query: PhotoQuery) -> list[PhotoHit]:
        if found.ranking is None or not ids:
            return []
        assets = {asset.id: asset for asset in await self._library.select(ids, query.filters)}
        if query.details:
            explained = await self._index.explain(found.ranking, list(assets))
            return [PhotoHit(assets[hit.asset_id], hit.score, hit.text, hit.clip) for hit in explained]
        ranked = found.ranking.of(list(assets))
        return [PhotoHit(assets[hit.asset_id], hit.score, None, None) for hit in ranked]


def _kind(query: PhotoQuery) -> str:
    if query.like is not None:
        return "similar"
    return "text" if query.text_only or parse(query.text).text_only else "smart"
