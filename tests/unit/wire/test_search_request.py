from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from allinone.wire.search_request import MAX_TEXT, SmartSearchRequest


@given(st.text(alphabet=st.characters(), max_size=50))
def test_every_text_becomes_one_that_can_be_stored(text):
    query = SmartSearchRequest.model_validate({"query": text}).query
    assert "\x00" not in query
    assert query.encode().decode() == query
    kept = "".join(" " if char == "\x00" or "\ud800" <= char <= "\udfff" else char for char in text)
    assert query.strip() == kept.strip()


def test_half_of_a_surrogate_pair_becomes_a_blank():
    assert SmartSearchRequest.model_validate({"query": "a\ud83db"}).query == "a b"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-01-31T10:00:00.000Z", datetime(2024, 1, 31, 10, tzinfo=UTC)),
        ("2024-01-31T10:00:00+08:00", datetime(2024, 1, 31, 2, tzinfo=UTC)),
        ("2024-01-31T10:00:00", datetime(2024, 1, 31, 10, tzinfo=UTC)),
        ("2024-01-31", datetime(2024, 1, 31, tzinfo=UTC)),
    ],
)
def test_moments_are_utc(text, moment):
    assert SmartSearchRequest.model_validate({"takenAfter": text}).takenAfter == moment


@pytest.mark.parametrize(
    "body",
    [
        {"takenAfter": "2024-13-01"},
        {"takenAfter": "0001-01-01T00:00:00+14:00"},
        {"takenAfter": 1700000000},
        {"query": "x" * (MAX_TEXT + 1)},
        {"page": True},
        {"page": 1.0},
        {"page": "1"},
        {"size": 1001},
        {"rating": 0},
        {"filter": []},
        {"queryAssetId": "00000000-0000-0000-0000-000000000000"},
        {"visibility": "secret"},
    ],
)
def test_what_immich_refuses_is_refused(body):
    with pytest.raises(ValidationError):
        SmartSearchRequest.model_validate(body)


def test_fields_of_later_versions_are_ignored():
    assert SmartSearchRequest.model_validate({"query": "x", "cursor": {"a": 1}}).query == "x"
