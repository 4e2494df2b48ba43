"""Searching an Immich for the text in photos alone (`ocr:`)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from allinone.errors import AllInOneError, BackendFailed
from allinone.extension.immich_body import SearchBody
from allinone.extension.immich_candidates import METADATA, TextCandidates, text_filter
from allinone.extension.immich_lookup import Assets, assets_of
from allinone.extension.immich_page import ImmichPage
from allinone.extension.immich_page_plan import PagePlan
from allinone.extension.immich_people import People
from allinone.extension.immich_ranking import rank_by_text
from allinone.extension.immich_resolver import PageResolver
from allinone.extension.immich_search_metrics import ImmichSearchMetrics
from allinone.extension.ranking_cache import RankingCache
from allinone.immich.client import ImmichClient, Reply
from allinone.immich.credentials import Credentials
from allinone.immich.shelves import shelves_searched
from allinone.tasks import end

TEXT_SECONDS = 3.0  # that a search for text may take before Immich's own answers it
IMMICH_ONLY = "immich_only"
"""Notice: our side failed, or cannot know yet."""

logger = logging.getLogger(__name__)


class ImmichTextSearch:
    """Ranks by our index; Immich's own search for text answers where that fails, and what is not in the index yet."""

    def __init__(
        self,
        client: ImmichClient,
        people: People,
        texts: TextCandidates,
        pages: PageResolver,
        plans: RankingCache[PagePlan],
        metrics: ImmichSearchMetrics,
        filled: Callable[[], Awaitable[bool]],
    ) -> None:
        self._client = client
        self._people = people
        self._texts = texts
        self._pages = pages
        self._plans = plans
        self._metrics = metrics
        self._filled = filled

    async def search(
        self, body: SearchBody, credentials: Credentials, key: tuple[str, str], plan: PagePlan | None
    ) -> ImmichPage | Reply:
        """One page; `plan`: of the search's earlier pages, kept under `key`.

        Raises:
            BackendFailed: Immich does not answer, or neither side can.
        """
        told: Assets = {}
        try:
            async with asyncio.timeout(TEXT_SECONDS):
                if plan is None:
                    plan, told, reply = await self._first(body, credentials)
                else:
                    reply = await self._texts.told(body, credentials)
                plan = await self._gone_on(plan, body, credentials)
                knows = bool(plan.hits) or await self._filled() or not await self._texts.immich_finds_text(credentials)
        except (AllInOneError, TimeoutError) as error:
            return await self._immichs(body, credentials, error)
        except Exception:
            logger.exception("A search for text is answered by Immich alone, for a fault of ours")
            self._metrics.fallbacks.labels("code").inc()
            return await self._immichs(body, credentials, None)
        if not reply.ok:
            return reply
        if not knows:
            return await self._immichs(body, credentials, None)
        self._plans.put(key, plan)
        try:
            return await self._pages.page(plan, body, credentials, {**told, **assets_of(reply)}, reply.document())
        except AllInOneError as error:
            return await self._immichs(body, credentials, error)

    async def _first(self, body: SearchBody, credentials: Credentials) -> tuple[PagePlan, Assets, Reply]:
        """The order, what Immich gave already, and an answer of Immich's for its form."""
        # Where the search is narrowed, this question and its answer are a part of finding.
        told = None if body.narrowed else self._texts.told(body, credentials)
        frame = None if told is None else asyncio.create_task(told, name="form of an answer")
        try:
            person = await self._people.identify(credentials)
            shelves = tuple(shelves_searched(person.owners, body.filters))
            found = await self._texts.find(body, shelves, credentials)
            hits = rank_by_text(found.text)
            ends = await self._pages.ends(hits, found.told.keys(), body, credentials)
            plan = PagePlan(hits, ends, shelves=shelves, ranking=found.ranking)
            reply = found.reply or await (frame or self._texts.told(body, credentials))
            return plan, found.told, reply
        finally:
            if frame is not None:
                await end(frame)

    async def _gone_on(self, plan: PagePlan, body: SearchBody, credentials: Credentials) -> PagePlan:
        """The same with older photos behind, where whoever asks comes to the last page there is."""
        while plan.ranking is not None and plan.ranking.further and body.page >= len(plan.ends):
            longer = await self._texts.go_on(plan.ranking, body)
            seen = {hit.asset_id for hit in plan.hits}
            behind = rank_by_text([hit for hit in longer.hits if hit.asset_id not in seen])
            # The last page may have been short of photos; nobody has seen it yet.
            kept = plan.ends[:-1]
            begin = kept[-1] if kept else 0
            hits = plan.hits + behind
            ends = await self._pages.ends(hits[begin:], (), body, credentials)
            plan = replace(plan, hits=hits, ends=kept + tuple(begin + one for one in ends), ranking=longer)
        return plan

    async def _immichs(self, body: SearchBody, credentials: Credentials, error: Exception | None) -> ImmichPage | Reply:
        """Immich's own search for text, in place of ours."""
        if not await self._texts.immich_finds_text(credentials):
            message = "The text in photos cannot be searched now, and this version of Immich has no such search itself."
            raise BackendFailed(message) from error
        asked = {**text_filter(body), "page": body.page, "size": body.size}
        reply = await self._client.post(METADATA, credentials, asked)
        if not reply.ok:
            return reply
        if error is not None:
            self._metrics.fell_back("index", error)
        items = reply.document()["assets"]["items"]
        more = reply.document()["assets"].get("nextPage") is not None
        return ImmichPage(reply.document(), items, (), (), body.page + 1 if more else None, IMMICH_ONLY)
