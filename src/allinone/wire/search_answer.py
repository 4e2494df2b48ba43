"""Immich's answer to a search (v3.1.0), and ours to the question why."""

from typing import Any

from pydantic import UUID4, BaseModel

from allinone.wire.asset import AssetResponse


class SearchAlbums(BaseModel):
    """`SearchAlbumResponseDto`; searches for photos leave it empty."""

    total: int = 0
    count: int = 0
    items: list[dict[str, Any]] = []
    facets: list[dict[str, Any]] = []


class SearchAssets(BaseModel):
    """`SearchAssetResponseDto`: one page. `nextPage` is a number in a string."""

    total: int
    count: int
    items: list[AssetResponse]
    facets: list[dict[str, Any]]
    nextPage: str | None  # noqa: N815 — Immich's name


class SearchAnswer(BaseModel):
    """`SearchResponseDto`."""

    albums: SearchAlbums
    assets: SearchAssets


class ExplainedLine(BaseModel):
    """A line that matched. `spans` are [start, end) in characters of `text`; `box` as in OCR lines."""

    text: str
    box: list[float]
    textScore: float  # noqa: N815 — like Immich's name for it
    spans: list[tuple[int, int]]


class ExplainedText(BaseModel):
    """What the text of a photo contributed."""

    score: float
    kind: str
    lines: list[ExplainedLine]


class ExplainedPicture(BaseModel):
    """What the look of a photo contributed: cosine similarity, and how far it stands out of the library."""

    similarity: float
    z: float | None


class ExplainedHit(BaseModel):
    """One photo and its scores."""

    assetId: UUID4  # noqa: N815 — like Immich's names
    path: str
    score: float
    text: ExplainedText | None
    clip: ExplainedPicture | None


class Explanation(BaseModel):
    """The hits of one page, best first, and why the answer is less than it could be."""

    hits: list[ExplainedHit]
    nextPage: str | None  # noqa: N815 — like Immich's name
    notice: str | None
