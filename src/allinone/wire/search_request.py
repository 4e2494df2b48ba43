"""Immich's search bodies (v3.1.0), with the structured `filter` of 3.2. Fields not known here are ignored."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    UUID4,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
)

from allinone.wire.asset import AssetType, Visibility

MAX_TEXT = 10_000  # characters
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL holds no NUL, UTF-8 no half of a surrogate pair


def _clean(value: object) -> object:
    return _UNSTORABLE.sub(" ", value) if isinstance(value, str) else value


def _moment(value: object) -> datetime:
    if not isinstance(value, str):
        message = "must be a date and time in ISO 8601, such as 2024-01-31T00:00:00.000Z"
        raise ValueError(message)
    try:
        moment = datetime.fromisoformat(value.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        message = "must be a date and time in ISO 8601, such as 2024-01-31T00:00:00.000Z"
        raise ValueError(message) from error


Text = Annotated[str, BeforeValidator(_clean), StringConstraints(strict=True, max_length=MAX_TEXT)]
TrimmedText = Annotated[
    str, BeforeValidator(_clean), StringConstraints(strict=True, max_length=MAX_TEXT, strip_whitespace=True)
]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Ids = Annotated[list[UUID4], Field(max_length=10_000)]
Page = Annotated[StrictInt, Field(ge=1, le=10_000_000)]
Size = Annotated[StrictInt, Field(ge=1, le=1000)]
Rating = Annotated[StrictInt, Field(ge=1, le=5)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


class SearchFilters(_Body):
    """What all search bodies share. null means "has none" where it was sent: see `model_fields_set`."""

    libraryId: UUID4 | None = None  # noqa: N815 — Immich's names, here and below
    type: AssetType | None = None
    isEncoded: StrictBool | None = None  # noqa: N815
    isFavorite: StrictBool | None = None  # noqa: N815
    isMotion: StrictBool | None = None  # noqa: N815
    isOffline: StrictBool | None = None  # noqa: N815
    visibility: Visibility | None = None
    createdBefore: Moment | None = None  # noqa: N815
    createdAfter: Moment | None = None  # noqa: N815
    updatedBefore: Moment | None = None  # noqa: N815
    updatedAfter: Moment | None = None  # noqa: N815
    trashedBefore: Moment | None = None  # noqa: N815
    trashedAfter: Moment | None = None  # noqa: N815
    takenBefore: Moment | None = None  # noqa: N815
    takenAfter: Moment | None = None  # noqa: N815
    city: Text | None = None
    state: Text | None = None
    country: Text | None = None
    make: Text | None = None
    model: Text | None = None
    lensModel: Text | None = None  # noqa: N815
    isNotInAlbum: StrictBool | None = None  # noqa: N815
    personIds: Ids | None = None  # noqa: N815
    tagIds: Ids | None = None  # noqa: N815
    albumIds: Ids | None = None  # noqa: N815
    rating: Rating | None = None
    ocr: Text | None = None
    withDeleted: StrictBool | None = None  # noqa: N815
    withExif: StrictBool | None = None  # noqa: N815
    size: Size | None = None
    page: Page | None = None
    filter: dict[str, Any] | None = None


class SmartSearchRequest(SearchFilters):
    """`SmartSearchDto`."""

    query: TrimmedText | None = None
    queryAssetId: UUID4 | None = None  # noqa: N815
    language: Text | None = None


class OcrSearchRequest(SearchFilters):
    """Ours: photos by the text in them alone. `ocr` is the query."""

    language: Text | None = None


class MetadataSearchRequest(SearchFilters):
    """`MetadataSearchDto`."""

    id: UUID4 | None = None
    description: TrimmedText | None = None
    checksum: Text | None = None
    originalFileName: TrimmedText | None = None  # noqa: N815
    originalPath: Text | None = None  # noqa: N815
    previewPath: Text | None = None  # noqa: N815
    thumbnailPath: Text | None = None  # noqa: N815
    encodedVideoPath: Text | None = None  # noqa: N815
    order: Literal["asc", "desc"] | None = None
    withStacked: StrictBool | None = None  # noqa: N815
    withPeople: StrictBool | None = None  # noqa: N815
