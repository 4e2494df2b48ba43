from datetime import UTC, datetime
from uuid import UUID

import pytest

from allinone.errors import InvalidRequest
from allinone.extension.search_filters import asset_filters
from allinone.library.filters import AssetFilters
from allinone.wire.search_request import MetadataSearchRequest, SmartSearchRequest

LIBRARY = UUID("7d0c5c8f-5b1e-4a0e-9b56-0d1f4f0a8a11")


def smart(**body):
    return asset_filters(LIBRARY, SmartSearchRequest.model_validate(body))


def metadata(**body):
    return asset_filters(LIBRARY, MetadataSearchRequest.model_validate(body))


def test_no_filters_ask_for_nothing():
    assert smart(query="x") == AssetFilters(LIBRARY)
    empty = {"city": "", "make": "", "personIds": [], "albumIds": [], "visibility": "timeline", "isFavorite": False}
    assert smart(**empty) == AssetFilters(LIBRARY)
    assert smart(libraryId=str(LIBRARY)) == AssetFilters(LIBRARY)


def test_null_means_has_none_where_it_was_sent():
    assert smart(make=None, lensModel=None).empty == {"make", "lens_model"}
    assert smart(city=None, rating=None, tagIds=None) == AssetFilters(LIBRARY)


def test_both_kinds_of_time_filter_hold_together():
    body = {
        "takenAfter": "2024-01-01T00:00:00.000Z",
        "takenBefore": "2024-12-31T00:00:00.000Z",
        "filter": {"takenAt": {"gte": "2024-03-01T08:00:00+08:00", "lt": "2025-01-01T00:00:00.000Z"}},
    }
    filters = smart(**body)
    assert filters.taken_after == datetime(2024, 3, 1, tzinfo=UTC)
    assert filters.taken_before == datetime(2024, 12, 31, tzinfo=UTC)


def test_checksums_are_read_in_both_forms():
    digest = bytes(range(20))
    assert metadata(checksum=digest.hex()).checksum == digest
    assert metadata(checksum="AAECAwQFBgcICQoLDA0ODxAREhM=").checksum == digest
    with pytest.raises(InvalidRequest, match="checksum"):
        metadata(checksum="票")


def test_contradictions_find_nothing():
    assert smart(type="IMAGE", filter={"type": {"eq": "VIDEO"}}).impossible
    assert smart(isFavorite=True, filter={"visibility": {"eq": "timeline"}}).impossible
    assert smart(filter={"hasPeople": {"eq": True}, "hasTags": {"eq": False}}).impossible


def test_conditions_that_are_always_true_change_nothing():
    always = {"hasAlbums": {"eq": False}, "personIds": {"none": ["x"]}, "visibility": {"eq": "timeline"}}
    assert smart(filter=always) == AssetFilters(LIBRARY)


@pytest.mark.parametrize(
    "condition",
    [
        {"id": {"eq": 5}},
        {"id": {"eq": None}},
        {"type": {"eq": "PAINTING"}},
        {"type": {"in": ["IMAGE"]}},
        {"or": [{"type": {"eq": "IMAGE"}}]},
        {"or": {"type": "IMAGE"}},
        {"takenAt": {"eq": "2024-01-01T00:00:00Z"}},
        {"takenAt": "2024"},
        {"isFavorite": {"eq": "no"}},
        {"": {"": ""}},
    ],
)
def test_what_is_not_understood_is_never_taken_for_no_filter(condition):
    with pytest.raises(InvalidRequest, match="filter"):
        smart(filter=condition)


def test_structured_texts_hold_only_what_a_database_can_hold():
    bare = {"make": {"eq": "Ca\0non"}, "lensModel": {"eq": "\ud800"}, "originalFileName": {"like": "%a\0b%"}}
    filters = smart(filter=bare)
    assert (filters.make, filters.lens_model, filters.original_file_name) == ("Ca non", " ", "a b")
    with pytest.raises(InvalidRequest, match=r"filter\.make\.eq"):
        smart(filter={"make": {"eq": "a" * 10_001}})
