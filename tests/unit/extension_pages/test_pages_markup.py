"""HTML made of hostile parts, and matched text in it."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allinone.extension.pages.highlighting import EXCERPT, excerpt, marked
from allinone.extension.pages.markup import Html, element, join

HOSTILE = "<img src=x onerror=alert(1)>\"'&"


class Reader(HTMLParser):
    """What a browser would see: tags, attributes, text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.marks: list[str] = []
        self._marked = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "mark":
            self._marked = True
            self.marks.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "mark":
            self._marked = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._marked:
            self.marks[-1] += data


def test_text_and_attributes_are_escaped() -> None:
    seen = Reader(element("p", HOSTILE, title=HOSTILE))
    assert seen.tags == ["p"]
    assert seen.attributes == [("title", HOSTILE)]
    assert seen.text == HOSTILE


def test_html_of_ours_is_kept_and_nests() -> None:
    assert element("p", element("b", "1 < 2"), " & ") == "<p><b>1 &lt; 2</b> &amp; </p>"
    assert isinstance(join("a"), Html)


def test_attributes_are_written_as_html_has_them() -> None:
    written = element("input", class_="a", aria_label="b", disabled=True, hidden=False, title=None, maxlength=5)
    assert written == '<input class="a" aria-label="b" disabled maxlength="5">'


@pytest.mark.parametrize(
    ("text", "spans", "html"),
    [
        ("統一發票收執聯", [(2, 4)], "統一<mark>發票</mark>收執聯"),
        ("a<b", [(1, 2)], "a<mark>&lt;</mark>b"),
        ("abcdef", [(3, 5), (0, 2)], "<mark>ab</mark>c<mark>de</mark>f"),
        ("abcdef", [(0, 3), (2, 4)], "<mark>abcd</mark>ef"),
        ("abc", [(2, 99), (-5, 1)], "<mark>a</mark>b<mark>c</mark>"),
        ("abc", [(2, 2), (3, 1)], "abc"),
        ("abc", [], "abc"),
    ],
)
def test_matches_are_marked(text: str, spans: list[tuple[int, int]], html: str) -> None:
    assert marked(text, spans) == html


def test_a_long_line_is_cut_around_its_first_match() -> None:
    text = "前" * 200 + "發票" + "後" * 200
    seen = Reader(excerpt(text, [(200, 202)]))
    assert seen.marks == ["發票"]
    assert seen.text.startswith("…前")
    assert seen.text.endswith("後…")
    assert len(seen.text) == EXCERPT + 2


def test_a_short_line_is_not_cut() -> None:
    assert excerpt("總計 560", [(0, 2)]) == "<mark>總計</mark> 560"


SPANS = st.lists(st.tuples(st.integers(-5, 220), st.integers(-5, 220)), max_size=6)
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200)


@given(TEXT, SPANS)
def test_marking_never_changes_the_text(text: str, spans: list[tuple[int, int]]) -> None:
    seen = Reader(marked(text, spans))
    assert seen.text == text
    assert set(seen.tags) <= {"mark"}


@given(TEXT, SPANS)
def test_an_excerpt_is_a_part_of_the_text(text: str, spans: list[tuple[int, int]]) -> None:
    seen = Reader(excerpt(text, spans))
    assert seen.text.removeprefix("…").removesuffix("…") in text or seen.text == text
    assert set(seen.tags) <= {"mark"}
