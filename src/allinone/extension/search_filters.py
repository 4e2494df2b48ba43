"""Immich's search filters as questions to a folder.

Three kinds: what a folder knows is asked; what it can never have (albums, people, favourites) finds nothing,
as it does in an Immich without any; a condition that is not understood here is refused by name, so that an
unfiltered answer is never taken for a filtered one.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from allinone.errors import InvalidRequest
from allinone.library.filters import AssetFilters, EmptyField
from allinone.wire.search_request import MetadataSearchRequest, Moment, SearchFilters, Text

_HAS_NONE = ("isEncoded", "isFavorite", "isMotion", "isOffline")  # true finds nothing
_NEVER_SET = (
    "personIds", "tagIds", "albumIds", "trashedBefore", "trashedAfter", "city", "state", "country", "rating",
)  # fmt: skip
_NEVER_SET_METADATA = ("description", "previewPath", "thumbnailPath", "encodedVideoPath")
_moment: TypeAdapter[datetime] = TypeAdapter(Moment)
_words: TypeAdapter[str] = TypeAdapter(Text)


def asset_filters(library_id: UUID, body: SearchFilters) -> AssetFilters:
    """The filters of `body` for the photos of `library_id`.

    Raises:
        InvalidRequest: a condition in `filter` that is malformed or not understood here.
    """
    filters = AssetFilters(
        library_id=library_id,
        kind=body.type if body.type in ("IMAGE", "VIDEO") else None,
        taken_after=body.takenAfter,
        taken_before=body.takenBefore,
        created_after=body.createdAfter,
        created_before=body.createdBefore,
        updated_after=body.updatedAfter,
        updated_before=body.updatedBefore,
        make=body.make or None,
        model=body.model or None,
        lens_model=body.lensModel or None,
        empty=frozenset(_sent_null(body)),
        impossible=_asks_for_what_no_folder_has(library_id, body),
    )
    if isinstance(body, MetadataSearchRequest):
        filters = _with_metadata(filters, body)
    return _with_structured(filters, body.filter) if body.filter else filters


def _sent_null(body: SearchFilters) -> list[EmptyField]:
    names: dict[str, EmptyField] = {"make": "make", "model": "model", "lensModel": "lens_model"}
    return [ours for name, ours in names.items() if name in body.model_fields_set and getattr(body, name) is None]


def _asks_for_what_no_folder_has(library_id: UUID, body: SearchFilters) -> bool:
    never = _NEVER_SET + (_NEVER_SET_METADATA if isinstance(body, MetadataSearchRequest) else ())
    return (
        any(getattr(body, name) is True for name in _HAS_NONE)
        or any(getattr(body, name) for name in never)
        or body.visibility not in (None, "timeline")
        or body.type in ("AUDIO", "OTHER")
        or body.libraryId not in (None, library_id)
    )


def _with_metadata(filters: AssetFilters, body: MetadataSearchRequest) -> AssetFilters:
    return replace(
        filters,
        id=body.id,
        original_file_name=body.originalFileName or None,
        original_path=body.originalPath or None,
        checksum=_checksum(body.checksum) if body.checksum else None,
    )


def _checksum(text: str) -> bytes:
    try:
        return bytes.fromhex(text) if len(text) == 40 else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        message = "checksum must be a SHA-1 in hexadecimal or base64"
        raise InvalidRequest(message) from error


def _with_structured(filters: AssetFilters, branch: Mapping[str, Any]) -> AssetFilters:
    for field, condition in branch.items():
        if not isinstance(condition, dict):
            if field == "or":
                raise _not_understood("or")
            message = f"filter.{field} must be an object"
            raise InvalidRequest(message)
        for operator, value in condition.items():
            filters = _apply(filters, field, operator, value)
    return filters


def _apply(filters: AssetFilters, field: str, operator: str, value: Any) -> AssetFilters:
    rule = _RULES.get((field, operator))
    if rule is not None:
        try:
            return rule(filters, value)
        except (ValueError, TypeError, ValidationError) as error:
            message = f"filter.{field}.{operator} cannot be {str(value)[:80]!r}"
            raise InvalidRequest(message) from error
    if field in _FLAGS and operator == "eq" and isinstance(value, bool):
        return replace(filters, impossible=filters.impossible or value)
    if field in _COLLECTIONS and operator in ("any", "all"):
        return replace(filters, impossible=True)
    if field in _COLLECTIONS and operator == "none":
        return filters
    raise _not_understood(f"{field}.{operator}")


def _not_understood(name: str) -> InvalidRequest:
    return InvalidRequest(f"filter.{name} is not understood when searching a folder without Immich")


Rule = Callable[[AssetFilters, Any], AssetFilters]

_FLAGS = frozenset({*_HAS_NONE, "hasAlbums", "hasPeople", "hasTags"})
_COLLECTIONS = frozenset({"personIds", "tagIds", "albumIds"})


def _text(value: Any) -> str:
    return _words.validate_python(value)


def _kind(filters: AssetFilters, value: Any) -> AssetFilters:
    wanted = _text(value)
    if wanted in ("IMAGE", "VIDEO") and filters.kind in (None, wanted):
        return replace(filters, kind="IMAGE" if wanted == "IMAGE" else "VIDEO")
    if wanted not in ("IMAGE", "VIDEO", "AUDIO", "OTHER"):
        raise ValueError
    return replace(filters, impossible=True)


def _id(filters: AssetFilters, value: Any) -> AssetFilters:
    return replace(filters, id=UUID(_text(value)))


def _visibility(filters: AssetFilters, value: Any) -> AssetFilters:
    return replace(filters, impossible=filters.impossible or _text(value) != "timeline")


def _name(filters: AssetFilters, value: Any) -> AssetFilters:
    return replace(filters, original_file_name=_text(value).strip("%"))


def _camera(name: EmptyField) -> Rule:
    def rule(filters: AssetFilters, value: Any) -> AssetFilters:
        if value is None:
            return replace(filters, empty=filters.empty | {name})
        changes: dict[str, Any] = {name: _text(value)}
        return replace(filters, **changes)

    return rule


def _bound(name: str, stricter: Callable[[datetime, datetime], datetime]) -> Rule:
    """One end of a span of time; where it is given twice, the stricter one holds."""

    def rule(filters: AssetFilters, value: Any) -> AssetFilters:
        moment = _moment.validate_python(value)
        changes: dict[str, Any] = {name: stricter(getattr(filters, name) or moment, moment)}
        return replace(filters, **changes)

    return rule


_RULES: dict[tuple[str, str], Rule] = {
    ("type", "eq"): _kind,
    ("id", "eq"): _id,
    ("visibility", "eq"): _visibility,
    ("originalFileName", "like"): _name,
    **{
        (field, operator): _bound(f"{column}_{suffix}", stricter)
        for field, column in (("takenAt", "taken"), ("createdAt", "created"), ("updatedAt", "updated"))
        for operator, suffix, stricter in (
            ("gt", "after", max),
            ("gte", "after", max),
            ("lt", "before", min),
            ("lte", "before", min),
        )
    },
    **{
        (field, "eq"): _camera(name)
        for field, name in zip(("make", "model", "lensModel"), get_args(EmptyField), strict=True)
    },
}
