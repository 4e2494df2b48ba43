"""Finds what the recogniser misread: a wrong character of four or five, two of six or more; a letter off in six.

Digits are never fuzzy, Chinese ones neither: another number is another invoice.
"""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
from typing import NamedTuple

from allinone.search.alignment import align, window_around
from allinone.search.characters import CJK, NUMERALS
from allinone.search.document import Document, Place
from allinone.search.misreading import doubt
from allinone.search.query import Term
from allinone.search.tokens import compact

LEAST_CHARACTERS = 4  # of Chinese
LEAST_FOR_TWO = 5  # of them, where two may be wrong
LEAST_LETTERS = 6
MOST_PATTERN = 16  # characters; longer ones are compared by their pairs alone
LEAST_OVERLAP = 0.6
MOST_WORD = 32
MOST_PLACES = 6  # of intact pieces, looked at in one document
UNITS = frozenset("元圆块角年月日号时点分秒楼层室段巷弄街路联届期级岁人份个位页章节课班组折次台张")

MOST_GAP = 2
_GAP = rf"(?:[^\w\n,;!?。、]|_){{0,{MOST_GAP}}}"
_ONE = r"[^\W_a-z]"
_OTHER_THAN_NUMERAL = "[^\\W_a-z" + "".join(sorted(NUMERALS)) + "]"
_CHINESE = re.compile(rf"[{CJK}]+")
_LATIN = re.compile(r"[a-z]+")


class Near(NamedTuple):
    """Something like what was asked for; `similarity` is 0..1, and below 1."""

    similarity: float
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class FuzzyPart:
    """A part of a query that may be misread in a document: one run of Chinese, or one of Latin letters."""

    dense: str
    chinese: bool

    @classmethod
    def of(cls, part: Term) -> "FuzzyPart | None":
        """The fuzzy form of `part`; None where it must stand as typed."""
        dense = part.dense
        if part.quoted:
            return None
        if _CHINESE.fullmatch(dense) and len(dense) >= LEAST_CHARACTERS:
            return cls(dense, chinese=True)
        if _LATIN.fullmatch(dense) and LEAST_LETTERS <= len(dense) <= MOST_WORD:
            return cls(dense, chinese=False)
        return None

    @property
    def errors(self) -> int:
        """How many characters may be wrong, missing or too many."""
        if self.chinese:
            return 1 if len(self.dense) < LEAST_FOR_TWO else 2
        return min(len(self.dense) // LEAST_LETTERS, 2)

    def pieces(self, errors: int | None = None) -> list[str]:
        """Cut so that at least one piece is intact wherever the errors (as many as may be, unless told) are."""
        count = (self.errors if errors is None else errors) + 1
        bounds = [round(len(self.dense) * at / count) for at in range(count + 1)]
        return [self.dense[start:end] for start, end in pairwise(bounds)]

    def find(self, document: Document, common: Container[str] = ()) -> Near | None:
        """The likest place in a document. `common`: pairs of characters that make sense, for being frequent."""
        found = self._find_chinese(document, common) if self.chinese else self._find_latin(document)
        return max(found, key=lambda near: near.similarity, default=None)

    def _near(self, errors: int, document: Document, start: int, end: int, common: Container[str]) -> Near:
        doubts = doubt(self.dense, document.folded, start, end, common)
        return Near(max(1.0 - (errors + doubts) / len(self.dense), 0.0), (document.place(start, end),))

    def _find_chinese(self, document: Document, common: Container[str]) -> Iterator[Near]:
        absent = sum(character not in document.folded for character in self.dense)
        if absent <= 1 and len(self.dense) <= MOST_PATTERN:
            near = [self._near(1, document, *span, common) for span in self._one_wrong(document.folded)]
            if near:
                yield from near
                return
            for over in self._one_wrong(document.joined):
                yield Near((1.0 - 1.0 / len(self.dense)) * 0.95, document.places(*over))
        if absent <= 2 == self.errors and len(self.dense) <= MOST_PATTERN:
            yield from self._two_wrong(document, common)
        if absent <= len(self.dense) * (1 - LEAST_OVERLAP):
            yield from self._overlapping(document)

    def _one_wrong(self, text: str) -> Iterator[tuple[int, int]]:
        """Around each intact half, where the whole is with one wrong character. A half is found much sooner."""
        pattern, around = _one_wrong(self.dense), (len(self.dense) + 1) * (MOST_GAP + 1)
        for half in islice(_any_piece(tuple(self.pieces(1))).finditer(text), MOST_PLACES):
            start, end = half.span()
            found = pattern.search(text, max(start - around, 0), end + around)
            if found:
                yield found.span()

    def _two_wrong(self, document: Document, common: Container[str]) -> Iterator[Near]:
        """Around each intact third, the part of the line that is like the whole."""
        text = document.folded
        counting = _counting(self.dense)
        for found in islice(_any_piece(tuple(self.pieces())).finditer(text), MOST_PLACES):
            window = window_around(text, *found.span(), len(self.dense) + self.errors)
            near = align(self.dense, counting, window.characters, self.errors)
            if near is not None:
                start, end = window.offsets[near.start], window.offsets[near.end - 1] + 1
                yield self._near(max(near.errors, 1), document, start, end, common)

    def _overlapping(self, document: Document) -> Iterator[Near]:
        pairs = {first + second for first, second in pairwise(self.dense)}
        numerals = {character for at, character in enumerate(self.dense) if _counts(self.dense, at)}
        for index, line in enumerate(document.folded.split("\n")):
            dense = compact(line)
            overlap = sum(pair in dense for pair in pairs) / len(pairs)
            if overlap >= LEAST_OVERLAP and all(numeral in dense for numeral in numerals):
                yield Near(min(overlap, 0.95) * 0.9, _span_of_pairs(index, line, pairs))

    def _find_latin(self, document: Document) -> Iterator[Near]:
        text = document.folded
        for found in _any_of(tuple(self.pieces())).finditer(text):
            start, end = _word_around(text, *found.span(), len(self.dense) + self.errors)
            word = text[start:end]
            if abs(len(word) - len(self.dense)) > self.errors or _beside_digit(text, start, end):
                continue
            distance = edit_distance(self.dense, word)
            if distance <= self.errors:
                similarity = 1.0 - max(distance, 1) / len(self.dense)
                yield Near(similarity, (document.place(start, end),))


def _word_around(text: str, start: int, end: int, longest: int) -> tuple[int, int]:
    """The word that [start, end) is a part of; of one longer than `longest`, a part that is longer, too."""
    least, most = max(end - longest - 1, 0), min(start + longest + 1, len(text))
    while start > least and "a" <= text[start - 1] <= "z":
        start -= 1
    while end < most and "a" <= text[end] <= "z":
        end += 1
    return start, end


@lru_cache(maxsize=256)
def _any_of(pieces: tuple[str, ...]) -> re.Pattern[str]:
    """Finds any of the pieces; looking for whole words at once would try every word of the text."""
    return re.compile("|".join(pieces))


@lru_cache(maxsize=256)
def _any_piece(pieces: tuple[str, ...]) -> re.Pattern[str]:
    """Finds any of the pieces, whatever blanks and weak marks stand inside."""
    return re.compile("|".join(_GAP.join(map(re.escape, piece)) for piece in pieces))


def _beside_digit(text: str, start: int, end: int) -> bool:
    return text[start - 1 : start].isdigit() or text[end : end + 1].isdigit()


def _span_of_pairs(index: int, line: str, pairs: set[str]) -> tuple[Place, ...]:
    characters = {character for pair in pairs for character in pair}
    positions = [at for at, character in enumerate(line) if character in characters]
    return (Place(index, positions[0], positions[-1] + 1),)


@lru_cache(maxsize=256)
def _one_wrong(dense: str) -> re.Pattern[str]:
    """Finds `dense` with one character replaced, missing or too many."""
    ways = []
    for at in range(len(dense)):
        wrong = _OTHER_THAN_NUMERAL if _counts(dense, at) else _ONE
        inner = 0 < at < len(dense) - 1
        # At an end the wrong character is whatever stands there, and need not be looked at.
        replaced = [*map(re.escape, dense[:at]), f"{wrong}?", *map(re.escape, dense[at + 1 :])]
        if not inner:
            replaced.remove(f"{wrong}?")
            if _counts(dense, at):
                continue
        ways.append(_GAP.join(replaced))
        if at:
            beside = _counts(dense, at - 1) or _counts(dense, at)
            extra = _OTHER_THAN_NUMERAL if beside else _ONE
            ways.append(_GAP.join([*map(re.escape, dense[:at]), extra, *map(re.escape, dense[at:])]))
    return re.compile("|".join(ways))


@lru_cache(maxsize=4096)
def edit_distance(first: str, second: str) -> int:
    """Insertions, deletions and replacements that lead from one word to the other."""
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        current = [i]
        for j, b in enumerate(second, 1):
            current.append(min(row[j] + 1, current[j - 1] + 1, row[j - 1] + (a != b)))
        row = current
    return row[-1]


@lru_cache(maxsize=256)
def _counting(dense: str) -> frozenset[int]:
    """The places of characters that are parts of numbers."""
    return frozenset(at for at in range(len(dense)) if _counts(dense, at))


def _counts(dense: str, at: int) -> bool:
    """Whether the character is a part of a number, and not of a word such as 统一."""
    if dense[at] not in NUMERALS:
        return False
    before, after = dense[at - 1 : at], dense[at + 1 : at + 2]
    return before == "第" or bool({before, after} & NUMERALS) or (after != "" and after in UNITS)
