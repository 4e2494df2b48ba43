"""Tokens: what the index is asked for. They bound the candidates; `match` decides.

Of text without blanks and punctuation: every character, every pair, every three letters or digits in a row;
and every Latin word or number by itself, marked by WORD. None of them has a position: a phrase is checked on
the text itself, which is in memory sooner than PostgreSQL could unpack positions.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from operator import add

from allinone.search.characters import CJK
from allinone.search.document import Document, unpack_chains

WORD = "="
LARGE = "~"
"""Marks a document with more tokens than a tsvector holds: always a candidate, so that nothing is lost."""

TIME = "@"
"""Marks the year, month and day of a photo: the newest of a common word's thousands come straight from the index."""

MOST_BYTES = 400_000  # of tokens; a tsvector holds 1 MiB with its bookkeeping
LONGEST_WORD = 40
MOST_QUERY_TOKENS = 32

_SEPARATORS = re.compile(r"(?:[^\w\n]|_)+")
_LETTERS = re.compile(rf"[^\W_{CJK}]{{3,}}")
_WORDS = re.compile(rf"[^\W_{CJK}]+")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")


def compact(text: str) -> str:
    """Folded `text` without blanks and punctuation. Line breaks stay."""
    return _SEPARATORS.sub("", text)


def words(text: str) -> list[str]:
    """The Latin words and numbers of folded `text`; 1,234 is one number."""
    return [word[:LONGEST_WORD] for word in _WORDS.findall(_THOUSANDS.sub("", text))]


def year_token(day: date) -> str:
    """The token of all days of a year."""
    return f"{TIME}{day.year}"


def month_token(day: date) -> str:
    """The token of all days of a month."""
    return f"{TIME}{day.year * 100 + day.month}m"


def day_token(day: date) -> str:
    """The token of a day."""
    return f"{TIME}{(day.year * 100 + day.month) * 100 + day.day}d"


def document_tokens(document: Document, taken_at: date | None = None) -> str:
    """The tokens of a document, as the text of a tsvector."""
    dense = compact(document.folded)
    tokens = set(dense)
    tokens.update(map(add, dense, dense[1:]))
    for run in _LETTERS.findall(dense):
        tokens.update(map(add, map(add, run, run[1:]), run[2:]))
    tokens = {token for token in tokens if "\n" not in token}
    tokens.update(WORD + word for word in words(document.folded))
    if document.chains:
        tokens.update(_seam_tokens(document, dense.split("\n")))
    if sum(map(len, tokens)) * 4 > MOST_BYTES and sum(len(token.encode()) for token in tokens) > MOST_BYTES:
        tokens = {LARGE}
    if taken_at is not None and tokens:
        tokens.update((year_token(taken_at), month_token(taken_at), day_token(taken_at)))
    return "'" + "' '".join(tokens) + "'" if tokens else ""


def _seam_tokens(document: Document, dense: Sequence[str]) -> Iterator[str]:
    """The tokens that stand over the cuts between lines that go on in each other."""
    for chain in unpack_chains(document.chains):
        whole = ""
        cuts = []
        for line in chain.lines:
            cuts.append(len(whole))
            whole += dense[line]
        for at in cuts[1:]:
            if at:
                yield whole[at - 1 : at + 1]
            for token in (whole[at - 2 : at + 1], whole[at - 1 : at + 2]):
                if len(token) == 3 and _LETTERS.fullmatch(token):
                    yield token


def phrase_tokens(dense: str) -> list[str]:
    """The tokens every document with the phrase `dense` (folded, compact, one line) has; bounded."""
    if len(dense) < 2:
        return [dense] if dense else []
    tokens = {}
    covered: set[int] = set()
    for run in _LETTERS.finditer(dense):
        for start in range(run.start(), run.end() - 2):
            tokens[start] = dense[start : start + 3]
            covered.update((start, start + 1))
    for start, (first, second) in enumerate(pairwise(dense)):
        if start not in covered:
            tokens[start] = first + second
    found = list(dict.fromkeys(tokens[start] for start in sorted(tokens)))
    step = -(-len(found) // MOST_QUERY_TOKENS)
    return found[::step] if step > 1 else found
