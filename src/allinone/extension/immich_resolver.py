"""Pages of assets: the places of a ranking, with what Immich gives for them."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from allinone.extension.immich_body import SearchBody
from allinone.extension.immich_candidates import TextCandidates
from allinone.extension.immich_lookup import Assets
from allinone.extension.immich_page import EMPTY, ImmichPage
from allinone.extension.immich_page_plan import PagePlan, page_ends
from allinone.immich.credentials import Credentials
from allinone.search.hits import RankedHit

MOST_EMPTY_PAGES = 5  # skipped at once: clients take an empty page for the end


class PageResolver:
    """Asks Immich for what a page needs and is not known; what it does not give is left out.

    `seconds`: that the look-ups of one page may take.
    """

    def __init__(self, texts: TextCandidates, *, seconds: float) -> None:
        self._texts = texts
        self._seconds = seconds

    async def ends(
        self,
        hits: Sequence[RankedHit],
        known: Collection[UUID],
        body: SearchBody,
        credentials: Credentials,
        asked: frozenset[UUID] = frozenset(),
    ) -> tuple[int, ...]:
        """Where the pages of `hits` end; `known` and `asked` need no look-up."""
        lookup = await self._texts.lookup(credentials)
        most, first = (lookup.most(body.filters, body.size, count) for count in (0, len(asked)))
        return page_ends(hits, asked.union(known), body.size, most, first)

    async def page(
        self,
        plan: PagePlan,
        body: SearchBody,
        credentials: Credentials,
        known: Assets,
        template: Mapping[str, Any] | None,
        asked: frozenset[UUID] = frozenset(),
    ) -> ImmichPage:
        """The page asked for, or the next one after it that has something to show.

        Args:
            plan: the order.
            body: what was asked.
            credentials: of whoever asks.
            known: assets that Immich gave already.
            template: an answer of Immich's.
            asked: photos that Immich was asked for already; those not `known` it did not give.

        Raises:
            BackendFailed: Immich answers no look-up.
        """
        number, found = body.page, dict(known)
        deadline = asyncio.get_running_loop().time() + self._seconds
        lookup = await self._texts.lookup(credentials)
        for _ in range(MOST_EMPTY_PAGES):
            hits = plan.page(number)
            missing = [hit.asset_id for hit in hits if hit.asset_id not in found and hit.asset_id not in asked]
            found |= await lookup.by_id(
                missing, body.filters, credentials, seconds=deadline - asyncio.get_running_loop().time()
            )
            shown = tuple(hit for hit in hits if hit.asset_id in found)
            if shown or not plan.follows(number) or number >= len(plan.ends):
                break
            number += 1
        following = number + 1 if plan.follows(number) else None
        return page_of(plan, template or EMPTY, found, shown, following)


def page_of(
    plan: PagePlan, template: Mapping[str, Any], assets: Assets, hits: tuple[RankedHit, ...], following: int | None
) -> ImmichPage:
    """A page with `hits`, all of which are among `assets`."""
    return ImmichPage(template, [assets[hit.asset_id] for hit in hits], hits, plan.shelves, following)
