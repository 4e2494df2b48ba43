"""Immich's answers, made of its rows."""

import base64
import mimetypes
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

EXIF = (
    "make", "model", "exifImageWidth", "exifImageHeight", "fileSizeInByte", "orientation", "dateTimeOriginal",
    "modifyDate", "timeZone", "lensModel", "fNumber", "focalLength", "iso", "exposureTime", "latitude", "longitude",
    "city", "state", "country", "description", "projectionType", "rating",
)  # fmt: skip


def moment(value: datetime | None) -> str | None:
    """As JavaScript writes it."""
    if value is None:
        return None
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def asset_answer(row: Mapping[str, Any], user: UUID, *, exif: bool) -> dict[str, Any]:
    """`AssetResponseDto` of a row of `asset` joined with `asset_exif` (its columns start with exif_)."""
    answer: dict[str, Any] = {
        "id": str(row["id"]),
        "createdAt": moment(row["createdAt"]),
        "ownerId": str(row["ownerId"]),
        "libraryId": row["libraryId"] and str(row["libraryId"]),
        "type": row["type"],
        "originalPath": row["originalPath"],
        "originalFileName": row["originalFileName"],
        "originalMimeType": mimetypes.guess_type(row["originalFileName"])[0],
        "thumbhash": row["thumbhash"] and base64.b64encode(row["thumbhash"]).decode(),
        "fileCreatedAt": moment(row["fileCreatedAt"]),
        "fileModifiedAt": moment(row["fileModifiedAt"]),
        "localDateTime": moment(row["localDateTime"]),
        "updatedAt": moment(row["updatedAt"]),
        "isFavorite": row["ownerId"] == user and row["isFavorite"],
        "isArchived": row["visibility"] == "archive",
        "isTrashed": row["deletedAt"] is not None,
        "visibility": row["visibility"],
        "duration": row["duration"],
        "livePhotoVideoId": row["livePhotoVideoId"] and str(row["livePhotoVideoId"]),
        "people": [],
        "checksum": base64.b64encode(row["checksum"]).decode(),
        "isOffline": row["isOffline"],
        "hasMetadata": True,
        "duplicateId": row["duplicateId"] and str(row["duplicateId"]),
        "resized": True,
        "width": row["width"],
        "height": row["height"],
        "isEdited": row["isEdited"],
    }
    if exif:
        answer["exifInfo"] = {name: exif_value(row[f"exif_{name}"]) for name in EXIF}
    return answer


def exif_value(value: Any) -> Any:
    """As JSON has it."""
    return moment(value) if isinstance(value, datetime) else value


def search_answer(items: Sequence[dict[str, Any]], next_page: str | None) -> dict[str, Any]:
    """`SearchResponseDto`."""
    return {
        "albums": {"total": 0, "count": 0, "items": [], "facets": []},
        "assets": {
            "total": len(items),
            "count": len(items),
            "items": list(items),
            "facets": [],
            "nextPage": next_page,
        },
    }


def user_answer(row: Mapping[str, Any]) -> dict[str, Any]:
    """`UserResponseDto`."""
    return {
        "id": str(row["id"]),
        "email": row["email"],
        "name": row["name"],
        "profileImagePath": row["profileImagePath"],
        "avatarColor": row["avatarColor"] or "primary",
        "profileChangedAt": moment(row["profileChangedAt"]),
    }


def admin_answer(row: Mapping[str, Any]) -> dict[str, Any]:
    """`UserAdminResponseDto`."""
    return user_answer(row) | {
        "storageLabel": row["storageLabel"],
        "shouldChangePassword": False,
        "isAdmin": row["isAdmin"],
        "createdAt": moment(row["createdAt"]),
        "deletedAt": moment(row["deletedAt"]),
        "updatedAt": moment(row["updatedAt"]),
        "oauthId": "",
        "quotaSizeInBytes": None,
        "quotaUsageInBytes": 0,
        "status": "active",
        "license": None,
    }
