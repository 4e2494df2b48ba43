"""Searching an Immich: its own answer and our index, ranked together, given out as Immich gives it.

Immich decides who sees what: every asset in an answer is one that Immich itself gave, just now, to the credentials of
whoever asks. Our side only orders and adds. Where it fails or takes long, Immich's own answer stands.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from uuid import UUID

from allinone.errors import AllInOneError, BackendFailed
from allinone.extension.immich_body import SearchBody
from allinone.extension.immich_candidates import TextCandidates
from allinone.extension.immich_likeness import Likeness, LikenessMeter, Vector, by_order
from allinone.extension.immich_lookup import Assets, assets_of
from allinone.extension.immich_page import ImmichPage
from allinone.extension.immich_page_plan import PagePlan, likest_size
from allinone.extension.immich_people import People, Person
from allinone.extension.immich_ranking import Rule, excluded_by_text, fuse_all, rank_by_text
from allinone.extension.immich_resolver import PageResolver, page_of
from allinone.extension.immich_search_metrics import ImmichSearchMetrics
from allinone.extension.immich_text_search import IMMICH_ONLY, ImmichTextSearch
from allinone.extension.ranking_cache import RankingCache
from allinone.immich.client import ImmichClient, Reply
from allinone.immich.credentials import Credentials
from allinone.immich.database import ImmichDatabase
from allinone.immich.settings import ImmichSettings
from allinone.immich.shelves import shelves_searched
from allinone.immich.text_encoder import TextEncoder
from allinone.immich.vectors import ImmichVectors
from allinone.search.hits import RankedHit
from allinone.search.index import SearchIndex
from allinone.search.preferences import Preference, Preferences
from allinone.tasks import end

SMART = "/api/search/smart"
DISABLED = b"Smart search is not enabled"

TEXT_ONLY = "encoder_failed"
"""Notice: there is no smart search now."""

UNCHOSEN = Preference()
logger = logging.getLogger(__name__)


Outcome = ImmichPage | Reply | None
"""A page; an answer of Immich's to hand on as it is; or None: hand the request on as it is."""


@dataclass(frozen=True, slots=True)
class _Ours:
    """What our side knows of a search.

    Attributes:
        told: assets that Immich gave already: by its own text filter, and the best of the text.
        asked: photos with the text that Immich was asked for one by one, those among them that it did not give.
        likeness: of the photos with the text; None where it cannot be measured.
    """

    person: Person
    shelves: tuple[UUID, ...]
    text: tuple[RankedHit, ...]
    told: Assets
    rule: Rule
    asked: frozenset[UUID] = frozenset()
    vector: Vector | None = None
    likeness: Likeness | None = None


class ImmichSearch:
    """Searches one Immich. `opened` closes what it opens; `filled` tells whether the index was ever complete."""

    def __init__(
        self,
        settings: ImmichSettings,
        client: ImmichClient,
        immich: ImmichDatabase,
        index: SearchIndex,
        metrics: ImmichSearchMetrics,
        preferences: Preferences,
        filled: Callable[[], Awaitable[bool]],
    ) -> None:
        self._settings = settings
        self._preferences = preferences
        self._client = client
        self._index = index
        self._metrics = metrics
        self._people = People(client)
        self._vectors = ImmichVectors(immich)
        self._meter = LikenessMeter(self._vectors, metrics, seconds=settings.search_seconds / 2)
        self._encoder = TextEncoder(settings, immich)
        self._plans: RankingCache[PagePlan] = RankingCache()
        self._texts = TextCandidates(client, index, metrics)
        self._pages = PageResolver(self._texts, seconds=settings.search_seconds)
        self._text_search = ImmichTextSearch(
            client, self._people, self._texts, self._pages, self._plans, metrics, filled
        )

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Close connections at the end of the block."""
        async with self._encoder:
            try:
                yield
            finally:
                await self._vectors.close()

    async def search(self, body: SearchBody, credentials: Credentials) -> Outcome:
        """One page.

        Raises:
            BackendFailed: Immich does not answer.
        """
        key = (credentials.fingerprint, body.key)
        plan = self._plans.get(key) if body.page > 1 else None
        if body.text_only:
            return await self._text_search.search(body, credentials, key, plan)
        if plan is not None and not plan.hits:
            return None  # Immich's own first page goes on with its own second
        if plan is not None and body.page > len(plan.ends):
            return await self._behind(plan, body, credentials)
        return await self._by_both(body, credentials, key, plan)

    # Text and picture.

    async def _by_both(
        self, body: SearchBody, credentials: Credentials, key: tuple[str, str], plan: PagePlan | None
    ) -> Outcome:
        size = likest_size(body.size)
        asked = {**body.document, "query": body.query.picture_text, "page": 1, "size": size}
        ours_task = asyncio.create_task(self._ours(body, credentials, plan), name="our part of a search")
        try:
            reply = await self._client.post(SMART, credentials, asked)
            deadline = asyncio.get_running_loop().time() + self._settings.search_seconds
            if not reply.ok:
                return await self._without_pictures(body, credentials, reply, ours_task)
            try:
                async with asyncio.timeout_at(deadline):
                    ours = await ours_task
                    plan = plan or await self._plan(body, credentials, reply, ours)
            except (AllInOneError, TimeoutError) as error:
                return self._immichs(body, key, reply, error)
            except Exception:
                # Whatever is wrong with our side costs our part of the answer, never Immich's.
                logger.exception("A search is answered by Immich alone, for a fault of ours")
                self._metrics.fallbacks.labels("code").inc()
                return self._immichs(body, key, reply, None)
            return await self._ranked(body, credentials, key, plan, reply, ours)
        finally:
            await end(ours_task)

    async def _ranked(
        self,
        body: SearchBody,
        credentials: Credentials,
        key: tuple[str, str],
        plan: PagePlan,
        reply: Reply,
        ours: _Ours,
    ) -> Outcome:
        if not plan.hits:  # nothing is like the query: Immich's guess is better than nothing
            return self._immichs(body, key, reply, None, notice=None)
        self._plans.put(key, plan)
        if body.page > len(plan.ends):
            return await self._behind(plan, body, credentials)
        known = {**ours.told, **assets_of(reply)}
        try:
            return await self._pages.page(plan, body, credentials, known, reply.document(), ours.asked)
        except AllInOneError as error:
            return self._immichs(body, key, reply, error)

    async def _plan(self, body: SearchBody, credentials: Credentials, reply: Reply, ours: _Ours) -> PagePlan:
        pictures, cutoff = assets_of(reply), ours.rule.cutoff
        likeness = await self._meter.of_both(ours.vector, ours.likeness, ours.person.owners, list(pictures))
        excluded = await excluded_by_text(self._index, body.query, ours.shelves, list(pictures))
        fused = fuse_all(ours.text, pictures, likeness, ours.rule, excluded=excluded)
        more = reply.document()["assets"].get("nextPage") is not None
        goes_on = bool(fused.hits) and fused.all_like and more and cutoff != "strict"
        ends = await self._pages.ends(fused.hits, pictures.keys() | ours.told.keys(), body, credentials, ours.asked)
        return PagePlan(fused.hits, ends, goes_on, likeness.least if cutoff != "off" else None, ours.shelves)

    async def _behind(self, plan: PagePlan, body: SearchBody, credentials: Credentials) -> Outcome:
        """A page of what follows the ranked hits, in Immich's own order."""
        if not plan.goes_on:
            reply = await self._client.post(
                SMART, credentials, {**body.document, "query": body.query.picture_text, "page": 1, "size": 1}
            )
            return page_of(plan, reply.document(), {}, (), None) if reply.ok else reply
        number = likest_size(body.size) // body.size + body.page - len(plan.ends)
        asked = {**body.document, "query": body.query.picture_text, "page": number, "size": body.size}
        reply = await self._client.post(SMART, credentials, asked)
        if not reply.ok:
            return reply
        found, template = assets_of(reply), reply.document()
        ranked = {hit.asset_id for hit in plan.hits}
        others = [asset_id for asset_id in found if asset_id not in ranked]
        kept = await self._like_enough(plan, body, others)
        # Immich's order is by likeness: behind the first that is too unlike there is nothing more.
        more = len(kept) == len(others) and template["assets"].get("nextPage") is not None
        hits = tuple(RankedHit(asset_id, 0.0) for asset_id in kept)
        return page_of(plan, template, found, hits, body.page + 1 if more else None)

    async def _like_enough(self, plan: PagePlan, body: SearchBody, ids: Sequence[UUID]) -> list[UUID]:
        """Those of `ids` above the cut; all where that cannot be told."""
        if plan.least is None:
            return list(ids)
        try:
            async with asyncio.timeout(self._settings.search_seconds):
                vector = await self._encoder.encode(body.query.picture_text, body.language)
                found = await self._vectors.similarities(vector, ids)
        except (AllInOneError, TimeoutError) as error:
            self._metrics.fell_back("likeness", error)
            return list(ids)
        return [one for one in ids if found.get(one, 0.0) >= plan.least]

    async def _without_pictures(
        self,
        body: SearchBody,
        credentials: Credentials,
        reply: Reply,
        ours_task: "asyncio.Task[_Ours]",
    ) -> Outcome:
        """Immich refused. Where that is for want of machine learning, the text in photos may still answer."""
        if reply.status < 500 and DISABLED not in reply.body:
            return reply
        try:
            async with asyncio.timeout(self._settings.search_seconds):
                ours = await ours_task
        except (AllInOneError, TimeoutError) as error:
            self._metrics.fell_back("index", error)
            return reply
        if not ours.text:
            return reply
        self._metrics.fell_back("smart search", BackendFailed(f"Immich's smart search answered {reply.status}."))
        hits = rank_by_text(ours.text)
        try:
            ends = await self._pages.ends(hits, ours.told.keys(), body, credentials, ours.asked)
            plan = PagePlan(hits, ends, shelves=ours.shelves)
            page = await self._pages.page(plan, body, credentials, ours.told, None, ours.asked)
        except AllInOneError as error:
            self._metrics.fell_back("lookup", error)
            return reply
        # The plan is not kept: the next page may have pictures again.
        return replace(page, notice=TEXT_ONLY)

    async def _ours(self, body: SearchBody, credentials: Credentials, plan: PagePlan | None) -> _Ours:
        person = await self._people.identify(credentials)
        shelves = tuple(shelves_searched(person.owners, body.filters))
        vector_task = asyncio.create_task(self._vector(body), name="vector of a query")
        try:
            if plan is not None:  # the order stands; the assets are asked for anew
                needed = body.narrowed and any(hit.kind is not None for hit in plan.page(body.page))
                told = assets_of(await self._texts.told(body, credentials)) if needed else {}
                return _Ours(person, shelves, (), told, self._rule(UNCHOSEN))
            found = await self._texts.find(body, shelves, credentials)
            rule = self._rule(await self._preferences.of(person.user_id))
            vector = await vector_task
            ids = [hit.asset_id for hit in found.text]
            likeness = await self._meter.of_text(vector, person.owners, ids)
            fused = fuse_all(found.text, {}, likeness or by_order(()), rule)
            asked, given = await self._first_page(fused.hits, found.told, body, credentials)
            return _Ours(person, shelves, found.text, {**found.told, **given}, rule, asked, vector, likeness)
        finally:
            await end(vector_task)

    def _rule(self, chosen: Preference) -> Rule:
        return Rule.of(chosen, weight=self._settings.picture_weight, cutoff=self._settings.cutoff)

    async def _first_page(
        self, hits: Sequence[RankedHit], told: Assets, body: SearchBody, credentials: Credentials
    ) -> tuple[frozenset[UUID], Assets]:
        """The best photos with the text, asked for while Immich's own search runs; their order stands already."""
        lookup = await self._texts.lookup(credentials)
        best = hits[: min(body.size, lookup.most(body.filters, body.size))]
        asked = [hit.asset_id for hit in best if hit.asset_id not in told]
        seconds = self._settings.search_seconds / 2
        return frozenset(asked), await lookup.by_id(asked, body.filters, credentials, seconds=seconds)

    async def _vector(self, body: SearchBody) -> Vector | None:
        try:
            return await self._encoder.encode(body.query.picture_text, body.language)
        except AllInOneError as error:
            self._metrics.fell_back("vector", error)
            return None

    def _immichs(
        self,
        body: SearchBody,
        key: tuple[str, str],
        reply: Reply,
        error: Exception | None,
        *,
        notice: str | None = IMMICH_ONLY,
    ) -> Outcome:
        """Immich's own answer; its next pages too, so that they go on where this one ends."""
        if error is not None:
            self._metrics.fell_back("index", error)
        self._plans.put(key, PagePlan((), ()))
        if body.page > 1:
            return None
        template = reply.document()
        items = template["assets"]["items"]
        more = len(items) > body.size or template["assets"].get("nextPage") is not None
        return ImmichPage(template, items[: body.size], (), (), 2 if more else None, notice)
