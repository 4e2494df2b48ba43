"""What a person would type to find an invented photo again, made from what the photo says."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import opencc

from support.photos.maker import MadePhoto
from support.photos.words import ABSENT

_CHINESE = re.compile(r"[\u4e00-\u9fff]+")
_NUMBER = re.compile(r"\d{6,}")
_WORD = re.compile(r"[A-Za-z]{7,}")
_MIXED = re.compile(r"(?=\w*\d)(?=\w*[A-Z])[A-Z0-9]{6,}")
_TO_SIMPLIFIED = opencc.OpenCC("t2s")
_TO_TRADITIONAL = opencc.OpenCC("s2t")
_WRONG = "鼎湘颱鵬絢嵐嚮躍"
_MOST_SHARED = 4


@dataclass(frozen=True)
class Query:
    """Something to type, and what must come of it.

    Attributes:
        text: as typed.
        kind: which of the rules it checks.
        photo: name of the photo it must find; None where it must find nothing.
    """

    text: str
    kind: str
    photo: str | None


def must_match(album: Sequence[MadePhoto], rng: np.random.Generator, *, each: int = 2) -> list[Query]:
    """Up to `each` queries of every kind, on different photos where possible."""
    queries: list[Query] = []
    used: dict[str, int] = {}
    for kind, derive in _KINDS.items():
        made = [
            Query(text, kind, photo.name)
            for photo in album
            for text in derive(photo, rng)
            if _shared(text, album) <= _MOST_SHARED
        ]
        order = rng.permutation(len(made))
        for _ in range(each):
            left = [made[place] for place in order if made[place] not in queries]
            if not left:
                break
            chosen = min(left, key=lambda query: used.get(query.photo or "", 0))
            used[chosen.photo or ""] = used.get(chosen.photo or "", 0) + 1
            queries.append(chosen)
    return queries


def must_not_match(album: Sequence[MadePhoto], rng: np.random.Generator, *, count: int = 10) -> list[Query]:
    """Words no photo shows, and numbers that differ from shown ones in one digit."""
    shown = " ".join(re.sub(r"\D", "", line.text) for photo in album for line in photo.lines)
    numbers = [found for photo in album for line in photo.lines for found in _NUMBER.findall(line.text)]
    queries = [Query(str(word), "absent word", None) for word in rng.choice(ABSENT, count // 2, replace=False)]
    while len(queries) < count and numbers:
        number = list(str(rng.choice(numbers)))
        place = int(rng.integers(1, len(number) - 1))
        number[place] = str((int(number[place]) + int(rng.integers(1, 10))) % 10)
        text = "".join(number)
        if text not in shown:
            queries.append(Query(text, "other digits", None))
    return queries


def _shared(text: str, album: Sequence[MadePhoto]) -> int:
    """How many photos say `text`, as far as plain comparison tells."""
    return sum(text in line.text for photo in album for line in photo.lines)


def _runs(photo: MadePhoto, least: int, direction: str = "across") -> list[str]:
    return [
        run
        for line in photo.lines
        if line.direction == direction
        for run in _CHINESE.findall(line.text)
        if len(run) >= least
    ]


def _part(run: str, count: int, rng: np.random.Generator) -> str:
    start = int(rng.integers(0, len(run) - count + 1))
    return run[start : start + count]


def _substring(photo: MadePhoto, rng: np.random.Generator) -> Iterator[str]:
    for run in _runs(photo, 4):
        yield _part(run, 2, rng)
        yield _part(run, 3, rng)


def _crossed(photo: MadePhoto, rng: np.random.Generator) -> Iterator[str]:
    convert = _TO_SIMPLIFIED if photo.script == "hant" else _TO_TRADITIONAL
    for run in _runs(photo, 3):
        other = convert.convert(run)
        if other != run and len(other) == len(run):
            yield other if len(other) <= 6 else other[:5]


def _single(photo: MadePhoto, rng: np.random.Generator) -> Iterator[str]:
    for run in _runs(photo, 2):
        yield _part(run, 1, rng)


def _full_width(photo: MadePhoto, rng: np.random.Generator) -> Iterator[str]:
    for line in photo.lines:
        for word in re.findall(r"[A-Za-z]{4,}|\d{4,}", line.text):
            yield "".join(chr(ord(character) + 0xFEE0) for character in word)


def _beginning(photo: MadePhoto, rng: np.random.Generator) -> Iterator[str]:
    for line in photo.lines:
        for word in _MIXED.findall(line.text):
            yield word[:4]


def _number(photo: MadePhoto, rng: np.random.Generator) -> Iterator[str]:
    for line in photo.lines:
        for number in _NUMBER.findall(line.text):
            yield _part(number, 4, rng)


def _one_wrong(photo: MadePhoto, rng: np.random.Generator) -> Iterator[str]:
    for run in _runs(photo, 5):
        part = list(_part(run, 5, rng))
        part[int(rng.integers(0, 5))] = str(rng.choice(list(_WRONG)))
        yield "".join(part)


def _misspelt(photo: MadePhoto, rng: np.random.Generator) -> Iterator[str]:
    for line in photo.lines:
        for word in _WORD.findall(line.text):
            place = int(rng.integers(2, len(word) - 1))
            yield (word[:place] + word[place + 1 :]).lower()


def _two_lines(photo: MadePhoto, rng: np.random.Generator) -> Iterator[str]:
    runs = _runs(photo, 2)
    numbers = [found for line in photo.lines for found in re.findall(r"\d{3,}", line.text)]
    if len(runs) >= 3 and numbers:
        yield f"{runs[int(rng.integers(len(runs)))][:4]} {numbers[int(rng.integers(len(numbers)))]}"
        first, second = rng.choice(len(runs), 2, replace=False)
        yield f"{runs[first][:3]} {runs[second][:3]}"


def _side_by_side(photo: MadePhoto, rng: np.random.Generator) -> Iterator[str]:
    rows: dict[int, list[str]] = {}
    for line in photo.lines:
        if line.row is not None:
            rows.setdefault(line.row, []).append(line.text)
    for texts in rows.values():
        if len(texts) == 2 and _CHINESE.fullmatch(texts[0]):
            yield "".join(texts)


def _downwards(photo: MadePhoto, rng: np.random.Generator) -> Iterator[str]:
    for run in _runs(photo, 4, "down"):
        yield run[:4]
        yield _part(run, 3, rng)


_KINDS: dict[str, Callable[[MadePhoto, np.random.Generator], Iterator[str]]] = {
    "substring": _substring,
    "other script": _crossed,
    "one character": _single,
    "full width": _full_width,
    "beginning of a plate": _beginning,
    "part of a number": _number,
    "one wrong character": _one_wrong,
    "misspelt": _misspelt,
    "two lines": _two_lines,
    "side by side": _side_by_side,
    "downwards": _downwards,
}
