"""What the matcher finds, the index proposes: else a photo would be lost without a trace."""

import re
from itertools import accumulate

from hypothesis import example, given
from hypothesis import strategies as st

from allinone.search.candidates import exact_steps, fuzzy_steps
from allinone.search.document import Document
from allinone.search.document_tokens import documents_tokens
from allinone.search.match import Matcher
from allinone.search.query import parse
from allinone.search.tokens import words
from allinone.wire.ocr import OcrLine
from unit.search.papers import at, document_of, paper

ALPHABET = "發票统一計総abEt0158 -'.,/：，ｅß한か"
TEXTS = st.lists(st.text(st.sampled_from(ALPHABET), min_size=1, max_size=12), min_size=1, max_size=4)


def side_by_side(*texts: str) -> list[OcrLine]:
    """Boxes of one row, close enough to be read as one."""
    lefts = accumulate((0.03 * len(text) + 0.01 for text in texts), initial=0.1)
    return [at(text, left, 0.1, 0.03 * len(text), 0.03) for text, left in zip(texts, lefts, strict=False)]


def tokens_of(document: Document) -> list[str]:
    return documents_tokens([document], [None])[0].split()


def answers(tsquery: str, document: Document) -> bool:
    """What PostgreSQL makes of a tsquery."""
    tokens = set(tokens_of(document))

    def ask(found: re.Match[str]) -> str:
        token, beginning = found.groups()
        return str(any(one.startswith(token) for one in tokens) if beginning else token in tokens)

    asked = re.sub(r"'([^']*)'(:\*)?", ask, tsquery)
    return bool(eval(asked.replace("&", " and ").replace("|", " or ").replace("!", " not ")))


@given(TEXTS, st.data())
def test_what_is_read_as_typed_is_proposed(texts: list[str], data: st.DataObject):
    line = data.draw(st.sampled_from(texts))
    start = data.draw(st.integers(0, len(line) - 1))
    typed = line[start : data.draw(st.integers(start + 1, len(line)))]
    if data.draw(st.booleans()):
        typed += " " + data.draw(st.sampled_from(texts))
    document = document_of(paper(*texts))
    match = Matcher(query := parse(typed)).match(document, fuzzy=False)
    if match is not None:
        steps = exact_steps(query)
        proposed = [step for step in steps if answers(step.tsquery, document)]
        assert steps[-1] in proposed
        if match.kind == "phrase":
            assert any(step.phrase for step in proposed)


@given(st.text(st.sampled_from(ALPHABET), min_size=2, max_size=10), st.integers(1, 9))
@example("000 -かか", 6)  # what is excluded runs over the two boxes
def test_what_runs_over_two_boxes_is_proposed(text: str, cut: int):
    one, other = text[:cut], text[cut:]
    if not one.strip() or not other.strip():
        return
    document = document_of(side_by_side(one, other))
    query = parse(text)
    if Matcher(query).match(document, fuzzy=False) is not None:
        assert any(answers(step.tsquery, document) for step in exact_steps(query))


@given(TEXTS, st.text(st.sampled_from("票一計한か"), min_size=1, max_size=2), st.booleans())
@example(["か////、か"], "かか", False)
def test_the_index_excludes_what_the_matcher_does(texts: list[str], word: str, beside: bool):
    document = document_of(side_by_side(*texts) if beside else paper(*texts))
    query = parse(f"字 -{word}")
    (step,) = exact_steps(query)
    unwanted = re.search(r"!('.*?'(?::\*)?)", step.tsquery)
    assert unwanted is not None
    assert answers(unwanted[1], document) == Matcher(query).excludes(document)


@given(st.text(st.sampled_from("统發票機場車站開店"), min_size=4, max_size=8), st.data())
def test_what_is_misread_is_proposed(word: str, data: st.DataObject):
    read = list(word)
    for _ in range(1 if len(word) < 5 else 2):
        read[data.draw(st.integers(0, len(word) - 1))] = data.draw(st.sampled_from(["", "丙", "票丁"]))
    document = document_of(paper("前" + "".join(read) + "後"))
    query = parse(word)
    match = Matcher(query).match(document)
    if match is not None and match.kind == "fuzzy":
        assert answers(fuzzy_steps(query)[-1], document)


@given(st.text(st.sampled_from("统发票機場車站開店"), min_size=4, max_size=10), st.data())
def test_one_wrong_character_is_proposed_first(word: str, data: st.DataObject):
    at = data.draw(st.integers(0, len(word) - 1))
    read = word[:at] + data.draw(st.sampled_from(["", "丙"])) + word[at + 1 :]
    document = document_of(paper("前" + read + "後"))
    query = parse(word)
    assert answers(fuzzy_steps(query)[0], document)
    match = Matcher(query).match(document)
    assert match is not None
    assert match.kind == "fuzzy"


def test_long_numbers_are_no_words_of_their_own():
    assert words("ab-12345678 1,234 total 2024-05-01 re16tgk") == ["ab", "1234", "total", "2024", "05", "01"]
