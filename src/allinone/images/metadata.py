"""What a file says about the picture: when, with what, where. It may lie; what cannot be true is None."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from av import time_base
from PIL import ExifTags

from allinone.errors import ImageError
from allinone.images.formats import HEAD_BYTES, VIDEO_TYPES, identify
from allinone.images.photo import Limits
from allinone.images.still import open_still
from allinone.images.video import open_video

_log = logging.getLogger(__name__)

_UNLIMITED = Limits(pixels=1 << 62)  # no pixel is decoded here
_EARLIEST = 1826  # the first photograph
_LONGEST_NAME = 200
_DATE = re.compile(r"(\d{4})\D(\d{2})\D(\d{2})\D(\d{2})\D(\d{2})(?:\D(\d{2}))?")
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})$")
_PLACE = re.compile(r"([+-]\d{1,2}(?:\.\d+)?)([+-]\d{1,3}(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class PhotoMetadata:
    """What a file says about its picture. None: it does not say, or cannot be believed.

    Attributes:
        taken_at: local time where it was taken, naive.
        utc_offset_minutes: that place's offset then.
        make, model, lens_model: of the camera.
        latitude, longitude: degrees, WGS 84.
        duration_ms: of a video.
    """

    taken_at: datetime | None = None
    utc_offset_minutes: int | None = None
    make: str | None = None
    model: str | None = None
    lens_model: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    duration_ms: int | None = None


def read_metadata(path: Path) -> PhotoMetadata:
    """What the photo or video says about itself. Odd metadata is left out, never an error.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as stream:
        media_type = identify(stream.read(HEAD_BYTES))
    try:
        return _of_video(path) if media_type in VIDEO_TYPES else _of_still(path)
    except ImageError as error:
        _log.debug("no metadata of %s: %s", path, error)
        return PhotoMetadata()


def _of_still(path: Path) -> PhotoMetadata:
    with open_still(path, _UNLIMITED) as (image, _):
        try:
            exif = image.getexif()
            main: Mapping[int, Any] = dict(exif)
            detail = _directory(exif, ExifTags.IFD.Exif)
            place = _directory(exif, ExifTags.IFD.GPSInfo)
        except Exception:  # noqa: BLE001  # EXIF written by who knows what
            _log.debug("EXIF of %s cannot be read", path, exc_info=True)
            return PhotoMetadata()
    base, inner = ExifTags.Base, {**main, **detail}
    return PhotoMetadata(
        taken_at=_taken_at(inner),
        utc_offset_minutes=_offset(inner.get(base.OffsetTimeOriginal) or inner.get(base.OffsetTime)),
        make=_text(main.get(base.Make)),
        model=_text(main.get(base.Model)),
        lens_model=_text(inner.get(base.LensModel)),
        latitude=_degrees(place, ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, 90),
        longitude=_degrees(place, ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, 180),
    )


def _directory(exif: Any, which: int) -> Mapping[int, Any]:
    try:
        return dict(exif.get_ifd(which))
    except Exception:  # noqa: BLE001  # one damaged directory leaves the others good
        return {}


def _taken_at(tags: Mapping[int, Any]) -> datetime | None:
    base = ExifTags.Base
    for date, fraction in (
        (base.DateTimeOriginal, base.SubsecTimeOriginal),
        (base.DateTimeDigitized, base.SubsecTimeDigitized),
        (base.DateTime, base.SubsecTime),
    ):
        moment = _moment(tags.get(date))
        if moment is not None:
            digits = (_text(tags.get(fraction)) or "").strip()
            if digits.isascii() and digits.isdigit():
                moment = moment.replace(microsecond=int(digits[:6].ljust(6, "0")))
            return moment
    return None


def _moment(value: object) -> datetime | None:
    found = _DATE.match(_text(value) or "")
    if not found:
        return None
    try:
        moment = datetime(*(int(part or 0) for part in found.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return None
    return moment if moment.year >= _EARLIEST else None


def _offset(value: object) -> int | None:
    found = _OFFSET.search(_text(value) or "")
    if not found:
        return None
    minutes = int(found[2]) * 60 + int(found[3])
    return (minutes if found[1] == "+" else -minutes) if minutes < 24 * 60 else None


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return None
    # what stands after a NUL is padding; lone surrogates cannot be stored
    clean = value.split("\x00")[0].encode("utf-8", "replace").decode().strip()
    return clean[:_LONGEST_NAME] if clean and clean.isprintable() else None


def _degrees(place: Mapping[int, Any], which: int, reference: int, most: int) -> float | None:
    try:
        whole, minutes, seconds = (float(part) for part in place[which])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    degrees = whole + minutes / 60 + seconds / 3600
    if (_text(place.get(reference)) or "").upper() in {"S", "W"}:
        degrees = -degrees
    return degrees if -most <= degrees <= most else None  # NaN compares false


def _of_video(path: Path) -> PhotoMetadata:
    with open_video(path) as (container, _):
        tags = {str(key).lower(): str(value) for key, value in container.metadata.items()}
        duration = container.duration
    taken_at, offset = _of_creation(tags)
    latitude, longitude = _iso_6709(tags.get("com.apple.quicktime.location.iso6709") or tags.get("location") or "")
    return PhotoMetadata(
        taken_at=taken_at,
        utc_offset_minutes=offset,
        make=_text(tags.get("com.apple.quicktime.make") or tags.get("make")),
        model=_text(tags.get("com.apple.quicktime.model") or tags.get("model")),
        latitude=latitude,
        longitude=longitude,
        duration_ms=round(duration * 1000 / time_base) if duration and duration > 0 else None,
    )


def _of_creation(tags: Mapping[str, str]) -> tuple[datetime | None, int | None]:
    local = tags.get("com.apple.quicktime.creationdate", "")
    moment = _moment(local)
    if moment is not None:
        return moment, _offset(local)
    moment = _moment(tags.get("creation_time"))
    if moment is None or moment.year <= 1904:  # year 0 of this clock: it was never set
        return None, None
    # this clock runs in UTC and nothing says where it ran: most likely where we do
    here = moment.replace(tzinfo=UTC).astimezone()
    offset = here.utcoffset() or timedelta()
    return here.replace(tzinfo=None), round(offset.total_seconds() / 60)


def _iso_6709(text: str) -> tuple[float | None, float | None]:
    found = _PLACE.match(text)
    if not found:
        return None, None
    latitude, longitude = float(found[1]), float(found[2])
    believable = abs(latitude) <= 90 and abs(longitude) <= 180  # degrees
    return (latitude, longitude) if believable else (None, None)
