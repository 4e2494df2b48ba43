"""What a person must find, must not find, and must find further down: each a line of the design."""

import pytest

from allinone.search.match import Matcher, phrase_score
from allinone.search.query import parse
from unit.search.papers import answer, at, document_of, paper

MUST_MATCH = {
    "part of a longer word": ("發票", ["統一發票收執聯"], "phrase"),
    "simplified finds traditional": ("发票", ["電子發票證明聯"], "phrase"),
    "traditional finds simplified": ("發票", ["电子发票"], "phrase"),
    "a single character": ("票", ["統一發票"], "phrase"),
    "full width finds half width": ("ＡＢＣ１２３", ["abc123"], "phrase"),
    "half width finds full width": ("abc123", ["ＡＢＣ１２３"], "phrase"),
    "the beginning of a plate": ("RE16", ["RE16TGK"], "phrase"),
    "part of a number": ("1234", ["AB-12345678"], "phrase"),
    "one wrong character of four, first": ("統一發票", ["続一發票"], "fuzzy"),
    "one wrong character of four, second": ("統一發票", ["統十發票"], "fuzzy"),
    "one wrong character of four, third": ("統一發票", ["統一癸票"], "fuzzy"),
    "one wrong character of four, last": ("統一發票", ["統一發栗"], "fuzzy"),
    "one missing character": ("電子發票證明聯", ["電子發證明聯"], "fuzzy"),
    "one character too many": ("電子發票", ["電子·發·標票"], "fuzzy"),
    "two wrong characters of ten": ("免用統一發票收據存根", ["免用統一癸票收據存恨"], "fuzzy"),
    "a letter missing": ("paracetmol", ["Paracetamol"], "fuzzy"),
    "a letter wrong in six": ("server", ["Servor"], "fuzzy"),
    "a letter too many": ("insurrance", ["INSURANCE"], "fuzzy"),
    "two terms on different lines": ("總計 560", ["總計", "NT$ 560"], "all_terms"),
    "two terms in the other order": ("560 總計", ["總計", "560"], "all_terms"),
    "scripts typed together, apart on paper": ("總計560", ["總計", "NT$ 560"], "all_terms"),
    "typed apart, together on paper": ("總計 560", ["總計560"], "phrase"),
    "typed apart with a mark between": ("總計 560", ["總計：$560"], "phrase"),
    "blanks between the characters": ("統一發票", ["統 一 發 票"], "phrase"),
    "blanks in the query": ("統 一 發 票", ["統一發票"], "phrase"),
    "thousands typed plainly": ("1234", ["NT$ 1,234"], "phrase"),
    "thousands typed with a comma": ("1,234", ["1234元"], "phrase"),
    "an amount behind a currency": ("560", ["$560"], "phrase"),
    "an amount with cents": ("560", ["560.00"], "phrase"),
    "a date with other marks": ("2024-05-01", ["2024/05/01"], "phrase"),
    "a date with points": ("2024/05/01", ["2024.05.01"], "phrase"),
    "a date without marks": ("2024-05-01", ["20240501"], "phrase"),
    "a phone number without marks": ("0912345678", ["0912-345-678"], "phrase"),
    "a phone number in groups": ("0912345678", ["0912 345 678"], "phrase"),
    "the end of a phone number in groups": ("345678", ["0912 345 678"], "phrase"),
    "digits set apart": ("1984", ["機號 1 9 8 4"], "phrase"),
    "brackets inside": ("統一發票三聯式", ["統一發票(三聯式)"], "phrase"),
    "words run together by the recogniser": ("passenger ticket", ["PASSENGERTICKET"], "phrase"),
    "case": ("total", ["TOTAL"], "phrase"),
    "accents": ("cafe", ["Café"], "phrase"),
    "a Taiwanese variant": ("台北", ["臺北車站"], "phrase"),
    "a mixed amount": ("NT$1,234", ["NT$ 1234"], "phrase"),
}


@pytest.mark.parametrize(("query", "texts", "kind"), MUST_MATCH.values(), ids=MUST_MATCH.keys())
def test_must_match(query: str, texts: list[str], kind: str):
    match = answer(query, paper(*texts))
    assert match is not None
    assert match.kind == kind


MUST_NOT_MATCH = {
    "characters of a word strewn about": ("發票", ["購票後開發"]),
    "the word over the end of a sentence": ("發票", ["開發。票券"]),
    "another number": ("12345678", ["12345679"]),
    "another number after letters": ("AB-12345678", ["AB-12345679"]),
    "other letters before a number": ("AB-12345678", ["AC-12345678"]),
    "another year in a long phrase": ("民國113年統一發票", ["民國112年統一發票"]),
    "another amount of two terms": ("總計 560", ["總計", "580"]),
    "another Chinese amount": ("三百元整收訖", ["五百元整收訖"]),
    "another Chinese numeral": ("第三聯收執聯", ["第二聯收執聯"]),
    "a decimal point elsewhere": ("1234", ["12.34"]),
    "cents that are another amount": ("560.00", ["56000"]),
    "a fraction that is no number": ("1/2", ["12"]),
    "a fuzzy word with a digit": ("model123", ["modex123"]),
    "two letters off in six": ("server", ["Sxrvor"]),
    "a short word with a letter off": ("total", ["tota1"]),
    "a quoted word misread": ('"統一發票"', ["統一癸票"]),
    "quoted words that stand apart": ('"總計560"', ["總計", "NT$ 560"]),
    "two characters of three": ("收據單", ["收據"]),
    "one term of two": ("總計 現金", ["總計"]),
    "an excluded word": ("發票 -現金", ["統一發票 現金"]),
    "letters of neighbouring words": ("car", ["Mac Art"]),
    "letters of neighbouring words, all set apart": ("than", ["V I S I T   H A N A"]),
    "digits of neighbouring numbers": ("089", ["2015.12.08 99:85"]),
}


@pytest.mark.parametrize(("query", "texts"), MUST_NOT_MATCH.values(), ids=MUST_NOT_MATCH.keys())
def test_must_not_match(query: str, texts: list[str]):
    assert answer(query, paper(*texts)) is None


RANKS_BELOW = {
    "a word inside another, a word": ("car", "gift card", "a true car"),
    "the middle of a word, its beginning": ("car", "scarf", "card"),
    "part of a number, the number": ("560", "1560", "$560.00"),
    "the rest of a large number, the number": ("560", "1,560", "560"),
    "thousands of a number, the number": ("560", "560,000", "560"),
    "misread, read well": ("電子發票", "電子癸票", "電子發票"),
    "all terms, the phrase": ("總計 現金", "現金 總計", "總計 現金"),
    "misread, all terms": ("統一發票 現金", "統一癸票 現金", "現金 統一發票"),
}


@pytest.mark.parametrize(("query", "lower", "higher"), RANKS_BELOW.values(), ids=RANKS_BELOW.keys())
def test_ranks_below(query: str, lower: str, higher: str):
    below, above = answer(query, paper(lower)), answer(query, paper(higher))
    assert below is not None
    assert above is not None
    assert below.score < above.score


def test_a_phrase_scores_what_its_line_is_sure_of():
    lines = [*paper("統一發票", score=0.9), at("別的", 0.1, 0.9, 0.1, 0.02, 0.2)]
    match = answer("發票", lines)
    assert match is not None
    assert match.score == pytest.approx(0.9, abs=1e-5)


@pytest.mark.parametrize(
    ("query", "texts", "least", "most"),
    [
        ("發票", ["統一發票"], 1.0, 1.0),
        ("現金 發票", ["發票", "現金"], 0.8, 0.9),
        ("統一發票", ["統一癸票"], 0.5, 0.8),
        ("paracetmol", ["paracetamol"], 0.5, 0.8),
    ],
)
def test_classes_keep_their_bounds(query: str, texts: list[str], least: float, most: float):
    match = answer(query, paper(*texts))
    assert match is not None
    assert least <= match.score <= most


def test_a_phrase_over_two_boxes_side_by_side():
    lines = [at("統一發", 0.1, 0.1, 0.09, 0.03), at("票收執聯", 0.2, 0.1, 0.12, 0.03)]
    match = answer("發票", lines)
    assert match is not None
    assert match.kind == "phrase"
    assert {place.line for place in match.places} == {0, 1}


def test_a_phrase_over_two_lines_one_under_the_other():
    lines = [at("電子發", 0.1, 0.1, 0.09, 0.03), at("票證明", 0.1, 0.14, 0.09, 0.03)]
    match = answer("電子發票", lines)
    assert match is not None
    assert match.kind == "phrase"


def test_a_phrase_goes_on_in_the_line_below_only_where_there_was_no_room_for_it():
    full, short = at("我們明天下午在車", 0.1, 0.1, 0.24, 0.03), at("明天開會", 0.1, 0.1, 0.12, 0.03)
    below = at("站見面然後去吃飯", 0.1, 0.14, 0.24, 0.03)
    assert answer("車站見面", [full, below]) is not None
    assert answer("開會站見", [short, below]) is None


def test_a_phrase_of_words_goes_on_below_where_the_next_word_had_no_room():
    below = at("passenger with ticket", 0.1, 0.14, 0.21, 0.03)
    assert answer("boarding passenger", [at("welcome boarding", 0.1, 0.1, 0.16, 0.03), below]) is not None
    assert answer("hi passenger", [at("hi", 0.1, 0.1, 0.02, 0.03), below]).kind != "phrase"


def test_a_column_of_single_characters():
    lines = [at(character, 0.5, 0.1 + 0.06 * row, 0.05, 0.05) for row, character in enumerate("小心地滑")]
    match = answer("小心地滑", lines)
    assert match is not None
    assert match.kind == "phrase"


def test_a_title_set_wide():
    lines = [at("收", 0.1, 0.1, 0.03, 0.04), at("據", 0.22, 0.1, 0.03, 0.04)]
    match = answer("收據", lines)
    assert match is not None
    assert match.kind == "phrase"


def test_vertical_lines_read_from_right_to_left():
    lines = [at("歡迎光", 0.6, 0.1, 0.05, 0.3), at("臨小店", 0.52, 0.1, 0.05, 0.3)]
    match = answer("歡迎光臨", lines)
    assert match is not None
    assert match.kind == "phrase"
    assert answer("店歡", lines) is None


@pytest.mark.parametrize(
    "second",
    [
        at("票價", 0.8, 0.1, 0.06, 0.03),  # same row, far to the right
        at("票價", 0.1, 0.5, 0.06, 0.03),  # same column, far below
        at("票價", 0.19, 0.1, 0.2, 0.15),  # beside, but much larger letters
        at("票價", 0.6, 0.14, 0.06, 0.03),  # next row, another column
    ],
)
def test_unrelated_lines_make_no_phrase(second):
    assert answer("發票", [at("開發", 0.1, 0.1, 0.06, 0.03), second]) is None


def test_numbers_one_under_the_other_stay_apart():
    lines = [at("12", 0.5, 0.1, 0.03, 0.03), at("34", 0.5, 0.14, 0.03, 0.03)]
    assert answer("1234", lines) is None


@pytest.mark.parametrize("box", [(0.0,) * 8, (float("nan"),) * 8, (float("inf"),) * 8, (1.0, 1.0, 0.0, 0.0) * 2])
def test_boxes_that_make_no_sense_join_nothing(box):
    lines = [line.__class__(line.text, box, 0.9, 1.0) for line in paper("開發", "票價", "統一發票")]
    match = answer("發票", lines)
    assert match is not None
    assert [place.line for place in match.places] == [2]


def test_quotes_search_the_phrase_only():
    assert answer('"總計 560"', paper("總計：560")) is not None
    assert answer('"560 總計"', paper("總計：560")) is None


def test_what_is_excluded_is_so_over_two_boxes_too():
    cut = [at("發票", 0.1, 0.1, 0.06, 0.03), at("現", 0.1, 0.3, 0.03, 0.03), at("金", 0.135, 0.3, 0.03, 0.03)]
    apart = [*cut[:2], at("金", 0.6, 0.3, 0.03, 0.03)]
    for excluded in ("現金", "發票現金"):
        assert answer(f"發票 -{excluded}", apart) is not None
    assert answer("發票 -現金", cut) is None


def test_excluded_latin_words_are_whole_words():
    assert answer("gift -car", paper("gift card")) is not None
    assert answer("gift -card", paper("gift card")) is None


@pytest.mark.parametrize("score", [1.0, 0.5])
@pytest.mark.parametrize(
    ("query", "texts"),
    [pair[:2] for pair in (*MUST_MATCH.values(), *MUST_NOT_MATCH.values(), ("發票 -現金", ["現金發票"]))],
)
def test_where_it_stands_as_typed_the_score_is_that_of_the_match(query: str, texts: list[str], score: float):
    matcher, document = Matcher(parse(query)), document_of(paper("第一行", *texts, score=score))
    at = document.folded.find(matcher.as_typed) if matcher.as_typed else -1
    if at >= 0:
        match = matcher.match(document)
        assert match is not None
        assert (match.kind, match.score) == ("phrase", phrase_score(document.folded, document.confidences, at))


def test_chinese_without_exclusions_is_decided_as_typed():
    assert Matcher(parse("發票")).as_typed == "发票"
    assert [Matcher(parse(typed)).as_typed for typed in ("total", "發票 -現金", "票a")] == ["", "", ""]
