"""Typed and recognised text, whatever its bytes: nothing raises, and every span lies inside the original.

    python tests/fuzz/search_text.py [-runs=N] [-max_total_time=SECONDS]

Coverage-guided; the suite runs a few thousand rounds of it (tests/integration/test_search_fuzzing.py).
"""

import sys

import atheris

with atheris.instrument_imports(include=["allinone.search"]):
    from allinone.search.candidates import exact_steps, fuzzy_steps
    from allinone.search.document import documents_of
    from allinone.search.highlight import matched_lines
    from allinone.search.lines import storable
    from allinone.search.match import Matcher
    from allinone.search.normalise import fold_with_offsets
    from allinone.search.query import parse
    from allinone.search.text_rows import AssetText, text_columns
    from allinone.wire.ocr import OcrLine

MOST_LINES = 6


def one_input(data: bytes) -> None:
    """One round."""
    provider = atheris.FuzzedDataProvider(data)
    typed = provider.ConsumeUnicode(40)
    query = parse(typed)
    for step in exact_steps(query):
        assert step.tsquery
    fuzzy_steps(query)
    lines = [_line(provider, typed) for _ in range(provider.ConsumeIntInRange(0, MOST_LINES))]
    for line in lines:
        folded = fold_with_offsets(line.text)
        for start in range(len(folded.text)):
            first, last = folded.span(start, start + 1)
            assert 0 <= first < last <= len(line.text)
    text_columns([AssetText(_ID, _ID, None, lines)])
    [document] = documents_of(*storable([lines]))
    matcher = Matcher(query, {typed[at : at + 2] for at in range(len(typed))})
    match = matcher.match(document)
    if match is not None:
        assert 0 < match.score <= 1
        for shown in matched_lines(lines, matcher.places(document, match)):
            before = 0
            for start, end in shown.spans:
                assert before <= start < end <= len(shown.text)
                before = end


def _line(provider: atheris.FuzzedDataProvider, typed: str) -> OcrLine:
    text = provider.ConsumeUnicode(30)
    if provider.ConsumeBool():
        text += typed + provider.ConsumeUnicode(3)
    numbers = [provider.ConsumeFloat() if provider.ConsumeBool() else provider.ConsumeProbability() for _ in range(10)]
    return OcrLine(text.replace("\n", " "), tuple(numbers[:8]), numbers[8], numbers[9])  # type: ignore[arg-type]


if __name__ == "__main__":
    from uuid import UUID

    _ID = UUID(int=1)
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
