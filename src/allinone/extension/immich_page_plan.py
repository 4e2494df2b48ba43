"""Which hits stand on which page. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from allinone.search.hits import RankedHit, Ranking

LIKEST = 200
"""Pictures that are ranked together with the text; those behind them follow in Immich's own order."""


@dataclass(frozen=True, slots=True)
class PagePlan:
    """The order of one search, kept while somebody pages through it.

    Attributes:
        hits: best first.
        ends: for each page, where in `hits` it ends.
        goes_on: whether Immich's own order follows after the last page.
        least: the cosine below which pictures that follow are too unlike; None for no such bound.
        shelves: what was searched.
        ranking: by text alone, what the hits come from; None where there is nothing behind them.
    """

    hits: tuple[RankedHit, ...]
    ends: tuple[int, ...]
    goes_on: bool = False
    least: float | None = None
    shelves: tuple[UUID, ...] = ()
    ranking: Ranking | None = None

    def page(self, number: int) -> tuple[RankedHit, ...]:
        """The hits of a page that counts from 1; empty past the end."""
        if not 1 <= number <= len(self.ends):
            return ()
        return self.hits[self.ends[number - 2] if number > 1 else 0 : self.ends[number - 1]]

    def follows(self, number: int) -> bool:
        """Whether anything may come after this page."""
        return number < len(self.ends) or self.goes_on


def page_ends(
    hits: Sequence[RankedHit], known: Collection[UUID], size: int, most_unknown: int, first_unknown: int
) -> tuple[int, ...]:
    """Where pages end: full, or with as many to look up as may be.

    Args:
        hits: best first.
        known: those that Immich was asked for already.
        size: of a full page.
        most_unknown: hits of a page that are not known.
        first_unknown: the same for the first page; one is always taken.
    """
    ends: list[int] = []
    count = unknown = 0
    for at, hit in enumerate(hits):
        missing = hit.asset_id not in known
        allowed = most_unknown if ends else first_unknown
        if count == size or (missing and count and unknown >= allowed):
            ends.append(at)
            count = unknown = 0
        count += 1
        unknown += missing
    if count:
        ends.append(len(hits))
    return tuple(ends)


def likest_size(size: int) -> int:
    """How many pictures to ask Immich for: whole pages, so that its later pages go on behind them."""
    return min(size * -(-LIKEST // size), 1000 // size * size)
