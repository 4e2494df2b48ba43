"""The tokens of documents: a few passes over the characters of hundreds of them, as arrays of numbers.

`tokens` says which they are and why. A document at a time they were two fifths of what indexing cost us.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from allinone.search.characters import CJK
from allinone.search.document import SEAMS, Document
from allinone.search.tokens import LARGE, LONGEST_NUMBER, LONGEST_WORD, MOST_BYTES, WORD, time_tokens

Characters = NDArray[np.uint32]  # code points
Kinds = NDArray[np.uint8]
Places = NDArray[np.intp]

MOST_CHARACTERS = (1 << 17) - 1
"""Looked at together, at some forty bytes each; a longer document is looked at alone."""

MOST_DOCUMENTS = 1 << 12
"""Looked at together: with `MOST_CHARACTERS` three characters and their document make a number of 64 bits."""

BEYOND_LETTERS = 0x40000
"""No character from here on is a letter or a digit."""

_ALPHABETIC, _NUMERAL, _DIGIT, _CHINESE, _UNBROKEN = 1, 2, 4, 8, 16
_LETTER = _ALPHABETIC | _NUMERAL
_NARROW = _LETTER | _DIGIT
_IN_WORDS = _NARROW | _CHINESE
_BLANK, _COMMA, _WORD = ord(" "), ord(","), ord(WORD)


@cache
def _kinds() -> Kinds:
    """The kind of every character, by its code point; 0: it separates words."""
    kinds = np.zeros(0x110000, np.uint8)
    every = np.arange(BEYOND_LETTERS, dtype=np.uint32).tobytes().decode("utf-32-le", "surrogatepass")
    patterns = {
        _NUMERAL: rf"[^\W\d_{CJK}]+",  # and letters, which are told from them below
        _DIGIT: r"\d+",
        _CHINESE: rf"(?:(?=\w)[{CJK}])+",
        _UNBROKEN: f"[\n'_{''.join(SEAMS)}-]",
    }
    for kind, pattern in patterns.items():
        for found in re.finditer(pattern, every):
            kinds[slice(*found.span())] = kind
    letters = np.flatnonzero(kinds == _NUMERAL)
    kinds[letters[[every[at].isalpha() for at in letters]]] = _ALPHABETIC
    return kinds


def documents_tokens(documents: Sequence[Document], days: Sequence[date | None]) -> list[str]:
    """The tokens of each document with its day, blanks between them.

    In the order that PostgreSQL sorts them into, none twice: so it has nothing to do.
    """
    found: list[str] = []
    for first, last in _portions(documents):
        portion = documents[first:last]
        every = zip(_parts(portion), _words([document.folded for document in portion]), days[first:last], strict=True)
        found += [_in_order(*parts, words, day) for parts, words, day in every]
    return found


def _portions(documents: Sequence[Document]) -> Iterator[tuple[int, int]]:
    """[first, last) of documents that are looked at together."""
    first = characters = 0
    for at, document in enumerate(documents):
        more = len(document.folded) + len(document.joined) + 2
        if at > first and (characters + more > MOST_CHARACTERS or at - first >= MOST_DOCUMENTS):
            yield first, at
            first, characters = at, 0
        characters += more
    yield first, len(documents)


def _in_order(before: str, behind: str, words: str, day: date | None) -> str:
    """All tokens of a document: its parts before what is marked and behind it, its words, and those of the day."""
    if not before and not behind:
        return ""
    time = time_tokens(day) if day is not None else ""
    tokens = before + " ".join([*sorted({*words.split(), *time.split()}), behind])
    if len(tokens) * 4 > MOST_BYTES and len(tokens.encode()) > MOST_BYTES:
        return f"{time} {LARGE}".lstrip()
    return tokens[:-1]


def _points(texts: Sequence[str]) -> tuple[Characters, Places]:
    """The characters of all texts, a line break behind each, and which text each is of."""
    points = np.frombuffer("\n".join([*texts, ""]).encode("utf-32-le", "surrogatepass"), np.uint32)
    return points, np.repeat(np.arange(len(texts)), [len(text) + 1 for text in texts])


def _parts(documents: Sequence[Document]) -> list[tuple[str, str]]:
    """Pairs, threes and what begins none of them of each document: those before WORD in order, and those behind.

    Every token has a blank behind it.
    """
    # Lines that go on in each other are looked at twice: for what stands over the cut they are one line.
    texts = [f"{document.folded}\n{document.joined}" for document in documents]
    points, owners = _points(texts)
    kinds = _kinds()[points]
    kept = (kinds & _IN_WORDS).astype(np.bool_) | (points == ord("\n")) | _breaks(kinds)
    points, kinds, owners = points[kept], kinds[kept], owners[kept]
    known = np.zeros(int(points.max(initial=0)) + 1, np.bool_)
    known[points] = True
    alphabet = np.flatnonzero(known).astype(np.uint32)
    ranks = np.zeros(len(known), np.uint64)  # from 1 on; 0 stands for no character
    ranks[alphabet] = np.arange(1, len(alphabet) + 1)
    bits = len(alphabet).bit_length()
    keys = _keys(ranks[points], kinds, owners.astype(np.uint64), bits)
    return _spelled(keys, np.concatenate([np.zeros(1, np.uint32), alphabet]), bits, len(documents))


def _breaks(kinds: Kinds) -> NDArray[np.bool_]:
    """Where words of letters are apart: at the first of what stands between two of them of two letters or more."""
    at = np.flatnonzero(kinds == 0)
    letters = np.zeros(len(kinds) + 3, np.bool_)
    letters[: len(kinds)] = kinds & _LETTER
    at = at[letters[at - 1] & letters[at - 2] & (at >= 2)]
    ends = np.flatnonzero(kinds)
    next_ = np.searchsorted(ends, at)
    after = np.append(ends, len(kinds))[next_]
    breaks = np.zeros(len(kinds), np.bool_)
    breaks[at[letters[after] & letters[after + 1]]] = True
    return breaks


def _keys(ranks: NDArray[np.uint64], kinds: Kinds, owners: NDArray[np.uint64], bits: int) -> NDArray[np.uint64]:
    """Documents and up to three characters each as numbers, in order; none twice, none that another begins with."""
    once, twice, thrice = np.uint64(bits), np.uint64(2 * bits), np.uint64(3 * bits)
    one = (owners << thrice) | (ranks << twice)
    two = one[:-1] | (ranks[1:] << once)
    three = two[:-1] | ranks[2:]
    word, narrow, chinese = ((kinds & kind).astype(np.bool_) for kind in (_IN_WORDS, _NARROW, _CHINESE))
    both_narrow = narrow[:-1] & narrow[1:]
    pair = word[:-1] & word[1:] & (chinese[:-1] | chinese[1:])
    pair[:-1] |= both_narrow[:-1] & ~narrow[2:]  # the last two of a run
    triple = both_narrow[:-1] & narrow[2:]
    alone = word.copy()
    alone[:-1] &= ~pair
    alone[:-2] &= ~triple
    every = np.concatenate([one[alone], two[pair], three[triple]])
    every.sort()  # np.unique takes twenty times as long
    return every[np.append(~_begins(every[:-1], every[1:], bits), True)] if len(every) else every


def _begins(keys: NDArray[np.uint64], following: NDArray[np.uint64], bits: int) -> NDArray[np.bool_]:
    """Which of the numbers the one that follows in order is the same as, or begins with."""
    differ = keys ^ following
    begins: NDArray[np.bool_] = differ == 0
    for characters in (bits, 2 * bits):
        open_ = np.uint64((1 << characters) - 1)
        begins |= ((keys & open_) == 0) & (differ <= open_)
    return begins


def _spelled(keys: NDArray[np.uint64], alphabet: Characters, bits: int, documents: int) -> list[tuple[str, str]]:
    """The tokens of each of so many documents, before WORD and behind, from the numbers that `_keys` made."""
    mask = np.uint64((1 << bits) - 1)
    letters = np.empty((len(keys), 4), np.uint32)
    for column, shift in enumerate((2 * bits, bits, 0)):
        letters[:, column] = alphabet[(keys >> np.uint64(shift)) & mask]
    letters[:, 3] = _BLANK
    present = letters != 0
    ends = np.append(0, np.cumsum(present.sum(axis=1)))
    owners = np.arange(documents + 1, dtype=np.uint64) << np.uint64(bits)
    firsts = np.stack([owners, owners + np.searchsorted(alphabet, _WORD).astype(np.uint64)], axis=1).ravel()
    spelled = _cut(letters[present], ends[np.searchsorted(keys >> np.uint64(2 * bits), firsts)])
    return list(zip(spelled[::2], spelled[1::2], strict=False))


def _cut(letters: Characters, bounds: Places) -> list[str]:
    text = letters.tobytes().decode("utf-32-le")
    places = bounds.tolist()
    return [text[start:end] for start, end in pairwise(places)]


def _words(texts: Sequence[str]) -> list[str]:
    """The words and short numbers of each text, marked, every one with a blank behind it."""
    points, owners = _points(texts)
    kinds = _kinds()[points]
    commas = _thousands(points, kinds)
    if len(commas):
        points, kinds, owners = np.delete(points, commas), np.delete(kinds, commas), np.delete(owners, commas)
    narrow = np.zeros(len(kinds) + 1, np.bool_)
    narrow[1:] = kinds & _NARROW
    starts = np.flatnonzero(narrow[1:] & ~narrow[:-1])
    ends = np.flatnonzero(narrow[:-1] & ~narrow[1:])
    others = np.append(0, np.cumsum(kinds != _ALPHABETIC))
    told = (ends - starts <= LONGEST_NUMBER) | (others[ends] == others[starts])
    starts, lengths = starts[told], np.minimum(ends - starts, LONGEST_WORD)[told] + 2
    bounds = np.append(0, np.cumsum(lengths))
    letters = points[np.arange(bounds[-1]) + np.repeat(starts - 1 - bounds[:-1], lengths)]
    letters[bounds[:-1]] = _WORD
    letters[bounds[1:] - 1] = _BLANK
    return _cut(letters, bounds[np.searchsorted(owners[starts], np.arange(len(texts) + 1))])


def _thousands(points: Characters, kinds: Kinds) -> Places:
    """The commas in 1,234,567."""
    commas = np.flatnonzero(points == _COMMA)
    digits = np.zeros(len(points) + 5, np.bool_)
    digits[: len(points)] = kinds == _DIGIT
    around = digits[commas - 1] & digits[commas + 1] & digits[commas + 2] & digits[commas + 3] & ~digits[commas + 4]
    return commas[around & (commas > 0)]
