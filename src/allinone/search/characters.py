"""One character at a time: what it folds to, and what kind of character it is.

Folding never looks at a character's neighbours, so query and document always agree, an offset in folded text
leads back to one original character, and the whole is one `str.translate`.
"""

import unicodedata
from collections.abc import Sequence
from functools import cache
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray
from opencc import OpenCC

HAN = "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
HANGUL = "\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3"
BOPOMOFO = "\u3105-\u312f\u31a0-\u31bf"
CJK = HAN + KANA + HANGUL + BOPOMOFO
"""The scripts written without blanks, as the inside of a regular expression's character class."""

NUMERALS = frozenset("0123456789〇零一二三四五六七八九十百千万亿两壹贰叁肆伍陆柒捌玖拾佰仟")
"""Digits in folded text, Chinese ones among them: another one of these is another number."""

_COMBINING = dict.fromkeys((*range(0x300, 0x370), 0x3099, 0x309A))
_VARIANTS = ("t2s", "tw2s", "hk2s")


@cache
def _simplified() -> dict[int, str]:
    """Every Han character that has a simplified form of one character, to that form."""
    bounds = ((0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x20000, 0x323AF))
    characters = [
        chr(point)
        for first, last in bounds
        for point in range(first, last + 1)
        if unicodedata.category(chr(point)) != "Cn"
    ]
    table: dict[int, str] = {}
    for variant in _VARIANTS:
        converted = OpenCC(variant).convert("\n".join(characters)).split("\n")
        for original, simplified in zip(characters, converted, strict=True):
            if len(simplified) == 1 and simplified != original:
                table.setdefault(ord(original), simplified)
    return table


class _FoldTable(dict[int, str]):
    """Filled as characters are met; at most as large as Unicode."""

    def __missing__(self, point: int) -> str:
        folded = _fold_character(chr(point))
        self[point] = folded
        return folded


def _fold_character(character: str) -> str:
    if character == "\n":
        return character
    if not character.isprintable() and unicodedata.category(character) not in ("Zs", "Co"):
        # Format characters (zero-width blanks, direction marks) vanish; controls and surrogates separate.
        return "" if unicodedata.category(character) == "Cf" else " "
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", character).casefold())
    # Accents go, so that composed and decomposed spellings meet without looking at neighbours.
    text = unicodedata.normalize("NFKC", text.translate(_COMBINING)).casefold()
    return " ".join(text.translate(_simplified()).split("\n")) if not text.isspace() else " "


_TABLE = _FoldTable()


def fold(text: str) -> str:
    """`text` as it is compared: NFKC, case and accents folded, traditional to simplified.

    Line breaks stay; every other control character becomes a blank. The length may change; see
    `normalise.fold_with_offsets` for the way back.
    """
    return text.translate(_TABLE)


_UNKNOWN, _OTHER = 0, 0x10FFFF
"""Not met yet; not one character but none, or several. Nothing folds to either."""


@cache
def _folded_points() -> NDArray[np.uint32]:
    """By code point, the one that it folds to; filled as characters are met."""
    return np.zeros(0x110000, np.uint32)  # takes memory only where it is touched


def _meet(points: set[int]) -> None:
    table = _folded_points()
    for point in points:
        folded = _TABLE[point]
        table[point] = ord(folded) if len(folded) == 1 else _OTHER


def fold_all(texts: Sequence[str]) -> list[str]:
    """`fold` of each text; of hundreds together, as arrays of numbers, in a third of the time."""
    points = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    table = _folded_points()
    folded = table[points]
    unknown = points[folded == _UNKNOWN]
    if len(unknown):
        _meet(set(unknown.tolist()))
        folded = table[points]
    ends = list(accumulate(map(len, texts), initial=0))
    whole = folded.tobytes().decode("utf-32-le")
    found = [whole[start:end] for start, end in pairwise(ends)]
    others = np.flatnonzero(folded == _OTHER)
    for at in set((np.searchsorted(ends, others, side="right") - 1).tolist()):
        found[at] = fold(texts[at])
    return found
