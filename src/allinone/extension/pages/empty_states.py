"""What stands where photos would be, when there are none."""

from allinone.extension.pages.markup import Html, element, join
from allinone.extension.pages.visits import Visit
from allinone.library.store import IndexProgress


def nothing_found(visit: Visit, query: str, progress: IndexProgress | None) -> Html:
    """No photo answers `query`: say so, say whether it may still turn up, and how else to search."""
    texts = visit.texts
    template = texts.empty_any if visit.has_clip and not query.lower().startswith("ocr:") else texts.empty_text
    parts = [element("h2", template.format(query=query))]
    if progress and progress.waiting:
        done = progress.done + progress.failed
        parts.append(element("p", texts.empty_still_reading.format(done=done, total=progress.total)))
    return element("div", *parts, _hints(visit), class_="empty")


def empty_library(visit: Visit, progress: IndexProgress | None) -> Html:
    """No photo has been read yet, or there is none."""
    texts = visit.texts
    if progress and (progress.waiting or progress.scanning):
        finished = progress.done + progress.failed
        words = texts.reading.format(done=finished, total=progress.total) if progress.total else texts.scanning
        return element("div", element("h2", words), class_="empty")
    return element("div", element("h2", texts.empty_library), element("p", texts.empty_library_hint), class_="empty")


def _hints(visit: Visit) -> Html:
    texts = visit.texts
    pairs = (
        (texts.hint_ocr_example, texts.hint_ocr),
        (texts.hint_quotes_example, texts.hint_quotes),
        (texts.hint_without_example, texts.hint_without),
    )
    rows = (
        element("li", element("a", element("code", example), href=visit.grid_url(example)), element("span", hint))
        for example, hint in pairs
    )
    return join(element("h3", texts.hints_heading), element("ul", *rows, class_="hints"))
