"""Finds photos by the text in them: candidates from the index, decided by the matcher."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from uuid import UUID

from allinone.database.pool import Connection
from allinone.search.candidates import any_of, exact_steps, fuzzy_steps
from allinone.search.commonness import Commonness
from allinone.search.document import Document
from allinone.search.match import Matcher, phrase_score
from allinone.search.newest_index import NewestIndexes, candidates_statement
from allinone.search.query import ParsedQuery
from allinone.search.ranking import TextHit
from allinone.search.recency import Newest, Recency, Timeline
from allinone.search.scope import Scope
from allinone.search.statements import INDEX_ONLY, PLANNED_ONCE, statement

FIRST_TEXT_HITS = 120
"""Photos found by text alone that are ranked at first: a page of a hundred, of which some may not be shown. Where more
have it, the newest; the others come behind them when somebody asks for further pages."""

MOST_TEXT_HITS = 200
"""Photos found by text that are ranked among pictures; where more have it, the newest."""

FIRST_PART = 3000
"""Photos in the part of a library that is asked first where it is not known how common the tokens are; smaller
libraries are asked as a whole."""

AMPLE = 1.3
"""Times as many photos as are wanted are expected in a first part made for tokens that are known to be common."""

LARGEST_INDEX = 6.0
"""Times as many photos as are to be asked up to which all that an index of the newest holds are: reading and sorting a
few more costs less than telling them apart by their time."""

FUZZY_BELOW = 40
"""Misread text is looked for only where fewer photos than this have the text as typed."""

FEW_IN_ALL = 1200
"""Photos expected in all of a library up to which they are asked for at once."""

FEW_TOGETHER = 150
"""Photos with all terms up to which the phrase is looked for in each of them."""

MOST_MISREAD = 400
"""Photos looked at for misread text, which costs several times as much a photo; the newest."""

ENOUGH_MISREAD = 250
"""The same that are enough, where more are only to be had by asking once more."""

MOST_AT_ONCE = 200_000
"""Characters of texts up to which they are looked through where we are, in a millisecond or two. Handing them to a
thread and waiting to be told costs more than that when other work keeps the processors busy."""

Candidate = tuple[UUID, datetime | None, str, str, str, bytes]
"""The id, the time, and the parts of the document, put together only where it has to be looked at closely."""


@dataclass(frozen=True, slots=True)
class TextHits:
    """What the text leg found; `truncated` where there was more."""

    hits: list[TextHit]
    truncated: bool


@dataclass(frozen=True, slots=True)
class Statistics:
    """What is remembered of libraries, to ask for no more than is needed."""

    recency: Recency = field(default_factory=Recency)
    commonness: Commonness = field(default_factory=Commonness)
    newest_indexes: NewestIndexes = field(default_factory=NewestIndexes)


def settings_for(scope: Scope) -> str:
    """The settings of a connection to find text over."""
    # Few photos given come by their keys, which a plan made for any number of them does not know.
    return PLANNED_ONCE if scope.within is None else INDEX_ONLY


async def find_text(
    connection: Connection,
    query: ParsedQuery,
    scope: Scope,
    statistics: Statistics,
    most: int,
) -> TextHits:
    """The photos in `scope` whose text answers `query`, `most` at the most.

    Lend `connection` with the settings of `settings_for`.
    """
    timeline = await statistics.recency.timeline(connection, scope.owners)
    library = _Library(connection, scope, timeline, await statistics.newest_indexes.days(connection))
    shares = await statistics.commonness.shares(connection)
    matcher = Matcher(query, shares)
    found: dict[int, TextHit] = {}  # by the number of the id, which takes a tenth of the id's own time to look up
    truncated = False
    widest: list[Candidate] | None = None
    looked_at: set[int] = set()  # spares later, looser steps what earlier ones decided
    steps = exact_steps(query)
    if len(query.parts) > 1:
        # Several terms are seldom together: where all their photos are few, looking for the phrase in each of them
        # costs less than asking the stricter steps, which find nothing more.
        widest = await library.newest_candidates(steps[-1].tsquery, most)
        steps = steps if len(widest) >= min(FEW_TOGETHER, most) else [steps[-1]._replace(phrase=True)]
    for step in steps:
        if widest is not None and step is steps[-1]:
            candidates = widest
        else:
            share = min((shares[token] for token in step.tokens if token in shares), default=None)
            candidates = await library.newest_candidates(step.tsquery, most, share=share)
        new = _not_in(looked_at, candidates)
        if step is not steps[-1]:
            looked_at.update(candidate[0].int for candidate in new)
        # What a looser step finds beyond a complete list of phrases has none.
        phrase = step.phrase or truncated
        for hit in await _decided(matcher, new, phrase=phrase, fuzzy=False):
            found[hit.asset_id.int] = hit
        truncated = len(candidates) >= most
        if len(found) >= most:
            break
    looked_at = set(found)
    for fuzzy in fuzzy_steps(query) if len(found) < FUZZY_BELOW else []:
        candidates = await library.newest_candidates(fuzzy, MOST_MISREAD, enough=ENOUGH_MISREAD)
        new = _not_in(looked_at, candidates)
        looked_at.update(candidate[0].int for candidate in new)
        for hit in await _decided(matcher, new, phrase=truncated, fuzzy=True):
            found[hit.asset_id.int] = hit
        if len(found) >= FUZZY_BELOW:
            break
    # The strictest step's hits come first, and of each step the newest.
    return TextHits(list(islice(found.values(), most)), truncated or len(found) > most)


def _not_in(numbers: set[int], candidates: list[Candidate]) -> list[Candidate]:
    """The candidates whose ids are others."""
    return [candidate for candidate in candidates if candidate[0].int not in numbers] if numbers else candidates


@dataclass(frozen=True, slots=True)
class _Library:
    """The photos asked, the newest first; `indexes`: from which days on photos have an index of their own."""

    connection: Connection
    scope: Scope
    timeline: Timeline
    indexes: Sequence[date]

    async def newest_candidates(
        self, step: str, most: int, *, enough: int | None = None, share: float | None = None
    ) -> list[Candidate]:
        """The newest candidates: out of the newest part of the library where that has enough of them.

        A first part is made as large as the `share` of photos with the tokens calls for: one that has an index of its
        own, if any is about as large. Where the share is not known, a small part tells how common the tokens are; a
        second is made as large as that calls for. Each query asks for what the ones before have not seen.
        """
        found: list[Candidate] = []
        before: date | None = None
        within = self.scope.within
        share = share if within is None else None
        part = round(AMPLE * most / share) if share else FIRST_PART
        newest = self._by_index(part) if share else None
        narrow = within is not None and len(within) <= FIRST_PART
        for _ in range(0 if narrow else 2):
            newest = newest or self.timeline.newest(part)
            if newest is None:
                break
            among = f"({step}) & ({any_of(newest.tokens)})" if newest.tokens else step
            found += await self._candidates(among, before, most - len(found), newest.since)
            if len(found) >= (enough or most):
                return found
            before = newest.since
            asked = self.timeline.since(before)
            if len(found) * self.timeline.total <= FEW_IN_ALL * asked:
                break
            part = round(2 * asked * most / len(found))
            newest = None
        return found + await self._candidates(step, before, most - len(found))

    def _by_index(self, photos: int) -> Newest | None:
        """The newest part of so many photos or more as an index of its own holds it, and nothing else."""
        for since in self.indexes:
            if photos <= self.timeline.since(since) <= LARGEST_INDEX * photos:
                return Newest((), since)
        return None

    async def _candidates(self, tokens: str, before: date | None, most: int, since: date = date.min) -> list[Candidate]:
        """The newest `most` photos with `tokens`, taken before a day, and from the day `since` on by what they have."""
        index = next((day for day in self.indexes if day <= since), None)
        parameters = self.scope.parameters | {"tokens": tokens, "before": before, "most": most}
        cursor = self.connection.cursor(binary=True)
        await cursor.execute(candidates_statement(index), parameters)
        return await cursor.fetchall()


async def _decided(matcher: Matcher, candidates: Sequence[Candidate], *, phrase: bool, fuzzy: bool) -> list[TextHit]:
    if not fuzzy and sum([len(candidate[2]) for candidate in candidates]) <= MOST_AT_ONCE:
        return _decide(matcher, candidates, phrase=phrase, fuzzy=fuzzy)
    return await asyncio.to_thread(_decide, matcher, candidates, phrase=phrase, fuzzy=fuzzy)


def _decide(matcher: Matcher, candidates: Sequence[Candidate], *, phrase: bool, fuzzy: bool) -> list[TextHit]:
    hits = []
    as_typed = matcher.as_typed if phrase else ""
    for asset_id, taken_at, folded, joined, chains, confidences in candidates:
        # Most documents with a Chinese phrase have it as typed: no more needs to be looked at.
        at = folded.find(as_typed) if as_typed else -1
        if at >= 0:
            hits.append(TextHit(asset_id, taken_at, phrase_score(folded, confidences, at), "phrase"))
            continue
        match = matcher.match(Document(folded, joined, chains, confidences), phrase=phrase, fuzzy=fuzzy)
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
