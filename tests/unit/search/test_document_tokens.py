"""The tokens of documents, beside what they are by definition: one document at a time, in plain Python."""

import re
import sys
from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allinone.search import document_tokens
from allinone.search.characters import CJK
from allinone.search.document import Document, unpack_chains
from allinone.search.document_tokens import documents_tokens
from allinone.search.tokens import WORD, compact_words, words
from unit.search.papers import at, document_of, paper

ALPHABET = "發票统一計総abcEtt0158  -'.,/：，ｅß한か々_²½ﬁéงЖ\t\u200b\U00020000"
TEXTS = st.lists(st.text(st.sampled_from(ALPHABET), max_size=24), max_size=4)
DAY = datetime.fromisoformat("2024-05-01T10:00:00")


def plain_tokens(document: Document) -> set[str]:
    """By definition; lines that go on in each other are one line as well. None that another begins with."""
    lines = [compact_words(line) for line in document.folded.split("\n")]
    joined = ["".join(lines[line] for line in chain.lines) for chain in unpack_chains(document.chains)]
    tokens: set[str] = set()
    for run in re.findall(r"[^\W_]+", "\n".join(lines + joined)):
        tokens |= set(run)
        tokens |= {pair for pair in map("".join, pairwise(run)) if re.search(f"[{CJK}]", pair)}
        for narrow in re.findall(rf"[^{CJK}]{{2,}}", run):
            tokens |= {narrow[place : place + 3] for place in range(len(narrow) - 1)}
    beginnings = {token[:length] for token in tokens for length in range(1, len(token))}
    return (tokens - beginnings) | {WORD + word for word in words(document.folded)}


def told(document: Document) -> set[str]:
    (tokens,) = documents_tokens([document], [None])
    found = tokens.split(" ") if tokens else []
    assert found == sorted(set(found)), "PostgreSQL would have to sort them"
    return set(found)


@given(TEXTS)
def test_as_defined(texts: list[str]):
    document = document_of(paper(*texts))
    assert told(document) == plain_tokens(document)


@given(st.lists(st.text(st.sampled_from(ALPHABET), min_size=1, max_size=6), min_size=2, max_size=4))
def test_as_defined_over_cuts(texts: list[str]):
    side_by_side = [at(text, 0.1 + 0.2 * place, 0.1, 0.19, 0.19 / len(text)) for place, text in enumerate(texts)]
    document = document_of(side_by_side)
    assert told(document) == plain_tokens(document)


@given(st.lists(TEXTS, max_size=6), st.integers(1, 60), st.integers(1, 4))
def test_the_same_whatever_they_are_looked_at_with(papers: list[list[str]], characters: int, most: int):
    documents = [document_of(paper(*texts)) for texts in papers]
    together = documents_tokens(documents, [DAY] * len(documents))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document_tokens, "MOST_CHARACTERS", characters)
        patch.setattr(document_tokens, "MOST_DOCUMENTS", most)
        assert documents_tokens(documents, [DAY] * len(documents)) == together
    assert [documents_tokens([document], [DAY])[0] for document in documents] == together


def test_days_are_added_where_there_is_text():
    documents = [document_of(paper("票")), document_of(paper("!")), document_of([])]
    assert documents_tokens(documents, [DAY] * 3) == ["@2024 @20240501d @202405m 票", "", ""]
    assert documents_tokens([], []) == []


def test_every_character_has_room():
    """Texts of thousands of different characters, beside others and alone."""
    every = "".join(map(chr, range(0x4E00, 0x9FA0)))
    few, all_ = Document(every[:9000], "", "", b""), Document(every, "", "", b"")
    assert told(few) == {*map("".join, pairwise(few.folded)), few.folded[-1]}
    tokens = documents_tokens([few, Document("ab", "", "", b""), all_], [None] * 3)
    assert [set(one.split()) for one in tokens] == [told(few), {"ab", "b", "=ab"}, plain_tokens(all_)]


def test_what_begins_another_token_is_none_by_itself():
    assert told(document_of(paper("發票發", "abc 票", "ab"))) == {"发票", "票发", "abc", "bc", "c票", "=abc", "=ab"}


def test_long_words_and_numbers_with_commas():
    document = document_of(paper("x" * 60 + " 1,234,567 1,234 12,3 , 1,2345", "," + "y" * 41 + "2"))
    assert told(document) == plain_tokens(document)
    assert {"=" + "x" * 40, "=1234"} <= told(document)


def test_a_word_that_stands_often_makes_no_document_large():
    document = document_of(paper(*["total 發票"] * 30_000))
    assert told(document) == told(document_of(paper("total 發票")))


def test_no_letter_is_left_out():
    assert not any(chr(point).isalnum() for point in range(document_tokens.BEYOND_LETTERS, sys.maxunicode + 1))
