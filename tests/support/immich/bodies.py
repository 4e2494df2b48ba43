# ruff: noqa: N815 (Immich's names)
"""What Immich's search bodies may hold (3.1, and `filter` of 3.2), and what it says of the others."""

from typing import Any, Literal

from pydantic import (
    UUID4,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
)

Visibility = Literal["archive", "timeline", "hidden", "locked"]


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Base(_Body):
    """What all searches take. Unknown fields are dropped."""

    libraryId: UUID4 | None = None
    type: Literal["IMAGE", "VIDEO", "AUDIO", "OTHER"] = Field(default=None)  # type: ignore[assignment]
    isEncoded: StrictBool = Field(default=None)  # type: ignore[assignment]
    isFavorite: StrictBool = Field(default=None)  # type: ignore[assignment]
    isMotion: StrictBool = Field(default=None)  # type: ignore[assignment]
    isOffline: StrictBool = Field(default=None)  # type: ignore[assignment]
    visibility: Visibility = Field(default=None)  # type: ignore[assignment]
    createdBefore: AwareDatetime = Field(default=None)  # type: ignore[assignment]
    createdAfter: AwareDatetime = Field(default=None)  # type: ignore[assignment]
    updatedBefore: AwareDatetime = Field(default=None)  # type: ignore[assignment]
    updatedAfter: AwareDatetime = Field(default=None)  # type: ignore[assignment]
    trashedBefore: AwareDatetime = Field(default=None)  # type: ignore[assignment]
    trashedAfter: AwareDatetime = Field(default=None)  # type: ignore[assignment]
    takenBefore: AwareDatetime = Field(default=None)  # type: ignore[assignment]
    takenAfter: AwareDatetime = Field(default=None)  # type: ignore[assignment]
    city: StrictStr | None = None
    state: StrictStr | None = None
    country: StrictStr | None = None
    make: StrictStr | None = None
    model: StrictStr | None = None
    lensModel: StrictStr | None = None
    isNotInAlbum: StrictBool = Field(default=None)  # type: ignore[assignment]
    personIds: list[UUID4] = Field(default=None)  # type: ignore[assignment]
    tagIds: list[UUID4] | None = None
    albumIds: list[UUID4] = Field(default=None)  # type: ignore[assignment]
    rating: StrictInt | None = Field(default=None, ge=1, le=5)
    ocr: StrictStr = Field(default=None)  # type: ignore[assignment]


class Statistics(Base):
    """`StatisticsSearchDto`."""

    description: StrictStr = Field(default=None)  # type: ignore[assignment]


class Random(Base):
    """`RandomSearchDto`."""

    withDeleted: StrictBool = Field(default=None)  # type: ignore[assignment]
    withExif: StrictBool = Field(default=None)  # type: ignore[assignment]
    size: StrictInt = Field(default=None, ge=1, le=1000)  # type: ignore[assignment]
    withStacked: StrictBool = Field(default=None)  # type: ignore[assignment]
    withPeople: StrictBool = Field(default=None)  # type: ignore[assignment]


class Metadata(Random):
    """`MetadataSearchDto`."""

    id: UUID4 = Field(default=None)  # type: ignore[assignment]
    description: StrictStr = Field(default=None)  # type: ignore[assignment]
    checksum: StrictStr = Field(default=None)  # type: ignore[assignment]
    originalFileName: StrictStr = Field(default=None)  # type: ignore[assignment]
    originalPath: StrictStr = Field(default=None)  # type: ignore[assignment]
    order: Literal["asc", "desc"] = Field(default=None)  # type: ignore[assignment]
    page: StrictInt = Field(default=None, ge=1)  # type: ignore[assignment]


class Smart(Base):
    """`SmartSearchDto`."""

    withDeleted: StrictBool = Field(default=None)  # type: ignore[assignment]
    withExif: StrictBool = Field(default=None)  # type: ignore[assignment]
    size: StrictInt = Field(default=None, ge=1, le=1000)  # type: ignore[assignment]
    query: StrictStr = Field(default=None)  # type: ignore[assignment]
    queryAssetId: UUID4 = Field(default=None)  # type: ignore[assignment]
    language: StrictStr = Field(default=None)  # type: ignore[assignment]
    page: StrictInt = Field(default=None, ge=1)  # type: ignore[assignment]


def issues(error: ValidationError) -> list[dict[str, Any]]:
    """The faults as Immich lists them."""
    return [
        {"code": "invalid_type", "path": list(one["loc"]), "message": f"Invalid input: {one['msg']}"}
        for one in error.errors(include_url=False)
    ]
