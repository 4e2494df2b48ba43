"""What to ask the index: tsqueries, strictest first, that every document that can match answers."""

from collections.abc import Iterable
from typing import NamedTuple

from allinone.search.fuzzy import FuzzyPart
from allinone.search.query import ParsedQuery, Term
from allinone.search.tokens import LARGE, WORD, compact, phrase_tokens, words

MOST_ONE_WRONG = 8  # characters up to which every place of one wrong character is asked for by itself
MOST_LETTERS_ONE_WRONG = 7  # the same for letters; halves of longer words tell enough, at a quarter of the cost


class Step(NamedTuple):
    """A tsquery; `phrase` tells whether it finds all documents with the phrase, or but those with all terms."""

    tsquery: str
    phrase: bool


def exact_steps(query: ParsedQuery) -> list[Step]:
    """Tsqueries for phrases of whole words, for phrases, for all terms: each finds more."""
    if not query.parts:
        return []
    phrase = phrase_tokens(compact(" ".join(term.text for term in query.terms)))
    whole = [WORD + word for term in query.terms for word in words(term.text)]
    parts = [token for part in query.parts for token in phrase_tokens(part.dense)]
    # A whole word is one token; its letters in threes would only be more lists to intersect.
    inside = {token for word in whole for token in phrase_tokens(word.removeprefix(WORD))}
    asked = [([token for token in phrase if token not in inside] + whole, True)] if whole else []
    asked += [(phrase, True), (parts, False)]
    excluded = [term.dense for term in query.excluded if _one_token(term)]
    steps: dict[str, Step] = {}
    for tokens, has_phrase in asked:
        tsquery = _tsquery(_all(tokens), excluded)
        steps.setdefault(tsquery, Step(tsquery, phrase=has_phrase))
    return list(steps.values())


def fuzzy_step(query: ParsedQuery) -> str | None:
    """The tsquery for documents that have the terms misread; None where no term may be."""
    parts = [(part, FuzzyPart.of(part)) for part in query.parts]
    if not any(fuzzy for _, fuzzy in parts):
        return None
    asked = [_fuzzy(fuzzy) if fuzzy else _all(phrase_tokens(part.dense)) for part, fuzzy in parts]
    return _tsquery(" & ".join(f"({one})" for one in asked), [])


def _one_token(term: Term) -> bool:
    """Whether having the term's token is having the term. Of longer ones the matcher decides."""
    dense = term.dense
    return len(dense) <= 2 and not dense.isascii()


def _fuzzy(part: FuzzyPart) -> str:
    if len(part.dense) <= (MOST_ONE_WRONG if part.chinese else MOST_LETTERS_ONE_WRONG):
        ways = [_without(part.dense, at) for at in range(len(part.dense))]
    else:
        ways = [phrase_tokens(piece) for piece in part.pieces()]
    return " | ".join(f"({_all(way)})" for way in dict.fromkeys(map(tuple, ways)) if way)


def _without(dense: str, at: int) -> list[str]:
    """The tokens left of a word whose character `at` is wrong."""
    return [
        token
        for side in (dense[:at], dense[at + 1 :])
        if side
        for token in (phrase_tokens(side) if len(side) > 1 or not side.isascii() else [])
    ]


def _all(tokens: Iterable[str]) -> str:
    return " & ".join(f"'{token}'" for token in dict.fromkeys(tokens))


def _tsquery(wanted: str, excluded: list[str]) -> str:
    unwanted = "".join(f" & !'{token}'" for token in excluded)
    return f"(({wanted}){unwanted}) | '{LARGE}'"
