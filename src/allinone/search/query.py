"""What a person typed, taken apart. Nothing typed is an error."""

import re
from dataclasses import dataclass

from allinone.search.characters import CJK, fold
from allinone.search.tokens import compact

MOST_CHARACTERS = 256  # of a query; the rest is not looked at
MOST_TERMS = 16
MOST_EXCLUDED = 8

_PREFIX = re.compile(r"\s*[oOｏＯ][cCｃＣ][rRｒＲ]\s*[:：﹕]")
_QUOTES = dict.fromkeys(map(ord, "＂“”„‟«»"), '"')
_MINUS = dict.fromkeys(map(ord, "－−–"), "-")
_TERM = re.compile(r'(?P<minus>(?<!\S)-(?=[^\s-]))?(?:"(?P<quoted>[^"]*)(?:"|$)|(?P<plain>[^\s"]+))')
_SCRIPT_RUN = re.compile(rf"[{CJK}](?:[^\w]*[{CJK}])*|[^\W_{CJK}](?:(?:[^\w]|_)*[^\W_{CJK}])*")


@dataclass(frozen=True, slots=True)
class Term:
    """Something to look for.

    Attributes:
        text: folded.
        quoted: must stand exactly so.
    """

    text: str
    quoted: bool = False

    @property
    def dense(self) -> str:
        """Without blanks and punctuation."""
        return compact(self.text)


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A query, understood.

    Attributes:
        terms: what to look for, in the order typed.
        excluded: what must not be there.
        text_only: asked for the text in photos only, by `ocr:` or by quotes.
        picture_text: what to give to the CLIP model: as typed, without prefix, quotes and exclusions.
    """

    terms: tuple[Term, ...]
    excluded: tuple[Term, ...]
    text_only: bool
    picture_text: str

    @property
    def parts(self) -> tuple[Term, ...]:
        """The terms, cut where the script changes: people type 總計560 for what stands apart on paper."""
        parts: list[Term] = []
        for term in self.terms:
            if term.quoted:
                parts.append(term)
            else:
                parts.extend(Term(run) for run in _SCRIPT_RUN.findall(term.text))
        return tuple(dict.fromkeys(parts))


def parse(typed: str) -> ParsedQuery:
    """Take a query apart. Never raises; what cannot be searched for is left out."""
    text = typed[:MOST_CHARACTERS]
    prefix = _PREFIX.match(text)
    if prefix:
        text = text[prefix.end() :]
    text = " ".join(text.translate(_QUOTES).split())
    terms, excluded, shown = _take_apart(text)
    if excluded and not terms:
        # A list of exclusions finds nothing; "-560" alone means the amount.
        terms, excluded = excluded, []
        shown = [term.text for term in terms]
    return ParsedQuery(
        terms=tuple(terms[:MOST_TERMS]),
        excluded=tuple(excluded[:MOST_EXCLUDED]),
        text_only=prefix is not None or any(term.quoted for term in terms),
        picture_text=" ".join(shown),
    )


def _take_apart(text: str) -> tuple[list[Term], list[Term], list[str]]:
    terms: list[Term] = []
    excluded: list[Term] = []
    shown: list[str] = []
    for found in _TERM.finditer(_dashes(text)):
        quoted = found["quoted"] is not None
        typed = found["quoted"] if quoted else found["plain"]
        term = Term(fold(typed)[:MOST_CHARACTERS].strip(), quoted)  # folding one ligature may give 18 characters
        if not found["minus"]:
            shown.append(typed)
        if not term.dense:
            continue
        (excluded if found["minus"] else terms).append(term)
    return terms, excluded, [piece.replace("\0", "") for piece in shown if piece.strip()]


def _dashes(text: str) -> str:
    return text.translate(_MINUS)
