"""Photos found by the text in them, and what Immich's own text filter gives where a search has filters of its own."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from allinone.errors import AllInOneError
from allinone.extension.immich_body import MOST_SIZE, SearchBody
from allinone.extension.immich_lookup import Assets, Lookup, assets_of
from allinone.extension.immich_search_metrics import ImmichSearchMetrics
from allinone.immich.client import ImmichClient, Reply
from allinone.immich.credentials import Credentials
from allinone.search.hits import RankedHit, Ranking, RankRequest
from allinone.search.index import SearchIndex

METADATA, STATISTICS = "/api/search/metadata", "/api/search/statistics"
LEAST_TOLD, TOLD_SIZE = 20, 250  # assets that Immich's own text filter is asked for
FEW_PASSING = 400  # photos that pass a search's filters, up to which Immich is asked for all of them
VERSION_SECONDS = 60.0
TEXT_SINCE = (2, 2)  # Immich's version that finds photos by the text in them; older ones leave such a filter out


@dataclass(frozen=True, slots=True)
class Candidates:
    """Photos with the text; of them, what Immich gave at once, and the answer it did so in.

    Attributes:
        ranking: what `TextCandidates.go_on` can go on with; None where `text` is all there is.
    """

    text: tuple[RankedHit, ...]
    told: Assets
    reply: Reply | None
    ranking: Ranking | None = None


class TextCandidates:
    """Asks our index, and Immich for what it found."""

    def __init__(self, client: ImmichClient, index: SearchIndex, metrics: ImmichSearchMetrics) -> None:
        self._client = client
        self._index = index
        self._metrics = metrics
        self._version: tuple[float, tuple[int, int] | None] | None = None

    async def find(self, body: SearchBody, shelves: Sequence[UUID], credentials: Credentials) -> Candidates:
        """Photos with the text, and what of them Immich gives at once.

        Raises:
            DatabaseUnavailable: our database does not answer.
            BackendFailed: Immich does not answer.
        """
        if not body.query.parts:
            return Candidates((), {}, None)
        if body.narrowed:
            return await self._narrowed(body, shelves, credentials)
        ranking = await self._index.rank(RankRequest(body.typed, shelves, text_only=True))
        return Candidates(ranking.hits, {}, None, ranking)

    async def go_on(self, ranking: Ranking, body: SearchBody) -> Ranking:
        """What `find` ranked, and behind it older photos with the text.

        Raises:
            DatabaseUnavailable: our database does not answer.
        """
        return await self._index.go_on(RankRequest(body.typed, ranking.owners, text_only=True), ranking)

    async def told(self, body: SearchBody, credentials: Credentials, size: int = TOLD_SIZE) -> Reply:
        """What Immich says of a search for text: all that its own filter gives where the search is narrowed.

        Elsewhere one photo will do, for a refusal or for the form of an answer: Immich compares every text that has a
        pair of letters of the words, which takes a third of a second in a library of 30,000 texts.

        Raises:
            BackendFailed: Immich does not answer.
        """
        asked = {**text_filter(body), "size": size} if body.narrowed else {**body.filters, "size": 1}
        return await self._client.post(METADATA, credentials, asked)

    async def immich_finds_text(self, credentials: Credentials) -> bool:
        """Whether this Immich can answer a search for text itself."""
        version = await self._immich_version(credentials)
        return version is None or version >= TEXT_SINCE

    async def lookup(self, credentials: Credentials) -> Lookup:
        """Asks for single assets in the way of this Immich's version."""
        return Lookup(self._client, await self._immich_version(credentials), self._metrics.late)

    async def _narrowed(self, body: SearchBody, shelves: Sequence[UUID], credentials: Credentials) -> Candidates:
        """Under filters that our index knows nothing about, most of what it finds may not pass."""
        passing = await self._few_passing(body, credentials)
        if passing is not None:
            within = assets_of(passing)
            request = RankRequest(body.typed, shelves, within=list(within), text_only=True)
            return Candidates((await self._index.rank_all(request)).hits, within, passing)
        ranking = await self._index.rank(RankRequest(body.typed, shelves, text_only=True))
        if not ranking.hits and not body.text_only:
            return Candidates((), {}, None)
        # Immich's filter is loose, so it is asked for some more; few hits need no large answer.
        size = min(max(2 * len(ranking), LEAST_TOLD), TOLD_SIZE)
        reply = await self.told(body, credentials, size)
        told = assets_of(reply) if reply.ok else {}
        text = ranking.hits
        ranked = set(ranking.asset_ids)
        others = [asset_id for asset_id in told if asset_id not in ranked]
        if ranking.truncated and others:
            # Immich's text filter reaches behind the newest photos, which are all that is ranked.
            request = RankRequest(body.typed, shelves, within=others, text_only=True)
            text = (*text, *(await self._index.rank(request)).hits)
        return Candidates(text, told, reply, ranking)

    async def _few_passing(self, body: SearchBody, credentials: Credentials) -> Reply | None:
        """All photos that pass the filters, where these are so few that looking at each is the quickest."""
        if any(body.filters.get(name) for name in ("withDeleted", "trashedAfter", "trashedBefore", "isOffline")):
            return None  # Immich's count leaves out the trash
        counted = await self._client.post(STATISTICS, credentials, body.filters)
        total = counted.document().get("total") if counted.ok else None
        if not isinstance(total, int) or total > FEW_PASSING:
            return None
        reply = await self._client.post(METADATA, credentials, {**body.filters, "size": MOST_SIZE})
        complete = reply.ok and reply.document()["assets"].get("nextPage") is None
        return reply if complete else None

    async def _immich_version(self, credentials: Credentials) -> tuple[int, int] | None:
        kept = self._version
        if kept is None or time.monotonic() - kept[0] > VERSION_SECONDS:
            try:
                reply = await self._client.get("/api/server/version", credentials)
                document = reply.document() if reply.ok else {}
                version = (int(document["major"]), int(document["minor"])) if "major" in document else None
            except (AllInOneError, KeyError, TypeError, ValueError):
                version = None
            kept = self._version = (time.monotonic(), version)
        return kept[1]


def text_filter(body: SearchBody, words: str | None = None) -> Mapping[str, Any]:
    """The search's filters with Immich's own text filter for `words` (None: those of the search), if it has none."""
    filters = body.filters
    words = words or body.query.picture_text
    tree = filters.get("filter")
    if isinstance(tree, dict):
        return {**filters, "filter": {"ocr": {"matches": words}, **tree}}
    return {"ocr": words, **filters}
