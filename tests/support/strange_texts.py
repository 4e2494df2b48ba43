"""Texts of every kind that people and programs send, from one seed."""

import sys
import unicodedata

import numpy as np

WORDS = (  # noqa: SIM905
    "a photo of the red car on Nathan Road in 2024-05-01 re-entry don't naïve Ångström ΟΔΟΣ İstanbul STRASSE ß ﬁne "
    "unaffable electroencephalography 12:30 $19.99 3.14e-10 user@example.com https://example.com/a?b=1 C++ [CLS] [PAD] "
    "[MASK] [unused1] ##s ... --- ___ ''"
).split()
CHINESE = "在海灘上奔跑的狗貓飛機紅色汽車夜景山水人家發票統一電子證明聯总计金额编号收据明细日期时间地址服务茶咖啡馆"
RARE = "龘靐齉𠮷𡃁𢵧㐂㒰﨑﨟豈更𫝀𫠝𬌗𰻞々〇〆ヶ仝"
EMOJI = ("😀", "👨‍👩‍👧‍👦", "🏳️‍🌈", "❤️", "👍🏽", "🇹🇼", "☎", "①", "㍿", "™", "½", "→")
OTHERS = (
    "ひらがな",
    "カタカナ",
    "ｶﾀｶﾅ",
    "한국어",
    "ไทย",
    "العربية",
    "עברית",
    "हिन्दी",
    "Việt",
    "e\u0301",
    "ＡＢＣ１２３",
    "ﷺ",
    "Ǆ",
)
SPACES = (" ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u2003", "\u200b", "\u2028", "\u2029", "\ufeff", "\x0b")


def strange_texts(count: int, seed: int = 0) -> list[str]:
    """`count` texts: Chinese, English, emoji, rare and any other characters, halves of surrogate pairs, long ones."""
    random = np.random.default_rng(seed)
    makers = (_words, _chinese, _mixed, _anything, _anything_of_a_kind, _long, _one)
    edges = ["", " ", "\x00", "\ud800", "\udc00\ud800", "[CLS]", "!" * 300, "x" * 200, "x" * 201, "狗" * 300, "\u0301"]
    return [*edges, *(makers[number % len(makers)](random) for number in range(count - len(edges)))]


def _pick(random: np.random.Generator, pool: str | tuple[str, ...] | list[str]) -> str:
    return pool[int(random.integers(len(pool)))]


def _words(random: np.random.Generator) -> str:
    case = (str.lower, str.upper, str.title, str)[int(random.integers(4))]
    return " ".join(case(_pick(random, WORDS)) for _ in range(int(random.integers(1, 20))))


def _chinese(random: np.random.Generator) -> str:
    return "".join(_pick(random, CHINESE) for _ in range(int(random.integers(1, 60))))


def _mixed(random: np.random.Generator) -> str:
    pools = (WORDS, CHINESE, RARE, EMOJI, OTHERS, SPACES, SPACES)
    return "".join(_pick(random, pools[int(random.integers(len(pools)))]) for _ in range(int(random.integers(1, 40))))


def _anything(random: np.random.Generator) -> str:
    """Any code point there is, halves of surrogate pairs and those not assigned included."""
    return "".join(chr(int(random.integers(sys.maxunicode + 1))) for _ in range(int(random.integers(1, 30))))


def _anything_of_a_kind(random: np.random.Generator) -> str:
    """Characters of one block, as a foreign text has them, with letters between."""
    start = int(random.integers(0, 0x3200)) * 16
    found = [chr(start + int(random.integers(256))) for _ in range(int(random.integers(1, 30)))]
    return "".join(each + ("a" if random.random() < 0.2 else "") for each in found)


def _long(random: np.random.Generator) -> str:
    text = _mixed(random)
    while len(text) < 300:
        text += _mixed(random)
    return text[:300]


def _one(random: np.random.Generator) -> str:
    """Each control character, mark and sign by itself, between letters and at the end."""
    while True:
        character = chr(int(random.integers(0x3400)))
        if unicodedata.category(character)[0] in "CMPSZ":
            return f"ab{character}cd {character} 飛{character}機{character}"
