"""Whether something like what was asked for is that, misread, or just other words.

What a recogniser misreads makes little sense: its wrong characters seldom stand beside such neighbours elsewhere. Where
they often do, people wrote so. And a word that differs at one of its ends may be a longer word's beginning or end, of
which there are many more than of words misread just there.
"""

from bisect import bisect_left
from collections.abc import Container
from itertools import pairwise

from allinone.search.alignment import window_around

AT_AN_END = 0.35  # of a wrong character: what one weighs more at an end of the word
NOTHING_THERE = 0.1  # and where no Chinese character stands in its place
MAKES_SENSE = 0.6  # and where what stands there often stands so

_FIRST_CHINESE = "\u2e80"


def doubt(wanted: str, text: str, start: int, end: int, common: Container[str]) -> float:
    """How much speaks against [start, end) of folded `text` being `wanted`, misread: in wrong characters.

    `common`: pairs of characters that are frequent in the library.
    """
    window = window_around(text, start, end, 2)
    characters = window.characters
    first, last = bisect_left(window.offsets, start), bisect_left(window.offsets, end)
    # Where a finder left out the wrong character at an end, take in what stands there.
    if first and characters[first] == wanted[1]:
        first -= 1
    if last < len(characters) and characters[last - 1] == wanted[-2]:
        last += 1
    found = characters[first:last]
    before = _alike(wanted, found)
    after = min(_alike(wanted[::-1], found[::-1]), min(len(wanted), len(found)) - before)
    doubts = 0.0
    for right, there in ((before, found[:1]), (after, found[-1:])):
        if not right:
            doubts += AT_AN_END + (NOTHING_THERE if len(found) < len(wanted) or there < _FIRST_CHINESE else 0.0)
    odd = characters[max(first + before - 1, 0) : last - after + 1]
    return doubts + (MAKES_SENSE if any(one + two in common for one, two in pairwise(odd)) else 0.0)


def _alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
