"""Photos of the library in Immich's shapes."""

import base64
import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from allinone.library.store import LibraryAsset
from allinone.wire.asset import AssetOcrResponse, AssetResponse, ExifResponse
from allinone.wire.ocr import OcrLine


def asset_answer(asset: LibraryAsset, *, with_exif: bool) -> AssetResponse:
    """`AssetResponseDto`. A folder knows no albums, people or favourites: those say no."""
    answer = AssetResponse(
        id=asset.id,
        type=asset.kind,
        thumbhash=None,
        originalMimeType=asset.media_type,
        localDateTime=moment(asset.taken_at),
        duration=asset.duration_ms,
        livePhotoVideoId=None,
        hasMetadata=True,
        width=asset.width,
        height=asset.height,
        createdAt=moment(asset.created_at),
        ownerId=asset.library_id,
        libraryId=asset.library_id,
        originalPath=asset.shown_path,
        originalFileName=asset.file_name,
        fileCreatedAt=moment(asset.file_created_at),
        fileModifiedAt=moment(asset.file_modified_at),
        updatedAt=moment(asset.updated_at),
        isFavorite=False,
        isArchived=False,
        isTrashed=False,
        isOffline=False,
        visibility="timeline",
        tags=[],
        people=[],
        checksum=base64.b64encode(asset.checksum).decode("ascii"),
        stack=None,
        duplicateId=None,
        resized=True,
        isEdited=False,
    )
    if with_exif:
        answer.exifInfo = _exif_answer(asset)
    return answer


def _exif_answer(asset: LibraryAsset) -> ExifResponse:
    return ExifResponse(
        make=asset.make,
        model=asset.model,
        exifImageWidth=asset.width,
        exifImageHeight=asset.height,
        fileSizeInByte=asset.size_bytes,
        orientation=None,
        dateTimeOriginal=moment(asset.taken_at),
        modifyDate=moment(asset.file_modified_at),
        timeZone=None,
        lensModel=asset.lens_model,
        fNumber=None,
        focalLength=None,
        iso=None,
        exposureTime=None,
        latitude=asset.latitude,
        longitude=asset.longitude,
        city=None,
        state=None,
        country=None,
        description="",
        projectionType=None,
        rating=None,
    )


def ocr_answer(asset_id: UUID, lines: Iterable[OcrLine]) -> list[AssetOcrResponse]:
    """`AssetOcrResponseDto` of each line, in the order given."""
    return [_line_answer(asset_id, number, line) for number, line in enumerate(lines)]


def _line_answer(asset_id: UUID, number: int, line: OcrLine) -> AssetOcrResponse:
    x1, y1, x2, y2, x3, y3, x4, y4 = line.box
    return AssetOcrResponse(
        id=_line_id(asset_id, number, line.text),
        assetId=asset_id,
        text=line.text,
        boxScore=line.box_score,
        textScore=line.text_score,
        x1=x1,
        y1=y1,
        x2=x2,
        y2=y2,
        x3=x3,
        y3=y3,
        x4=x4,
        y4=y4,
    )


def _line_id(asset_id: UUID, number: int, text: str) -> UUID:
    """Always the same for the same line of the same photo, in the form of a version 4."""
    digest = hashlib.sha256(asset_id.bytes + number.to_bytes(4, "big") + text.encode("utf-8", "replace")).digest()
    return UUID(bytes=digest[:16], version=4)


def moment(time: datetime) -> str:
    """As JavaScript writes it: UTC with milliseconds. A time without a zone stays what it says."""
    aware = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    return aware.isoformat(timespec="milliseconds").replace("+00:00", "Z")
