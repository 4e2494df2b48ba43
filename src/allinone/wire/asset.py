"""Immich's shape of an asset, its EXIF data and its recognised lines (v3.1.0).

Fields that Immich leaves out where it knows nothing have a default here and are left out as well: answers are
written with `exclude_unset`.
"""

from typing import Annotated, Any, Literal

from pydantic import UUID4, BaseModel, Field, StringConstraints

DateTimeText = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
"""UTC with milliseconds, as JavaScript writes it."""

AssetType = Literal["IMAGE", "VIDEO", "AUDIO", "OTHER"]
Visibility = Literal["archive", "timeline", "hidden", "locked"]
NotNegative = Annotated[int, Field(ge=0)]


class ExifResponse(BaseModel):
    """`ExifResponseDto`."""

    make: str | None
    model: str | None
    exifImageWidth: NotNegative | None  # noqa: N815 — Immich's name, as are all below
    exifImageHeight: NotNegative | None  # noqa: N815
    fileSizeInByte: NotNegative | None  # noqa: N815
    orientation: str | None
    dateTimeOriginal: DateTimeText | None  # noqa: N815
    modifyDate: DateTimeText | None  # noqa: N815
    timeZone: str | None  # noqa: N815
    lensModel: str | None  # noqa: N815
    fNumber: float | None  # noqa: N815
    focalLength: float | None  # noqa: N815
    iso: int | None
    exposureTime: str | None  # noqa: N815
    latitude: float | None
    longitude: float | None
    city: str | None
    state: str | None
    country: str | None
    description: str | None
    projectionType: str | None  # noqa: N815
    rating: Annotated[int, Field(ge=1, le=5)] | None


class AssetResponse(BaseModel):
    """`AssetResponseDto`."""

    id: UUID4
    type: AssetType
    thumbhash: str | None
    originalMimeType: str = ""  # noqa: N815
    localDateTime: DateTimeText  # noqa: N815
    duration: NotNegative | None
    livePhotoVideoId: UUID4 | None = None  # noqa: N815
    hasMetadata: bool  # noqa: N815
    width: NotNegative | None
    height: NotNegative | None
    createdAt: DateTimeText  # noqa: N815
    ownerId: UUID4  # noqa: N815
    owner: dict[str, Any] = Field(default_factory=dict)
    libraryId: UUID4 | None = None  # noqa: N815
    originalPath: str  # noqa: N815
    originalFileName: str  # noqa: N815
    fileCreatedAt: DateTimeText  # noqa: N815
    fileModifiedAt: DateTimeText  # noqa: N815
    updatedAt: DateTimeText  # noqa: N815
    isFavorite: bool  # noqa: N815
    isArchived: bool  # noqa: N815
    isTrashed: bool  # noqa: N815
    isOffline: bool  # noqa: N815
    visibility: Visibility
    exifInfo: ExifResponse | None = None  # noqa: N815
    tags: list[dict[str, Any]] = []
    people: list[dict[str, Any]] = []
    checksum: str
    stack: dict[str, Any] | None = None
    duplicateId: UUID4 | None = None  # noqa: N815
    resized: bool = True
    isEdited: bool  # noqa: N815


class AssetOcrResponse(BaseModel):
    """`AssetOcrResponseDto`: one line; corners 0..1 of width and height."""

    id: UUID4
    assetId: UUID4  # noqa: N815
    text: str
    boxScore: float  # noqa: N815
    textScore: float  # noqa: N815
    x1: float
    y1: float
    x2: float
    y2: float
    x3: float
    y3: float
    x4: float
    y4: float
