"""The text found in a photo, as a list beside the picture: to read, to copy, to see where it stands."""

from collections.abc import Mapping, Sequence

from allinone.extension.pages.highlighting import Span, marked
from allinone.extension.pages.icons import icon
from allinone.extension.pages.markup import Html, element, join
from allinone.extension.pages.texts.table import Texts
from allinone.extension.photo_search import PhotoHit
from allinone.library.store import LibraryAsset
from allinone.wire.ocr import OcrLine


def matches(lines: Sequence[OcrLine], hit: PhotoHit | None) -> dict[int, Sequence[Span]]:
    """Which lines a search matched, by their number, and where in them."""
    if hit is None or hit.text is None:
        return {}
    found: dict[int, Sequence[Span]] = {}
    for match in hit.text.lines:
        same = [number for number, line in enumerate(lines) if line.text == match.text and number not in found]
        if same:
            number = min(same, key=lambda each: _distance(lines[each].box, match.box))
            found[number] = match.spans
    return found


def _distance(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


def text_panel(
    texts: Texts, asset: LibraryAsset, lines: Sequence[OcrLine], matched: Mapping[int, Sequence[Span]]
) -> Html:
    """The lines in reading order, or why there are none."""
    if not lines:
        return element("p", _absence(texts, asset), class_="quiet")
    everything = "\n".join(line.text for line in lines)
    copy_all = element("button", icon("copy"), texts.copy_all, type="button", class_="button copy-all",
                       data_copy=everything)  # fmt: skip
    rows = (_row(texts, number, line, matched.get(number)) for number, line in enumerate(lines))
    return join(copy_all, element("ol", *rows, class_="lines"))


def _row(texts: Texts, number: int, line: OcrLine, spans: Sequence[Span] | None) -> Html:
    label = texts.copy_line.format(line=line.text)
    copy = element("button", icon("copy"), type="button", class_="copy", data_copy=line.text, aria_label=label,
                   title=texts.copy)  # fmt: skip
    words = element("span", marked(line.text, spans or ()), class_="words")
    return element("li", words, copy, class_=None if spans is None else "matched", data_line=number)


def _absence(texts: Texts, asset: LibraryAsset) -> str:
    if asset.failure:
        return texts.unreadable_photo.format(reason=asset.failure)
    return texts.no_text if asset.ocr_at else texts.not_read_yet
