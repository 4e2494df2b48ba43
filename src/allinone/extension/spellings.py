"""How the words of a search are spelt in the photos that it found. Pure."""

from collections import Counter
from collections.abc import Iterable

from allinone.search.hits import Hit, MatchedLine


def commonest_spelling(hits: Iterable[Hit], *, unlike: str) -> str | None:
    """The words as most of the photos have them, each photo counted once; None where that is `unlike` itself."""
    counts: Counter[str] = Counter()
    for hit in hits:
        if hit.text is not None:
            counts.update({spelt for line in hit.text.lines if (spelt := _marked(line))})
    # In more pieces than they were typed, they would find anything that has the pieces.
    typed = unlike.strip()
    counts = Counter({spelt: count for spelt, count in counts.items() if spelt.count(" ") <= typed.count(" ")})
    counts.pop(typed, None)
    # Equally common ones: the longest says most.
    return max(counts, key=lambda spelt: (counts[spelt], len(spelt), spelt), default=None)


def _marked(line: MatchedLine) -> str:
    return " ".join(line.text[begin:end] for begin, end in line.spans).strip()
