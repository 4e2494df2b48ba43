"""From places in folded text to spans of the text as recognised."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from allinone.search.document import Place
from allinone.search.hits import MatchedLine
from allinone.search.normalise import fold_with_offsets
from allinone.wire.ocr import OcrLine


def matched_lines(lines: Sequence[OcrLine], places: Iterable[Place]) -> list[MatchedLine]:
    """The lines that have a place in them, with the places as spans of their text."""
    matched = []
    by_line = groupby(sorted(places, key=lambda place: place.line), key=lambda place: place.line)
    for index, group in by_line:
        if index >= len(lines):
            continue
        line = lines[index]
        spans = highlight(line.text, [(place.start, place.end) for place in group])
        matched.append(MatchedLine(line.text, line.box, line.text_score, spans))
    return matched


def highlight(text: str, places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Folded places as spans [start, end) of `text`: inside it, ascending, not empty, not overlapping."""
    folded = fold_with_offsets(text)
    spans: list[tuple[int, int]] = []
    for start, end in sorted(folded.span(*place) for place in places):
        if start >= end:
            continue
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans
