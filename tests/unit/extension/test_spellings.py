"""Which spelling Immich's own text filter is asked for."""

from uuid import uuid4

from allinone.extension.spellings import commonest_spelling
from allinone.search.hits import Hit, MatchedLine, TextMatch

BOX = (0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0)


def hit(*lines: tuple[str, list[tuple[int, int]]]) -> Hit:
    matched = [MatchedLine(text, BOX, 0.9, spans) for text, spans in lines]
    return Hit(uuid4(), 0.9, TextMatch(0.9, "phrase", matched, ["发票"]), None)


def test_it_is_the_one_that_most_photos_have():
    hits = [hit(("統一發票收執聯", [(2, 4)])), hit(("電子發票", [(2, 4)])), hit(("电子发票", [(2, 4)]))]
    assert commonest_spelling(hits, unlike="发票") == "發票"


def test_what_was_asked_for_already_is_not_asked_for_again():
    assert commonest_spelling([hit(("电子发票", [(2, 4)]))], unlike=" 发票 ") is None


def test_a_photo_counts_once_however_often_it_says_it():
    often = hit(*[("ＡＢＣ", [(0, 3)])] * 5)
    assert commonest_spelling([often, hit(("ABC", [(0, 3)])), hit(("ABC", [(0, 3)]))], unlike="abc") == "ABC"


def test_parts_of_a_line_are_put_together_and_photos_without_text_say_nothing():
    assert commonest_spelling([hit(("總計 NT$ 560", [(0, 2), (7, 10)]))], unlike="总计 560") == "總計 560"
    assert commonest_spelling([Hit(uuid4(), 0.5, None, None)], unlike="cat") is None


def test_pieces_of_a_word_are_not_asked_for():
    assert commonest_spelling([hit(("5 6 0", [(0, 1), (2, 3), (4, 5)]))], unlike="560") is None
