"""Text to BERT's word pieces, as cn_clip cuts it: the same numbers for any text.

What comes before the pieces (dropping control characters, lower case, accents, punctuation) is done here, by the
Unicode tables that cn_clip uses, Python's own: those built into `tokenizers` differ on rare characters, and it takes
"[SEP]" in a text for the mark of that name.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.models import WordPiece

CONTEXT = 52  # tokens, with [CLS] and [SEP]
MOST_CHARACTERS = 100_000  # of a text; 50 word pieces are found in far fewer
LONGEST_WORD = 200  # characters; longer ones are unknown words

_FIRST, _LAST, _UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character: no vocabulary has it, and it has no UTF-8
_CJK = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


class WordPieces:
    """A vocabulary, and how text is cut into it. Threads may share it."""

    def __init__(self, vocabulary: Path) -> None:
        with vocabulary.open(encoding="utf-8") as lines:
            numbers = {line.strip(): number for number, line in enumerate(lines)}
        self._first, self._last, self._unknown = (numbers[mark] for mark in (_FIRST, _LAST, _UNKNOWN))
        pieces = WordPiece(numbers, unk_token=_UNKNOWN, max_input_chars_per_word=LONGEST_WORD)
        self._pieces = Tokenizer(pieces)

    def encode(self, text: str) -> list[int]:
        """[CLS], at most 50 word pieces of `text`, [SEP]; nothing is padded."""
        most = CONTEXT - 2
        pieces: list[int] = []
        for word in islice(_words(text[:MOST_CHARACTERS]), most):
            pieces += self._cut(word)
            if len(pieces) >= most:
                break
        return [self._first, *pieces[:most], self._last]

    def _cut(self, word: str) -> list[int]:
        if _SURROGATE.search(word):
            return [self._unknown]
        ids: list[int] = self._pieces.encode([word], is_pretokenized=True, add_special_tokens=False).ids
        return ids


def _words(text: str) -> Iterator[str]:
    """Lower case, without accents; each Chinese character and each punctuation mark is one."""
    for part in "".join(map(_cleaned, text)).split():
        plain = "".join(each for each in unicodedata.normalize("NFD", part.lower()) if not _is_accent(each))
        start = 0
        for place, character in enumerate(plain):
            if _is_punctuation(character):
                yield from plain[start:place].split()
                yield character
                start = place + 1
        yield from plain[start:].split()


@lru_cache(maxsize=1 << 16)
def _cleaned(character: str) -> str:
    code = ord(character)
    if character in "\t\n\r":
        return " "
    category = unicodedata.category(character)
    if code == 0xFFFD or category in ("Cc", "Cf"):
        return ""
    if category == "Zs":
        return " "
    return f" {character} " if any(low <= code <= high for low, high in _CJK) else character


def _is_accent(character: str) -> bool:
    return unicodedata.category(character) == "Mn"


def _is_punctuation(character: str) -> bool:
    # every sign of ASCII counts, also those that Unicode calls symbols
    if character.isascii():
        return character.isprintable() and not character.isalnum() and character != " "
    return unicodedata.category(character).startswith("P")
