"""What a search asks, and what it answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from allinone.search.match import Kind
from allinone.search.query import ParsedQuery
from allinone.wire.ocr import Box

Cutoff = Literal["off", "normal", "strict"]
Fusion = Literal["convex", "reciprocal"]


@dataclass(frozen=True, slots=True, eq=False)
class RankRequest:
    """A search.

    Attributes:
        query: as typed; `ocr:`, "quotes" and -exclusion are understood.
        owners: whose photos; with none, nothing is found.
        within: only these photos; None for all of the owners'.
        vector: the CLIP vector of the query, L2-normalised, shape (dim,); None to go by text alone.
        model: the CLIP model that made the vector.
        text_only: look at the text in photos only, whatever the query says.
        picture_weight: 0..1, how much the picture counts beside the text.
        cutoff: which pictures are too unlike to be shown.
        fusion: "convex" weighs scores; "reciprocal" goes by ranks alone, as it must where there are no statistics.
    """

    query: str
    owners: Sequence[UUID]
    within: Sequence[UUID] | None = None
    vector: NDArray[np.float32] | None = None
    model: str | None = None
    text_only: bool = False
    picture_weight: float = 0.5
    cutoff: Cutoff = "normal"
    fusion: Fusion = "convex"


class RankedHit(NamedTuple):
    """One place of a ranking. `text_score`, `kind` and `similarity`, `z` are None where that leg missed."""

    asset_id: UUID
    score: float
    taken_at: datetime | None = None
    text_score: float | None = None
    kind: Kind | None = None
    similarity: float | None = None
    z: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Everything a search found, best first: immutable and bounded, so that a caller can keep it for paging.

    Attributes:
        query: the query, understood; None where a photo was compared.
        owners: whose photos were searched.
        truncated: there is more than is ranked: of photos with the text the newest are, of pictures the likest.
        further: how many photos with the text to look for so as to go on behind the hits; 0 where they are all, or
            where pictures are ranked, too.
    """

    query: ParsedQuery | None
    owners: tuple[UUID, ...]
    hits: tuple[RankedHit, ...] = ()
    truncated: bool = False
    further: int = 0

    def __len__(self) -> int:
        return len(self.hits)

    def of(self, asset_ids: Sequence[UUID]) -> list[RankedHit]:
        """The hits of some assets, in the order given; assets that are not in the ranking are left out."""
        wanted = set(asset_ids)
        found = {hit.asset_id: hit for hit in self.hits if hit.asset_id in wanted}
        return [found[asset_id] for asset_id in asset_ids if asset_id in found]

    @property
    def asset_ids(self) -> list[UUID]:
        """The assets, best first."""
        return [hit.asset_id for hit in self.hits]


@dataclass(frozen=True, slots=True)
class MatchedLine:
    """A line of text that a query matched.

    Attributes:
        text: as recognised.
        box: where it stands; see `allinone.wire.ocr.Box`.
        text_score: the recogniser's confidence, 0..1.
        spans: what matched, as [start, end) of `text`; ascending, not overlapping.
    """

    text: str
    box: Box
    text_score: float
    spans: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class TextMatch:
    """How the text of a photo answers a query; `terms` are the query's parts, folded."""

    score: float
    kind: Kind
    lines: list[MatchedLine]
    terms: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PictureMatch:
    """How like a photo is: the cosine, and how many deviations that is above the library's other photos."""

    similarity: float
    z: float | None


@dataclass(frozen=True, slots=True)
class Hit:
    """A photo found, and why."""

    asset_id: UUID
    score: float
    text: TextMatch | None
    clip: PictureMatch | None
