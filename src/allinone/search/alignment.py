"""How like a part of a text is to what was asked for: the fewest characters wrong, missing or too many."""

from functools import lru_cache
from typing import NamedTuple

from allinone.search.characters import NUMERALS

FORBIDDEN = 99


class Window(NamedTuple):
    """Some characters of a line, blanks and weak marks left out, and where each stands in the text."""

    characters: str
    offsets: list[int]


class Alignment(NamedTuple):
    """The part [start, end) of the text that is most like, and how many characters of it are not right."""

    errors: int
    start: int
    end: int


def window_around(text: str, start: int, end: int, most: int) -> Window:
    """The characters of [start, end) and up to `most` on either side, in the same line."""
    before, after = start, end
    left: list[int] = []
    while before > 0 and len(left) < most and text[before - 1] != "\n":
        before -= 1
        if _counts_as_one(text[before]):
            left.append(before)
    right: list[int] = []
    while after < len(text) and len(right) < most and text[after] != "\n":
        if _counts_as_one(text[after]):
            right.append(after)
        after += 1
    offsets = [*reversed(left), *(at for at in range(start, end) if _counts_as_one(text[at])), *right]
    return Window("".join(text[at] for at in offsets), offsets)


def _counts_as_one(character: str) -> bool:
    # A mark that ends a sentence is a character too many; others may stand anywhere.
    return character.isalnum() or character in ",;!?。、"


@lru_cache(maxsize=4096)
def align(wanted: str, counting: frozenset[int], text: str, most: int) -> Alignment | None:
    """The part of `text` nearest to `wanted`; None where more than `most` characters are not right.

    Places `counting` of `wanted` are parts of numbers: they must be there, and no other numeral beside them. What was
    compared is remembered: where a word is misread, it often is so in many photos of the same form.
    """
    # Sellers' algorithm, with the start of each best path carried along; a part may begin anywhere.
    row = [(0, at) for at in range(len(text) + 1)]
    for i, asked in enumerate(wanted):
        counts = i in counting
        missing = FORBIDDEN if counts else 1
        current = [(row[0][0] + missing, row[0][1])]
        for j, there in enumerate(text):
            wrong = 0 if asked == there else FORBIDDEN if counts or (there in NUMERALS and beside(counting, i)) else 1
            extra = FORBIDDEN if there in NUMERALS and (counts or i + 1 in counting) else 1
            current.append(
                min(
                    (row[j][0] + wrong, row[j][1]),
                    (row[j + 1][0] + missing, row[j + 1][1]),
                    (current[j][0] + extra, current[j][1]),
                )
            )
        row = current
    errors, end = min((errors, end) for end, (errors, _) in enumerate(row))
    return Alignment(errors, row[end][1], end) if errors <= most and row[end][1] < end else None


def beside(counting: frozenset[int], at: int) -> bool:
    """Whether a part of a number stands next to the place."""
    return at - 1 in counting or at + 1 in counting
