"""Lines of text as a recogniser returns them, for the tests of search."""

from allinone.search.document import Document, documents_of
from allinone.search.lines import line_numbers
from allinone.search.match import Match, Matcher
from allinone.search.query import parse
from allinone.wire.ocr import OcrLine


def at(text: str, left: float, top: float, width: float, height: float, score: float = 1.0) -> OcrLine:
    """A line whose upright box stands there."""
    right, bottom = left + width, top + height
    return OcrLine(text, (left, top, right, top, right, bottom, left, bottom), 0.9, score)


def paper(*texts: str, score: float = 1.0) -> list[OcrLine]:
    """Lines one under the other, too far apart to be read as one."""
    return [at(text, 0.1, 0.02 + 0.1 * row, 0.03 * len(text), 0.02, score) for row, text in enumerate(texts)]


def document_of(lines: list[OcrLine]) -> Document:
    """The document of one photo with these lines."""
    return documents_of([lines], line_numbers([lines]))[0]


def answer(query: str, lines: list[OcrLine]) -> Match | None:
    """How a photo with these lines answers a query."""
    return Matcher(parse(query)).match(document_of(lines))
