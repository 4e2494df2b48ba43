"""Tokens: what the index is asked for. They bound the candidates; `match` decides. `document_tokens` makes documents'.

Of text without blanks and punctuation: every pair with a Chinese character in it; every three letters or digits in a
row; and every Latin word or short number by itself, marked by WORD. A single character, and two letters or digits, are
asked for as the beginning of a token, and are one by themselves only where the text has none that begins so: a third of
the tokens, and of what writing them costs. None has a position: a phrase is checked on the text itself, which is in
memory sooner than PostgreSQL could unpack positions.
"""

import re
from datetime import date
from operator import add

from allinone.search.characters import CJK

WORD = "="
LARGE = "~"
"""Marks a document with more tokens than a tsvector holds: always a candidate, so that nothing is lost."""

TIME = "@"
"""Marks the year, month and day of a photo: the newest of a common word's thousands come straight from the index."""

BEGINNING = "*"
"""Ends what is asked for as the beginning of a token."""

FORM = 3
"""Counts up when documents get other tokens than before; those with older ones are indexed again."""

MOST_BYTES = 400_000  # of tokens; a tsvector holds 1 MiB with its bookkeeping
LONGEST_WORD = 40
LONGEST_NUMBER = 4  # digits that are a token by themselves; of longer ones their threes tell enough
MOST_QUERY_TOKENS = 32

FIRST_WIDE = "\u1100"  # the first of the scripts written without blanks

_BREAK = "\r"  # between words; no folded text contains it
_SEPARATORS = re.compile(r"[^\w\n\r]+")  # and "_", which is quicker replaced by itself
_LETTER = rf"[^\W\d_{CJK}]"
# The blank comes first, though what is before it is asked as well: so most places are passed over at a glance.
_BETWEEN_WORDS = re.compile(rf"[^\w\n'-](?<={_LETTER}{{2}}.)[^\w\n'-]*(?={_LETTER}{{2}})")
_NARROW = rf"[^\W_{CJK}]"
_RUNS = re.compile(rf"{_NARROW}{{2,}}")
_WORDS = re.compile(rf"[^\W_{CJK}]+")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")


def compact(text: str) -> str:
    """Folded `text` without blanks and punctuation. Line breaks stay."""
    return _SEPARATORS.sub("", text).replace("_", "")


def compact_words(text: str) -> str:
    """The same with a break between words of letters, which no phrase runs over unasked."""
    return compact(_BETWEEN_WORDS.sub(_BREAK, text))


def words(text: str) -> list[str]:
    """The Latin words and short numbers of folded `text`; 1,234 is one number."""
    found = _WORDS.findall(_THOUSANDS.sub("", text) if "," in text else text)
    return [word[:LONGEST_WORD] for word in found if len(word) <= LONGEST_NUMBER or word.isalpha()]


def year_token(day: date) -> str:
    """The token of all days of a year."""
    return f"{TIME}{day.year}"


def month_token(day: date) -> str:
    """The token of all days of a month."""
    return f"{TIME}{day.year * 100 + day.month}m"


def ten_days_token(day: date) -> str:
    """The beginning of the tokens of the days of a month that share their first digit."""
    return f"{TIME}{(day.year * 100 + day.month) * 10 + day.day // 10}{BEGINNING}"


def day_token(day: date) -> str:
    """The token of a day."""
    return f"{TIME}{(day.year * 100 + day.month) * 100 + day.day}d"


def time_tokens(day: date) -> str:
    """All tokens of a day, blanks between them."""
    return f"{year_token(day)} {month_token(day)} {day_token(day)}"


def is_one_token(dense: str) -> bool:
    """Whether a document has the word `dense` if it has its token: one or two characters written without blanks."""
    return 1 <= len(dense) <= 2 and min(dense) >= FIRST_WIDE


def phrase_tokens(dense: str) -> list[str]:
    """The tokens every document with the phrase `dense` (folded, compact, one line) has; bounded.

    Those that end with BEGINNING are beginnings of tokens.
    """
    if len(dense) < 2:
        return [dense + BEGINNING] if dense else []
    tokens = {}
    covered: set[int] = set()
    for run in _RUNS.finditer(dense):
        start, end = run.span()
        covered.update(range(start, end - 1))
        if end - start == 2:
            tokens[start] = run.group() + BEGINNING
        for at in range(start, end - 2):
            tokens[at] = dense[at : at + 3]
    pairs = enumerate(map(add, dense, dense[1:]))
    tokens |= {start: pair for start, pair in pairs if start not in covered and _BREAK not in pair}
    found = list(dict.fromkeys(tokens[start] for start in sorted(tokens)))
    step = -(-len(found) // MOST_QUERY_TOKENS)
    return found[::step] if step > 1 else found
