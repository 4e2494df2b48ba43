"""What to ask the index: tsqueries, strictest first, that every document that can match answers."""

from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

from allinone.search.fuzzy import FuzzyPart
from allinone.search.query import ParsedQuery
from allinone.search.tokens import BEGINNING, LARGE, WORD, compact_words, is_one_token, phrase_tokens, words

MOST_PLACES = 8  # characters up to which all places of wrong ones are asked for by themselves
MOST_LETTERS_ONE_WRONG = 7  # the same for letters; halves of longer words tell enough, at a quarter of the cost
ENOUGH_LEFT = 4  # Chinese characters of a word that are not wrong, beside which single ones are not asked for


class Step(NamedTuple):
    """What to ask the index.

    Attributes:
        tsquery: for the index.
        phrase: whether it finds all documents with the phrase, or but those with all terms.
        tokens: what all the documents that it finds have.
    """

    tsquery: str
    phrase: bool
    tokens: tuple[str, ...]


def exact_steps(query: ParsedQuery) -> list[Step]:
    """Tsqueries for phrases of whole words, for phrases, for all terms: each finds more."""
    if not query.parts:
        return []
    phrase = phrase_tokens(compact_words(" ".join(term.text for term in query.terms)))
    whole = [WORD + word for term in query.terms for word in words(term.text)]
    parts = [token for part in query.parts for token in phrase_tokens(compact_words(part.text))]
    # A whole word is one token; its letters in threes would only be more lists to intersect.
    inside = {token for word in whole for token in phrase_tokens(word.removeprefix(WORD))}
    asked = [([token for token in phrase if token not in inside] + whole, True)] if whole else []
    asked += [(phrase, True), (parts, False)]
    excluded = [token for term in query.excluded if is_one_token(term.dense) for token in phrase_tokens(term.dense)]
    steps: dict[str, Step] = {}
    for tokens, has_phrase in asked:
        tsquery = _tsquery(_all(tokens), excluded)
        steps.setdefault(tsquery, Step(tsquery, has_phrase, tuple(tokens)))
    return list(steps.values())


def fuzzy_steps(query: ParsedQuery) -> list[str]:
    """Tsqueries for documents that have each term with one wrong character at most, and for all that have them misread.

    None, where no term may be. The second finds what the first does and more, at several times its cost.
    """
    parts = [(part, FuzzyPart.of(part)) for part in query.parts]
    if not any(fuzzy for _, fuzzy in parts):
        return []
    steps = []
    for most in (1, None):
        asked = [
            _fuzzy(fuzzy, most or fuzzy.errors) if fuzzy else _all(phrase_tokens(compact_words(part.text)))
            for part, fuzzy in parts
        ]
        steps.append(_tsquery(" & ".join(f"({one})" for one in asked), []))
    return list(dict.fromkeys(steps))


def any_of(tokens: Iterable[str]) -> str:
    """The tsquery for documents with one of some tokens or more."""
    return " | ".join(map(_lexeme, tokens))


def _fuzzy(part: FuzzyPart, errors: int) -> str:
    length = len(part.dense)
    if length <= (MOST_PLACES if part.chinese else MOST_LETTERS_ONE_WRONG):
        ways = [_without(part.dense, wrong) for wrong in combinations(range(length), errors)]
    else:
        ways = [phrase_tokens(piece) for piece in part.pieces(errors)]
    return " | ".join(f"({_all(way)})" for way in dict.fromkeys(map(tuple, ways)) if way)


def _without(dense: str, wrong: Sequence[int]) -> list[str]:
    """The tokens left of a word whose characters `wrong` are so."""
    bounds = [-1, *wrong, len(dense)]
    sides = [dense[start + 1 : end] for start, end in pairwise(bounds)]
    # Where a long piece is left, a single character beside it tells little more, and has the longest lists to read.
    least = 3 if dense.isascii() else 2 if max(map(len, sides)) >= ENOUGH_LEFT else 1
    return [token for side in sides if len(side) >= least for token in phrase_tokens(side)]


def _all(tokens: Iterable[str]) -> str:
    return " & ".join(map(_lexeme, dict.fromkeys(tokens)))


def _lexeme(token: str) -> str:
    return f"'{token.removesuffix(BEGINNING)}':*" if token.endswith(BEGINNING) else f"'{token}'"


def _tsquery(wanted: str, excluded: list[str]) -> str:
    unwanted = "".join(f" & !{_lexeme(token)}" for token in excluded)
    return f"(({wanted}){unwanted}) | '{LARGE}'"
