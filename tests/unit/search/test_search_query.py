import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allinone.search.candidates import exact_steps, fuzzy_steps
from allinone.search.query import MOST_CHARACTERS, parse
from unit.search.papers import answer, paper

TYPED = st.text(
    st.one_of(st.characters(), st.sampled_from("發票票总計ａＡ1２０-－\"“”:： ocrOCR&|!<>()*'\\\0　,./$")),
    max_size=80,
)


@pytest.mark.parametrize("typed", ["ocr:發票", "OCR:發票", "ｏｃｒ：發票", "Ocr ： 發票", "  ocr: 發票 "])
def test_the_prefix_asks_for_text_only(typed: str):
    query = parse(typed)
    assert query.text_only
    assert [term.text for term in query.terms] == ["发票"]


def test_a_plain_query_is_not_text_only():
    query = parse("發票 sunset")
    assert not query.text_only
    assert query.picture_text == "發票 sunset"


@pytest.mark.parametrize("typed", ['"統一發票"', "“統一發票”", "＂統一發票＂", '"統一發票'])
def test_quotes_ask_for_text_only(typed: str):
    query = parse(typed)
    assert query.text_only
    assert query.terms[0].quoted
    assert query.terms[0].text == "统一发票"


def test_exclusion():
    query = parse('狗 -發票 -"gift card" well-known')
    assert [term.text for term in query.terms] == ["狗", "well-known"]
    assert [term.text for term in query.excluded] == ["发票", "gift card"]
    assert query.picture_text == "狗 well-known"


def test_exclusions_alone_are_what_was_meant():
    assert [term.text for term in parse("-560").terms] == ["560"]


def test_a_minus_between_words_excludes_nothing():
    query = parse("AB-12345678 2024 - 2025")
    assert query.excluded == ()
    assert [term.text for term in query.terms] == ["ab-12345678", "2024", "2025"]


def test_scripts_are_parted():
    assert [part.text for part in parse("總計560 AB-12").parts] == ["总计", "560", "ab-12"]


@pytest.mark.parametrize(
    "typed", ["", " ", "　\t\n", "\0", "!!!", "：，。", "ocr:", "ocr: -", '""', '"', "-", "--", "&|!()", "★☺"]
)
def test_nothing_to_look_for_finds_nothing(typed: str):
    query = parse(typed)
    assert query.parts == ()
    assert exact_steps(query) == []
    assert fuzzy_steps(query) == []
    assert answer(typed, paper("統一發票")) is None


@pytest.mark.parametrize("typed", ["發票 & !現金", "發票 | '現金'", "發票:*", "發票 <-> 現金", "發'票\\", "發\0票"])
def test_operators_are_text(typed: str):
    assert answer(typed, paper("發票 現金")) is not None
    assert all("<->" not in step.tsquery for step in exact_steps(parse(typed)))


def test_long_queries_are_bounded():
    query = parse("發票收據" * 10_000)
    assert sum(len(term.text) for term in query.terms) <= MOST_CHARACTERS * 2
    assert len(parse("字 " * 5000).terms) <= 16
    assert all(len(step) < 20_000 for step in [*(step.tsquery for step in exact_steps(query)), *fuzzy_steps(query)])
    assert answer("發票收據" * 10_000, paper("發票")) is None


def test_one_ligature_of_many_letters_makes_no_long_term():
    [term] = parse("\ufdfa" * MOST_CHARACTERS).terms
    assert len(term.text) <= MOST_CHARACTERS


@given(TYPED)
def test_parsing_never_raises(typed: str):
    query = parse(typed)
    steps = [*(step.tsquery for step in exact_steps(query)), *fuzzy_steps(query)]
    # Lexemes are quoted and hold letters and digits only, so no text is ever an operator.
    for step in steps:
        assert re.fullmatch(r"(?:'[=~]?[\w]*'(?::\*)?|[ &|!()])*", step)
        assert "''" not in step


@given(TYPED, st.lists(TYPED, max_size=4))
def test_matching_never_raises(typed: str, texts: list[str]):
    match = answer(typed, paper(*(text.replace("\n", " ") for text in texts)))
    if match is not None:
        assert 0.0 < match.score <= 1.0


@given(st.text(st.sampled_from("發票收據總計一二三abcde1234 "), min_size=1, max_size=8))
def test_text_finds_itself(text: str):
    if parse(text).parts:
        match = answer(text, paper(f"前{text}後"))
        assert match is not None
        assert match.kind == "phrase"
