"""Queries with the photos that answer them, judged by what stands in the photo, not by what was read."""

import random
import re
import string
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from benchmarks.corpus import COMMON
from opencc import OpenCC

CHINESE = re.compile("[\u4e00-\u9fff]+")
WHOLE, PART = 2, 1  # grades: the word or number itself; a part of a longer one
ABSENT = "absent"


@cache
def _simplify() -> Callable[[str], str]:
    convert: Callable[[str], str] = OpenCC("t2s").convert
    return convert


_BREAKS = re.compile(
    r"(?<![0-9])[,，。、；！？;!?]|[，。、；！？](?![0-9])|(?<=[0-9])[ .:](?=[0-9])|(?<=[a-z]{2}) (?=[a-z]{2})"
)


def plain(text: str) -> str:
    """Without case, width, script, blanks and punctuation: the judge's own folding, by OpenCC on whole texts.

    What ends a sentence, and what parts two words of letters or two numbers, becomes a line break.
    """
    folded = _BREAKS.sub("\n", _simplify()(unicodedata.normalize("NFKC", text).casefold()))
    return "".join(character for character in folded if character.isalnum() or character == "\n")


@dataclass(frozen=True, slots=True)
class Judged:
    """A query; `grades` by number of the photo. Photos not in it do not answer the query."""

    typed: str
    grades: dict[int, int]
    noise: float = 0.0


class Judge:
    """Draws queries from the truth of some photos, and says which photos answer them."""

    def __init__(self, truths: Sequence[Sequence[str]], seed: int = 5) -> None:
        self._draw = random.Random(seed)
        self._lines = [line for truth in truths for line in truth]
        self._plain = ["\n".join(plain(line) for line in truth) for truth in truths]
        # Words and numbers with one blank around each, to tell whole ones from parts.
        self._worded = [
            " " + " ".join(re.findall(r"[a-z]+|\d+(?:[,.]\d+)*", unicodedata.normalize("NFKC", line).casefold())) + " "
            for line in ("\n".join(truth) for truth in truths)
        ]
        self._all = "\n".join(self._plain)

    def grades(self, typed: str) -> dict[int, int]:
        """The photos that have `typed` in a line."""
        wanted = plain(typed)
        word = wanted if wanted.isascii() and wanted.isalnum() else None
        found = {}
        for number, text in enumerate(self._plain):
            if wanted in text:
                whole = word is None or f" {word} " in self._worded[number].replace(",", "")
                found[number] = WHOLE if whole else PART
        return found

    def _judged(self, make: Callable[[], str], count: int, noise: float = 0.0, rare: int | None = None) -> list[Judged]:
        found: dict[str, Judged] = {}
        for _ in range(count * 60):
            typed = make()
            if not typed or typed in found:
                continue
            grades = self.grades(typed)
            if grades and (rare is None or len(grades) <= rare):
                found[typed] = Judged(typed, grades, noise)
            if len(found) >= count:
                break
        return list(found.values())

    def _window(self, least: int, most: int, pattern: re.Pattern[str] = CHINESE) -> str:
        length = self._draw.randint(least, most)
        runs = [run for run in pattern.findall(self._draw.choice(self._lines)) if len(run) >= length]
        if not runs:
            return ""
        run = self._draw.choice(runs)
        start = self._draw.randint(0, len(run) - length)
        return run[start : start + length]

    def _crossed(self) -> str:
        typed = self._window(2, 8)
        crossed = OpenCC("s2t").convert(typed) if _simplify()(typed) == typed else _simplify()(typed)
        return crossed if crossed != typed else ""

    def _wide(self) -> str:
        word = self._window(3, 8, re.compile("[A-Za-z0-9]+"))
        return "".join(chr(ord(character) + 0xFEE0) for character in word)

    def _word(self) -> str:
        words = re.findall("[A-Za-z]{3,}", self._draw.choice(self._lines))
        return self._draw.choice(words).lower() if words else ""

    def _two_terms(self, truths: Sequence[Sequence[str]]) -> tuple[str, str] | None:
        truth = self._draw.choice(truths)
        pieces = [self._draw.choice(runs) for line in truth if (runs := re.findall("[\u4e00-\u9fff]{2,4}", line))]
        if len(pieces) < 2:
            return None
        first, second = self._draw.sample(pieces, 2)
        return (first, second) if first != second else None

    def two_terms(self, truths: Sequence[Sequence[str]], count: int) -> list[Judged]:
        """Two words of one photo, in any order, on any lines."""
        found: dict[str, Judged] = {}
        while len(found) < count:
            terms = self._two_terms(truths)
            if terms is None:
                continue
            first, second = map(self.grades, terms)
            found[" ".join(terms)] = Judged(" ".join(terms), dict.fromkeys(first.keys() & second.keys(), WHOLE))
        return list(found.values())

    def one_wrong(self, count: int) -> list[Judged]:
        """Queries with one character replaced; what answers them has the right one."""
        found: dict[str, Judged] = {}
        while len(found) < count:
            right = self._window(4, 8) if self._draw.random() < 0.7 else self._word()
            if len(right) < (6 if right.isascii() else 4):
                continue
            at = self._draw.randrange(len(right))
            letters = string.ascii_lowercase if right.isascii() else COMMON
            wrong = right[:at] + self._draw.choice(letters) + right[at + 1 :]
            if plain(wrong) != plain(right) and not self.grades(wrong):
                found[wrong] = Judged(wrong, self.grades(right))
        return list(found.values())

    def absent(self, count: int) -> list[Judged]:
        """Words made of the same characters that no photo has, nor anything one character away from them."""
        found: dict[str, Judged] = {}
        while len(found) < count:
            kind = self._draw.random()
            if kind < 0.6:
                typed = "".join(self._draw.choices(COMMON, k=self._draw.randint(2, 8)))
            elif kind < 0.8:
                typed = "".join(self._draw.choices("abcdefghiklmnoprstuvwy", k=self._draw.randint(5, 10)))
            else:
                typed = "".join(self._draw.choices(string.digits, k=self._draw.randint(7, 12)))
            if plain(typed) not in self._all and not self._nearly_present(plain(typed)):
                found[typed] = Judged(typed, {})
        return list(found.values())

    def _nearly_present(self, wanted: str) -> bool:
        if len(wanted) < 4 or wanted.isdigit():
            return False
        ways = (re.escape(wanted[:at]) + ".{0,2}" + re.escape(wanted[at + 1 :]) for at in range(len(wanted)))
        return re.search("|".join(ways), self._all) is not None

    def classes(self, truths: Sequence[Sequence[str]], count: int) -> dict[str, list[Judged]]:
        """All classes of queries, `count` of each."""
        window, judged = self._window, self._judged
        long_number = re.compile(r"[A-Z]{0,2}-?\d{6,}")
        found = {
            "1 character": judged(lambda: window(1, 1), count),
            "2 characters": judged(lambda: window(2, 2), count),
            "3 to 4 characters": judged(lambda: window(3, 4), count),
            "5 to 8 characters": judged(lambda: window(5, 8), count),
            "2 to 8, in ten photos or fewer": judged(lambda: window(2, 8), count, rare=10),
            "the other script": judged(self._crossed, count),
            "full width": judged(self._wide, count),
            "words of letters": judged(self._word, count),
            "parts of words": judged(lambda: window(3, 5, re.compile("[A-Za-z]{6,}")).lower(), count),
            "parts of numbers": judged(lambda: window(4, 6, long_number).strip("-"), count),
            "two terms": self.two_terms(truths, count),
            "one wrong in the query": self.one_wrong(count),
        }
        for percent in (5, 10, 20):
            noise = percent / 100
            found[f"{percent} % misread, 4 to 8"] = judged(lambda: window(4, 8), count, noise)
            found[f"{percent} % misread, in ten or fewer"] = judged(lambda: window(4, 8), count, noise, rare=10)
        found[ABSENT] = self.absent(count)
        return found
