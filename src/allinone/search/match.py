"""Decides whether and how well a document answers a query. Pure; the index only proposes candidates."""

import re
import struct
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Literal, NamedTuple

from allinone.search.document import SEAMS, Document, Place
from allinone.search.fuzzy import FuzzyPart
from allinone.search.geometry import COLUMN, ROW
from allinone.search.query import ParsedQuery, Term
from allinone.search.tokens import compact, is_one_token

Kind = Literal["phrase", "all_terms", "fuzzy"]

PHRASE, PHRASE_LEAST = 1.0, 0.85
ALL_TERMS, ALL_TERMS_LEAST = 0.845, 0.8
FUZZY, FUZZY_LEAST = 0.795, 0.5
FUZZY_CONFIDENCE = 0.1  # how much the confidence of a misread line counts

INSIDE, BEGINNING, BESIDE = 0.0, 0.2, 0.6  # of a word: "car" in "scarf", in "card"; "12" in "ab12"
SPACED = 0.97  # something stands between the phrase's characters that was not asked for
OVER_SEAM = {ROW: 0.9, COLUMN: 0.75}

PARTS = 1_000_000  # of a score that are told apart

FIRST_CJK = "\u2e80"
MOST_OCCURRENCES = 12  # looked at in one document, for the best

# What may stand between two characters of a phrase. Marks that end a sentence never do, nor do line breaks.
_WEAK = r"(?:[^\w\n,;!?。、]|_){0,3}"
_ANY = r"(?:[^\w\n]|_){0,3}"
_HOWEVER_MUCH = r"(?:[^\w\n]|_)*"
_APART = r"(?:[^\w\n]|_){1,3}"
# Between the letters of one word nothing but its own hyphen or a cut; "Mac Art" has no car in it. Only where all
# letters stand apart ("E X I T") may blanks stand between them.
_SPACED = r"(?<![^\W\d_]{2}) (?![^\W\d_]{2})"
_WITHIN_WORD = rf"(?:['\x1e\x1d]|-[\x1e\x1f]?|{_SPACED})?"
_WITHIN_LONG_NUMBER = r"(?:,(?=\d{3}(?!\d))|[ '/\x1e-])?"
# A short number does not go on behind a blank, or 089 would stand in 08 99; but all its digits may be set apart.
_WITHIN_NUMBER = r"(?:,(?=\d{3}(?!\d))|['/\x1e-]|(?<!\d{2}) (?!\d{2}))?"
_DECIMAL = r" ?[.,] ?"
_THOUSANDS = r"[, ]?"
_NUMBER_MARK = r"[ .:/\x1e-]{1,2}"
_OPTIONAL_NUMBER_MARK = r"[ .:/\x1e-]{0,2}"

_CONFIDENCE = struct.Struct("<f").unpack_from

_DATE = re.compile(r"(?<!\d)(?:\d{4}[^\w]\d{1,2}[^\w]\d{1,2}|\d{1,2}[^\w]\d{1,2}[^\w]\d{4})(?!\d)")
_LONG_NUMBER = re.compile(r"\d{3}")
_SPACED_NUMBER = re.compile(r"\d{6,}")  # so long that people write it in groups


class Match(NamedTuple):
    """How a document answers a query.

    Attributes:
        score: 0..1, the confidence of the lines matched included.
        places: what matched, in the order of the query.
    """

    kind: Kind
    score: float
    places: tuple[Place, ...]


class _Found(NamedTuple):
    quality: float  # 0..1
    places: tuple[Place, ...]


@lru_cache(maxsize=512)
def phrase_pattern(text: str) -> re.Pattern[str]:
    """The regular expression that finds the folded phrase `text` in folded text."""
    joined_date = _DATE.search(text) is not None
    pieces: list[str] = []
    before, separators = "", ""
    spaced = {at for number in _SPACED_NUMBER.finditer(text) for at in range(*number.span())}
    for at, character in enumerate(text):
        if not character.isalnum():
            separators += character
            continue
        if before:
            if not separators and at in spaced and before.isdigit():
                pieces.append(_WITHIN_LONG_NUMBER)
            else:
                pieces.append(_between(before, separators, character, loose=joined_date or _has_long(text)))
        pieces.append(re.escape(character))
        before, separators = character, ""
    return re.compile("".join(pieces) if pieces else r"(?!)")


def _has_long(text: str) -> bool:
    return _LONG_NUMBER.search(text) is not None


def _between(before: str, separators: str, after: str, *, loose: bool) -> str:
    numbers = before.isdigit() and after.isdigit()
    mark = separators.strip()
    if not separators:
        gap = _WITHIN_NUMBER if numbers else _WITHIN_WORD if _letters(before, after) else _WEAK
    elif not numbers:
        gap = _ANY
    elif not mark:
        gap = _APART
    elif mark == "." and not loose:
        gap = _DECIMAL
    elif mark == ".":
        gap = _NUMBER_MARK
    elif mark == ",":
        gap = _THOUSANDS
    else:
        gap = _OPTIONAL_NUMBER_MARK if loose else _NUMBER_MARK
    return gap


def _letters(before: str, after: str) -> bool:
    return max(before, after) < FIRST_CJK and before.isalpha() and after.isalpha()


def phrase_score(folded: str, confidences: bytes, at: int) -> float:
    """The score of a phrase that stands as typed at `at` of a document's `folded` text."""
    confidence: float = _CONFIDENCE(confidences, 4 * folded.count("\n", 0, at))[0]
    return _rounded(PHRASE * confidence)


def _rounded(score: float) -> float:
    # `round` goes by way of text, and was a fifth of the time that deciding about a photo takes.
    return int(score * PARTS + 0.5) / PARTS


class Matcher:
    """A query, ready to be held against many documents.

    `common` are pairs of characters that are frequent in the library: no recogniser misread those.

    Attributes:
        as_typed: where this stands in a folded text there is no more to decide, and `phrase_score` is the score of
            the match; empty where there is no such thing.
    """

    def __init__(self, query: ParsedQuery, common: Container[str] = ()) -> None:
        self.query = query
        self._common = common
        self._whole = " ".join(term.text for term in query.terms)
        self._phrase = _Phrase.of(self._whole)
        self._parts = query.parts
        self._part_phrases = [_Phrase.of(part.text) for part in query.parts]
        self._fuzzy = [FuzzyPart.of(part) for part in self._parts]
        self._excluded = [_exclusion(term) for term in query.excluded]
        self.as_typed = self._phrase.dense if self._phrase.bounded and not self._excluded else ""

    def match(self, document: Document, *, phrase: bool = True, fuzzy: bool = True) -> Match | None:
        """How `document` answers the query; None where it does not.

        Pass `phrase=False` where it is known not to have the phrase, `fuzzy=False` where misread text is not
        wanted: both save time.
        """
        if not self._parts or (self._excluded and self.excludes(document)):
            return None
        found = self._phrase.find(document) if phrase else None
        if found is not None:
            return _rate("phrase", PHRASE_LEAST, PHRASE, document, [found])
        if len(self._parts) > 1:
            all_found = self._all_parts(document)
            if all_found is not None:
                return _rate("all_terms", ALL_TERMS_LEAST, ALL_TERMS, document, all_found)
        if fuzzy:
            return self._match_fuzzily(document)
        return None

    def excludes(self, document: Document) -> bool:
        """Whether the document has something the query excludes: in a line, or over a seam."""
        return any(
            _whole_word(text, found.start(), found.end())
            for text in (document.folded, document.joined)
            for pattern in self._excluded
            for found in pattern.finditer(text)
        )

    def places(self, document: Document, match: Match) -> list[Place]:
        """Everything in the document that the query's terms match, for highlighting."""
        places = list(match.places)
        if match.kind == "phrase":
            patterns = [self._phrase.pattern]
        else:
            patterns = [phrase.pattern for phrase in self._part_phrases]
        for pattern in patterns:
            places.extend(
                document.place(found.start(), found.end())
                for found in islice(pattern.finditer(document.folded), MOST_OCCURRENCES)
            )
        return sorted(set(places), key=lambda place: (place.line, place.start, place.end))

    def _all_parts(self, document: Document) -> list[_Found] | None:
        found = []
        for phrase in self._part_phrases:
            best = phrase.find(document)
            if best is None:
                return None
            found.append(best)
        return found

    def _match_fuzzily(self, document: Document) -> Match | None:
        found: list[_Found] = []
        exact = True
        for phrase, fuzzy in zip(self._part_phrases, self._fuzzy, strict=True):
            best = phrase.find(document) if len(self._parts) > 1 else None
            if best is not None:
                found.append(_Found(1.0, best.places))
                continue
            near = fuzzy.find(document, self._common) if fuzzy is not None else None
            if near is None:
                return None
            exact = False
            found.append(_Found(near.similarity, near.places))
        if exact:
            return None
        return _rate("fuzzy", FUZZY_LEAST, FUZZY, document, found)


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A phrase to look for in many documents."""

    pattern: re.Pattern[str]
    length: int
    dense: str
    bounded: bool  # a whole word wherever it stands, as Chinese is

    @classmethod
    def of(cls, text: str) -> "_Phrase":
        dense = compact(text)
        bounded = bool(dense) and dense[0] >= FIRST_CJK and dense[-1] >= FIRST_CJK
        return cls(phrase_pattern(text), _length(text), dense, bounded)

    def find(self, document: Document) -> _Found | None:
        """The best occurrence in a line; failing that, over a seam."""
        text = document.folded
        if self.bounded:
            at = text.find(self.dense)
            if at >= 0:
                return _Found(1.0, (document.place(at, at + len(self.dense)),))
        best: tuple[float, int, int] | None = None
        for count, found in enumerate(self.pattern.finditer(text)):
            start, end = found.span()
            quality = _quality(text, start, end, self.length)
            if best is None or quality > best[0]:
                best = (quality, start, end)
            if quality == 1.0 or count >= MOST_OCCURRENCES:
                break
        if best is not None:
            return _Found(best[0], (document.place(best[1], best[2]),))
        over = _over_seams(document, self.pattern, self.length) if document.joined else ()
        return max(over, key=lambda found: found.quality, default=None)


def _exclusion(term: Term) -> re.Pattern[str]:
    """What excludes a document. A word of one token does so as in the index, whatever stands between its characters."""
    dense = term.dense
    return re.compile(_HOWEVER_MUCH.join(map(re.escape, dense))) if is_one_token(dense) else phrase_pattern(term.text)


def _over_seams(document: Document, pattern: re.Pattern[str], length: int) -> Iterator[_Found]:
    text = document.joined
    for found in islice(pattern.finditer(text), MOST_OCCURRENCES):
        start, end = found.span()
        crossed = sum(text.count(seam, start, end) for seam in SEAMS)
        quality = _quality(text, start, end, length + crossed)
        yield _Found(quality * OVER_SEAM[document.chain(start).kind], document.places(start, end))


def _quality(text: str, start: int, end: int, length: int) -> float:
    left, right = _edge(text, start - 1, start), _edge(text, end, end - 1)
    if left == right == 1.0:
        quality = 1.0
    elif INSIDE in (left, right):
        quality = BEGINNING if left == 1.0 else INSIDE
    else:
        quality = BESIDE
    # Recognisers put blanks between Chinese characters at will; only other marks count.
    return quality if end - start <= length or _length(text[start:end]) <= length else quality * SPACED


def _length(text: str) -> int:
    return len(text) - text.count(" ")


def _edge(text: str, outside: int, inside: int) -> float:
    """1 where a word ends between the two neighbouring positions, INSIDE or BESIDE (ab|12) where not."""
    if not 0 <= outside < len(text):
        return 1.0
    out, own = text[outside], text[inside]
    if own >= FIRST_CJK or own in "\x1e\x1f\n":
        return 1.0
    if out.isalnum():
        if out >= FIRST_CJK:
            return 1.0
        return INSIDE if out.isdigit() == own.isdigit() else BESIDE
    if out in ",." and own.isdigit():
        beyond = 2 * outside - inside
        number = 0 <= beyond < len(text) and text[beyond].isdigit()
        # 560 in 560.00 is the amount; in 1,560 and in 560,000 it is a part of another number.
        if number and (outside < inside or _thousands(text, outside)):
            return INSIDE
    return 1.0


def _thousands(text: str, comma: int) -> bool:
    after = text[comma + 1 : comma + 5]
    return text[comma] == "," and after[:3].isdigit() and len(after) >= 3 and not after[3:].isdigit()


def _whole_word(text: str, start: int, end: int) -> bool:
    return INSIDE not in (_edge(text, start - 1, start), _edge(text, end, end - 1))


def _rate(kind: Kind, least: float, most: float, document: Document, found: Sequence[_Found]) -> Match:
    if len(found) == 1:
        quality, places = found[0]
    else:
        quality = sum(one.quality for one in found) / len(found)
        places = tuple(dict.fromkeys(place for one in found for place in one.places))
    confidence = _mean_confidence(document, places)
    if kind == "fuzzy":
        # Lines that were misread were read with little confidence: that speaks for the hit as much as against it.
        confidence = 1.0 - (1.0 - confidence) * FUZZY_CONFIDENCE
    score = (least + (most - least) * quality) * confidence
    return Match(kind, _rounded(score), places)


def _mean_confidence(document: Document, places: Sequence[Place]) -> float:
    if len(places) == 1:
        return document.confidence(places[0].line)
    lines = {place.line for place in places}
    return sum(map(document.confidence, lines)) / len(lines)
