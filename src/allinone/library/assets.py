"""A photo or video of a library, as others see it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from allinone.library.identity import readable


@dataclass(frozen=True, slots=True)
class LibraryAsset:
    """One distinct content in a library, with one of the files that hold it.

    Attributes:
        path: absolute. Opens the file, whatever bytes its name has; print `shown_path` instead.
        shown_path: `path` as valid Unicode.
        file_name: the file's name as valid Unicode.
        media_type: by content, such as "image/jpeg"; by kind only until the photo has been read.
        checksum: SHA-1 of the content.
        width, height: upright, in pixels; None until it has been read.
        taken_at: local time without a zone; the file's own time where the photo does not say.
        file_created_at, file_modified_at, created_at, updated_at: aware, UTC.
        failure: why it cannot be read.
    """

    id: UUID
    library_id: UUID
    path: Path
    shown_path: str
    file_name: str
    media_type: str
    kind: Literal["IMAGE", "VIDEO"]
    checksum: bytes
    size_bytes: int
    width: int | None
    height: int | None
    taken_at: datetime
    file_created_at: datetime
    file_modified_at: datetime
    created_at: datetime
    updated_at: datetime
    duration_ms: int | None
    make: str | None
    model: str | None
    lens_model: str | None
    latitude: float | None
    longitude: float | None
    ocr_at: datetime | None
    clip_at: datetime | None
    clip_model: str | None
    failure: str | None


_UNREAD = {"IMAGE": "image/jpeg", "VIDEO": "video/mp4"}


def asset_from_row(row: Mapping[str, Any]) -> LibraryAsset:
    """A row of the queries that return assets: all columns by name, and the library's `root`."""
    values = dict(row)
    absolute = os.path.join(values.pop("root"), values.pop("relative_path"))  # noqa: PTH118 — bytes
    return LibraryAsset(
        **values
        | {
            "path": Path(os.fsdecode(absolute)),
            "shown_path": readable(absolute),
            "media_type": values["media_type"] or _UNREAD[values["kind"]],
        }
    )
