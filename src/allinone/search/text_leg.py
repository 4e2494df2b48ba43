"""Finds photos by the text in them: candidates from the index, decided by the matcher."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from uuid import UUID

from allinone.database.pool import Connection
from allinone.search.candidates import Step, exact_steps, fuzzy_step
from allinone.search.document import Document
from allinone.search.match import Matcher
from allinone.search.query import ParsedQuery
from allinone.search.ranking import TextHit
from allinone.search.recency import Recency, Timeline
from allinone.search.scope import Scope
from allinone.search.statements import INDEX_ONLY, statement

MOST_TEXT_HITS = 300
"""Photos found by text that are ranked; where more have it, the newest."""

FIRST_PART = 3000
"""Photos in the part of a library that is asked first; smaller libraries are asked as a whole."""

FUZZY_BELOW = 40
"""Misread text is looked for only where fewer photos than this have the text as typed."""

FEW_IN_ALL = 1200
"""Photos expected in all of a library up to which they are asked for at once."""

FEW_TOGETHER = 150
"""Photos with all terms up to which the phrase is looked for in each of them."""

MOST_MISREAD = 400
"""Photos looked at for misread text, which costs several times as much a photo; the newest."""

Candidate = tuple[UUID, datetime | None, Document]


@dataclass(frozen=True, slots=True)
class TextHits:
    """What the text leg found; `truncated` where there was more."""

    hits: list[TextHit]
    truncated: bool


async def find_text(connection: Connection, query: ParsedQuery, scope: Scope, recency: Recency) -> TextHits:
    """The photos in `scope` whose text answers `query`."""
    matcher = Matcher(query)
    timeline = await recency.timeline(connection, scope.owners)
    found: dict[UUID, TextHit] = {}
    truncated = False
    widest: list[Candidate] | None = None
    looked_at: set[UUID] = set()  # spares later, looser steps what earlier ones decided
    steps = exact_steps(query)
    if len(query.parts) > 1:
        # Several terms are seldom together: where all their photos are few, looking for the phrase in each of them
        # costs less than asking the stricter steps, which find nothing more.
        widest = await _newest_candidates(connection, steps[-1].tsquery, scope, timeline)
        steps = steps if len(widest) >= FEW_TOGETHER else [Step(steps[-1].tsquery, phrase=True)]
    for step in steps:
        if widest is not None and step is steps[-1]:
            candidates = widest
        else:
            candidates = await _newest_candidates(connection, step.tsquery, scope, timeline)
        new = [candidate for candidate in candidates if candidate[0] not in looked_at]
        looked_at.update(asset_id for asset_id, _, _ in new)
        # What a looser step finds beyond a complete list of phrases has none.
        phrase = step.phrase or truncated
        for hit in await asyncio.to_thread(_decide, matcher, new, phrase=phrase, fuzzy=False):
            found[hit.asset_id] = hit
        truncated = len(candidates) >= MOST_TEXT_HITS
        if len(found) >= MOST_TEXT_HITS:
            break
    fuzzy = fuzzy_step(query) if len(found) < FUZZY_BELOW else None
    if fuzzy is not None:
        candidates = await _newest_candidates(connection, fuzzy, scope, timeline, MOST_MISREAD)
        new = [candidate for candidate in candidates if candidate[0] not in found]
        for hit in await asyncio.to_thread(_decide, matcher, new, phrase=truncated, fuzzy=True):
            found[hit.asset_id] = hit
    # The strictest step's hits come first, and of each step the newest.
    return TextHits(list(islice(found.values(), MOST_TEXT_HITS)), truncated or len(found) > MOST_TEXT_HITS)


async def _newest_candidates(
    connection: Connection, step: str, scope: Scope, timeline: Timeline, most: int = MOST_TEXT_HITS
) -> list[Candidate]:
    """The newest candidates: out of the newest part of the library where that has enough of them.

    A first, small part tells how common the tokens are; a second is made as large as that calls for. Each query asks
    for what the ones before have not seen.
    """
    found: list[Candidate] = []
    before: date | None = None
    part = FIRST_PART
    narrow = scope.within is not None and len(scope.within) <= FIRST_PART
    for _ in range(0 if narrow else 2):
        newest = timeline.newest(part)
        if newest is None:
            break
        periods = " | ".join(f"'{period}'" for period in newest.tokens)
        found += await _candidates(connection, f"({step}) & ({periods})", scope, before, most - len(found))
        if len(found) >= most:
            return found
        before = newest.since
        if len(found) * timeline.total <= FEW_IN_ALL * part:
            break
        part = round(2 * part * most / len(found))
    return found + await _candidates(connection, step, scope, before, most - len(found))


async def _candidates(
    connection: Connection, tokens: str, scope: Scope, before: date | None, most: int
) -> list[Candidate]:
    parameters = scope.parameters | {"tokens": tokens, "before": before, "most": most}
    async with connection.pipeline():
        await connection.execute(INDEX_ONLY)
        cursor = connection.cursor(binary=True)
        await cursor.execute(statement("candidates"), parameters)
        rows = await cursor.fetchall()
    return [
        (asset_id, taken_at, Document(folded, joined, chains, confidences))
        for asset_id, taken_at, folded, joined, chains, confidences in rows
    ]


def _decide(matcher: Matcher, candidates: Iterable[Candidate], *, phrase: bool, fuzzy: bool) -> list[TextHit]:
    hits = []
    for asset_id, taken_at, document in candidates:
        match = matcher.match(document, phrase=phrase, fuzzy=fuzzy)
        if match is not None:
            hits.append(TextHit(asset_id, taken_at, match.score, match.kind))
    return hits


async def documents(connection: Connection, asset_ids: Sequence[UUID], owners: Sequence[UUID]) -> dict[UUID, Document]:
    """The documents of some assets, those of other owners left out."""
    cursor = connection.cursor(binary=True)
    await cursor.execute(statement("documents"), {"assets": list(asset_ids), "owners": list(owners)})
    return {
        asset_id: Document(folded, joined, chains, confidences)
        for asset_id, folded, joined, chains, confidences in await cursor.fetchall()
    }
