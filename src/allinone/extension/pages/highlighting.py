"""Recognised text with the parts that matched marked."""

from collections.abc import Sequence

from allinone.extension.pages.markup import Html, element, join

Span = tuple[int, int]

CONTEXT = 24  # characters kept before the first match where a long line is cut
EXCERPT = 90  # characters a caption shows


def marked(text: str, spans: Sequence[Span]) -> Html:
    """`text` with `spans` (start, end; in characters) in `<mark>`. Spans that overlap become one."""
    parts: list[Html | str] = []
    position = 0
    for start, end in _merged(spans, len(text)):
        parts += [text[position:start], element("mark", text[start:end])]
        position = end
    return join(*parts, text[position:])


def excerpt(text: str, spans: Sequence[Span]) -> Html:
    """Like `marked`, cut to `EXCERPT` characters around the first match."""
    if len(text) <= EXCERPT:
        return marked(text, spans)
    merged = _merged(spans, len(text))
    start = max(0, merged[0][0] - CONTEXT) if merged else 0
    start = min(start, len(text) - EXCERPT)
    end = start + EXCERPT
    inside = [(max(a, start) - start, min(b, end) - start) for a, b in merged if a < end and b > start]
    before, after = "…" if start > 0 else "", "…" if end < len(text) else ""
    return join(before, marked(text[start:end], inside), after)


def _merged(spans: Sequence[Span], length: int) -> list[Span]:
    merged: list[Span] = []
    for raw_start, raw_end in sorted(spans):
        start, end = max(0, raw_start), min(length, raw_end)
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
