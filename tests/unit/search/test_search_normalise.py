import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allinone.search.characters import fold, fold_all
from allinone.search.highlight import highlight, matched_lines
from allinone.search.match import Matcher
from allinone.search.normalise import fold_with_offsets
from allinone.search.query import parse
from unit.search.papers import document_of, paper

TEXT = st.text(
    st.one_of(st.characters(), st.sampled_from("ﬁﬀ㍿①Ａａ發发票臺é̈が\u3099ｶﾞİßǅ\u200b\0\ud800　")), max_size=60
)


@pytest.mark.parametrize(
    ("original", "folded"),
    [
        ("統一發票", "统一发票"),
        ("ＡＢＣ１２３", "abc123"),
        ("ﬁn", "fin"),
        ("Straße", "strasse"),
        ("Cafe\u0301", "cafe"),
        ("Café", "cafe"),
        ("臺灣", "台湾"),
        ("說説为為爲", "说说为为为"),
        ("①㍿", "1株式会社"),
        ("ｶﾞ", "カ"),
        ("ガ", "カ"),
        ("한글", "한글"),
        ("a\u200bb", "ab"),
        ("a\0b\tc", "a b c"),
        ("⼈", "人"),
    ],
)
def test_folding(original: str, folded: str):
    assert fold(original) == folded


@given(st.lists(TEXT, max_size=8))
def test_folding_many_is_folding_each(texts: list[str]):
    assert fold_all(texts) == [fold(text) for text in texts]


@given(TEXT)
def test_folding_twice_changes_nothing(text: str):
    assert fold(fold(text)) == fold(text)


@given(TEXT, TEXT)
def test_folding_does_not_look_at_neighbours(first: str, second: str):
    assert fold(first + second) == fold(first) + fold(second)


@given(st.text(st.characters(max_codepoint=0x24F)))
def test_composed_and_decomposed_are_alike(text: str):
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@given(TEXT)
def test_folded_text_can_be_stored(text: str):
    folded = fold(text)
    assert "\0" not in folded
    assert folded.encode().decode() == folded
    assert folded.count("\n") == text.count("\n")


@given(TEXT, st.integers(0, 80), st.integers(0, 80))
def test_spans_stay_inside_the_original(text: str, start: int, end: int):
    folded = fold_with_offsets(text)
    assert folded.text == fold(text)
    assert len(folded.origins) == len(folded.text)
    begin, stop = folded.span(start, end)
    assert 0 <= begin <= stop <= len(text)


@given(TEXT, st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), max_size=6))
def test_highlights_ascend_inside_the_text(text: str, places: list[tuple[int, int]]):
    spans = highlight(text, places)
    flat = [position for span in spans for position in span]
    assert flat == sorted(flat)
    assert all(0 <= start < end <= len(text) for start, end in spans)


@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        ("发票", "電子發票證明聯", ["發票"]),
        ("abc123", "號碼ＡＢＣ１２３", ["ＡＢＣ１２３"]),
        ("統一發票", "統 一 發 票", ["統 一 發 票"]),
        ("1234", "NT$ 1,234", ["1,234"]),
        ("cafe", "Un cafe\u0301 noir", ["cafe\u0301"]),
        ("fin", "the ﬁnal", ["ﬁn"]),
        ("票", "票與票", ["票", "票"]),
        ("總計 560", "合計 560 總計", ["560", "總計"]),
        ("統一發票", "第統一癸票聯", ["統一癸票"]),
        ("paracetmol", "Take Paracetamol now", ["Paracetamol"]),
        ("2024-05-01", "日期 2024/05/01", ["2024/05/01"]),
    ],
)
def test_what_is_highlighted(query: str, text: str, marked: list[str]):
    lines = paper(text)
    matcher, document = Matcher(parse(query)), document_of(lines)
    match = matcher.match(document)
    assert match is not None
    [line] = matched_lines(lines, matcher.places(document, match))
    assert [line.text[start:end] for start, end in line.spans] == marked
