"""A search as a client of Immich's sent it: what we need to understand of it, and all the rest to pass on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from allinone.errors import InvalidRequest
from allinone.http.json_body import parse as parse_json
from allinone.search.query import ParsedQuery, parse
from allinone.wire.search_request import MAX_TEXT

DEFAULT_SIZE = 100
MOST_SIZE = 1000
OURS = ("query", "queryAssetId", "language", "page", "size", "cursor", "order", "orderBy")
"""Fields that are no filters, or have no meaning when single assets are looked up."""
PLAIN = frozenset({"visibility", "withExif"})
"""Filters that the shelves answer already, or that filter nothing."""


@dataclass(frozen=True, slots=True)
class SearchBody:
    """One page of one search.

    Attributes:
        document: as sent.
        query: what to look for, parsed.
        text_only: look at the text in photos only.
        language: as sent.
        page: counts from 1.
        size: photos a page.
    """

    document: Mapping[str, Any] = field(repr=False)
    query: ParsedQuery
    typed: str
    text_only: bool
    language: str | None
    page: int
    size: int

    @property
    def filters(self) -> dict[str, Any]:
        """Everything but the query and the page."""
        return {name: value for name, value in self.document.items() if name not in OURS}

    @property
    def narrowed(self) -> bool:
        """Whether filters leave out photos that our index knows nothing about."""
        return bool(self.filters.keys() - PLAIN)

    @property
    def key(self) -> str:
        """The same for all pages of one search."""
        rest = {name: value for name, value in self.document.items() if name != "page"}
        return json.dumps([self.text_only, rest], sort_keys=True, ensure_ascii=False)


def smart_body(raw: bytes) -> SearchBody | None:
    """A body of `search/smart`; None where Immich itself is to answer: mistakes, and searches without words."""
    document = _object(raw)
    if document is None:
        return None
    typed, language = document.get("query"), document.get("language")
    if not isinstance(typed, str) or not typed.strip() or len(typed) > MAX_TEXT or "\0" in typed:
        return None
    if not (language is None or isinstance(language, str)) or ("language" in document and language is None):
        return None
    query = parse(typed)
    if not query.parts and not query.picture_text.strip():
        return None
    if query.text_only and not query.parts:
        return None
    return _body(document, query, typed, text_only=query.text_only)


def ocr_body(raw: bytes) -> SearchBody | Literal["empty"] | None:
    """A body of our own `search/ocr`; "empty" without words to look for; None where Immich is to name the mistake."""
    document = _object(raw)
    if document is None:
        return None
    typed = document.get("ocr")
    query = parse(typed) if isinstance(typed, str) else None
    if query is None or not query.parts or not isinstance(typed, str):
        return "empty"
    rest = {name: value for name, value in document.items() if name not in ("ocr", "query", "queryAssetId")}
    return _body(rest, query, typed, text_only=True)


def _body(document: dict[str, Any], query: ParsedQuery, typed: str, *, text_only: bool) -> SearchBody | None:
    page, size = document.get("page", 1), document.get("size", DEFAULT_SIZE)
    if not _whole(page) or page < 1 or not _whole(size) or not 1 <= size <= MOST_SIZE:
        return None
    return SearchBody(document, query, typed, text_only, document.get("language"), page, size)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        document = parse_json(raw)
    except InvalidRequest:
        return None
    return document if isinstance(document, dict) else None
