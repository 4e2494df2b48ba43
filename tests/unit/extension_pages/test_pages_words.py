"""Facts and reasons, as a person reads them."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from allinone.extension.pages.facts import date_time, duration, file_facts, file_size
from allinone.extension.pages.languages import Language
from allinone.extension.pages.reasons import reasons
from allinone.extension.pages.results import MAX_QUERY, clean_query
from allinone.extension.pages.text_panel import matches, text_panel
from allinone.extension.pages.texts.languages import TEXTS
from allinone.extension.photo_search import PhotoHit
from allinone.library.store import LibraryAsset
from allinone.search.index import MatchedLine, PictureMatch, TextMatch
from allinone.wire.ocr import Box, OcrLine

ENGLISH = TEXTS[Language.ENGLISH]
NOW = datetime(2025, 3, 4, 5, 6, tzinfo=UTC)
ASSET = LibraryAsset(
    id=UUID(int=1),
    library_id=UUID(int=2),
    path=Path("/photos/2025/a.jpg"),
    shown_path="/photos/2025/a.jpg",
    file_name="a.jpg",
    media_type="image/jpeg",
    kind="IMAGE",
    checksum=b"1",
    size_bytes=2_345_678,
    width=4000,
    height=3000,
    taken_at=datetime(2025, 3, 4, 5, 6),  # noqa: DTZ001 — as a camera writes it
    file_created_at=NOW,
    file_modified_at=NOW,
    created_at=NOW,
    updated_at=NOW,
    duration_ms=None,
    make="Kestrel",
    model="K2",
    lens_model=None,
    latitude=None,
    longitude=None,
    ocr_at=NOW,
    clip_at=None,
    clip_model=None,
    failure=None,
)
UPPER: Box = (0.1, 0.1, 0.5, 0.1, 0.5, 0.2, 0.1, 0.2)
LOWER: Box = (0.1, 0.7, 0.5, 0.7, 0.5, 0.8, 0.1, 0.8)


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (999_499, "999 KB"), (999_600, "1.0 MB"), (2_345_678, "2.3 MB"),
     (25_000_000, "25 MB"), (3_200_000_000, "3.2 GB"), (7 * 10**15, "7000 TB")],
)  # fmt: skip
def test_sizes(size: int, said: str) -> None:
    assert file_size(size) == said


@pytest.mark.parametrize(("length", "said"), [(400, "0:00"), (65_000, "1:05"), (3_725_000, "1:02:05")])
def test_lengths(length: int, said: str) -> None:
    assert duration(length) == said


def test_dates_are_written_as_the_language_does() -> None:
    assert date_time(TEXTS[Language.TRADITIONAL], ASSET.taken_at) == "2025年3月4日 05:06"
    assert date_time(ENGLISH, ASSET.taken_at) == "2025-03-04 05:06"


def test_facts_leave_out_what_is_not_known() -> None:
    facts = dict(file_facts(ENGLISH, ASSET))
    assert facts["Folder"] == "/photos/2025"
    assert facts["Camera"] == "Kestrel K2"
    assert facts["Dimensions"] == "4000 × 3000"
    assert "Lens" not in facts
    assert "Length" not in facts
    bare = dict(file_facts(ENGLISH, replace(ASSET, make=None, model=None, width=None, duration_ms=65_000)))
    assert "Camera" not in bare
    assert "Dimensions" not in bare
    assert bare["Length"] == "1:05"


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [("phrase", ENGLISH.kind_phrase), ("all_terms", ENGLISH.kind_all_terms), ("fuzzy", ENGLISH.kind_fuzzy)],
)
def test_the_kind_of_match_is_said_in_words(kind: str, sentence: str) -> None:
    hit = PhotoHit(ASSET, 0.9, TextMatch(0.87, kind, []), None)  # type: ignore[arg-type]
    said = reasons(ENGLISH, hit)
    assert sentence in said
    assert "0.87" in said
    assert ENGLISH.picture_similarity not in said


@pytest.mark.parametrize(
    ("z", "sentence"),
    [(6.0, ENGLISH.picture_strong), (3.5, ENGLISH.picture_fair), (1.0, ENGLISH.picture_weak),
     (None, ENGLISH.picture_plain)],
)  # fmt: skip
def test_the_picture_is_said_in_words(z: float | None, sentence: str) -> None:
    said = reasons(ENGLISH, PhotoHit(ASSET, 0.4, None, PictureMatch(0.3123, z)))
    assert sentence in said
    assert "0.312" in said
    assert (ENGLISH.picture_z in said) is (z is not None)


def test_the_same_words_twice_are_told_apart_by_their_place() -> None:
    lines = [OcrLine("發票", UPPER, 1, 1), OcrLine("發票", LOWER, 1, 1)]
    match = TextMatch(1, "phrase", [MatchedLine("發票", LOWER, 1, [(0, 2)])])
    assert matches(lines, PhotoHit(ASSET, 1, match, None)) == {1: [(0, 2)]}
    assert matches(lines, None) == {}
    assert matches([], PhotoHit(ASSET, 1, match, None)) == {}


def test_a_photo_without_text_says_why() -> None:
    assert ENGLISH.no_text in text_panel(ENGLISH, ASSET, [], {})
    unread = replace(ASSET, ocr_at=None)
    assert "not been read yet" in text_panel(ENGLISH, unread, [], {})
    assert "cut &lt;off" in text_panel(ENGLISH, replace(unread, failure="cut <off"), [], {})


@pytest.mark.parametrize(
    ("typed", "clean"), [("  發票 ", "發票"), ("a\0b", "ab"), ("a\ud800b", "ab"), ("x" * 900, "x" * MAX_QUERY)]
)
def test_a_query_is_what_a_database_can_take(typed: str, clean: str) -> None:
    assert clean_query(typed) == clean
