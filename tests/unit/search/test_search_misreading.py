"""Of texts one character away from the query, those come first that are likelier to be it, misread."""

from hypothesis import given
from hypothesis import strategies as st

from allinone.search.alignment import align
from allinone.search.match import Matcher
from allinone.search.misreading import doubt
from allinone.search.query import parse
from unit.search.papers import document_of, paper

QUERY = "統一發票收據"


def score(text: str, common: tuple[str, ...] = (), *, query: str = QUERY, confidence: float = 1.0) -> float:
    match = Matcher(parse(query), common).match(document_of(paper(text, score=confidence)))
    assert match is not None
    assert match.kind == "fuzzy"
    return match.score


def test_a_wrong_character_inside_comes_before_one_at_either_end():
    inside = score("統一發粟收據")
    assert inside > score("領統一發票收回")
    assert inside > score("傳一發票收據在")


def test_another_word_at_the_end_comes_before_nothing():
    assert score("統一發票收回") > score("統一發票收 45")
    assert score("統一發票收回") > score("統一發票收")


def test_what_makes_sense_as_it_stands_comes_last():
    assert score("統一發票收回") > score("統一發票收回", ("收回",))
    assert score("統一發票收回到") > score("統一發票收回到", ("回到",))
    assert score("統一發粟收據") > score("統一發粟收據", ("粟收",))
    assert score("統一開栗收據") > score("統一開栗收據", ("开栗",))


def test_common_pairs_elsewhere_do_not_count():
    assert score("統一發粟收據") == score("統一發粟收據", ("统一", "一发", "收据"))


def test_one_wrong_character_comes_before_two():
    assert score("統一發票收回", ("收回",)) > score("統一開票收回", ("收回",))


def test_poor_confidence_counts_less_for_misread_text():
    assert score("統一發粟收據", confidence=0.5) > 0.9 * score("統一發粟收據")


@given(st.text("统一发票收据3,a ", min_size=1, max_size=12), st.text("统一发票收据", min_size=4, max_size=8))
def test_doubts_are_bounded_whatever_stands_there(text: str, wanted: str):
    near = align(wanted, frozenset(), text, 2)
    if near is not None:
        assert 0.0 <= doubt(wanted, text, near.start, near.end, ()) <= 0.9
        assert doubt(wanted, text, near.start, near.end, ("统一",)) <= 1.5
