"""Which lines of text go on in which others, judged by where they stand.

A detector cuts text where the writer did not: a title set wide becomes two boxes side by side, a narrow
column becomes one box a character. A phrase may run over such a cut, and over no other.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

ROW, COLUMN = "r", "c"

MOST_LINES = 4000  # of a photo; beyond, lines stand alone: no photo has them, and time grows with their square
MOST_PAIRS = 100_000  # of pieces that are compared at once, in 20 MB
ROW_GAP = 2.0  # characters between two pieces of one row
WIDE_ROW_GAP = 4.5  # the same where both are single characters: titles are set wide
ROW_OVERLAP = 0.5  # of the lower piece's height
COLUMN_GAP = 1.0  # line heights between a line and the one it goes on in
WIDE_COLUMN_GAP = 1.8  # the same for single characters
SAME_SIZE = 1.7  # how much larger one piece's letters may be than the other's
ALIGNED = 1.5  # characters two edges may be apart
FAR = 1e6  # no box is larger or further away; infinite ones and those that are no numbers are not below it
MOST_SHARED = 4  # lines a chain has in common with an earlier one; keeps the total length bounded
UPRIGHT_RATIO = 3.0  # height x characters / width; a horizontal line has the picture's width / height

Numbers = NDArray[np.float64]
Places = NDArray[np.intp]
Mask = NDArray[np.bool_]


class Chain(NamedTuple):
    """Lines that are read as one: `kind` is ROW (side by side) or COLUMN (one after the other)."""

    kind: str
    lines: tuple[int, ...]


class _Pieces(NamedTuple):
    """Lines with boxes that make sense, an array a column; photo by photo, of each from top to bottom."""

    photo: Places
    line: Places  # of its photo
    left: Numbers
    top: Numbers
    right: Numbers
    bottom: Numbers
    characters: Numbers  # in widths of a Chinese character
    first_word: Numbers  # the width in characters below which its first word does not fit
    upright: Mask  # text runs from top to bottom
    em_x: Numbers  # width of one character
    em_y: Numbers  # its height; not comparable with em_x, the picture's proportions are not known here

    def at(self, places: Places | Mask) -> "_Pieces":
        columns: list[Any] = [column[places] for column in self]
        return _Pieces(*columns)


class _Gaps(NamedTuple):
    """Pieces, others that they may go on in, and how far apart they are."""

    source: Places
    target: Places
    gap: Numbers


def find_chains(boxes: Numbers, texts: Sequence[str], counts: Sequence[int]) -> list[list[Chain]]:
    """For each photo all chains of two lines or more. A line may be in several; boxes that make no sense are in none.

    `boxes` has eight numbers a line, as `OcrLine.box`; the lines of the photos one after the other, `counts` of each.
    """
    pieces = _pieces(boxes, texts, counts)
    rows, below = [], []
    for first, second in _pairs(pieces):
        source, target = np.append(first, second), np.append(second, first)
        rows.append(_nearest(_row_gaps(pieces, source, target)))
        below.append(_nearest(_column_gaps(pieces, source, target)))
    chains: list[list[Chain]] = [[] for _ in counts]
    for kind, found in ((ROW, rows), (COLUMN, below)):
        following = _following(pieces, found)
        for photo, lines in following.items():
            chains[photo] += _follow(kind, lines)
    return chains


def _pieces(boxes: Numbers, texts: Sequence[str], counts: Sequence[int]) -> _Pieces:
    characters, first_words = _widths(texts)
    # By columns: numpy goes through many short rows one at a time.
    corners = np.ascontiguousarray(boxes.T)
    (left, right), (top, bottom) = _bounds(corners[0::2]), _bounds(corners[1::2])
    with np.errstate(invalid="ignore", over="ignore"):
        width, height = right - left, bottom - top
        upright = (characters >= 2) & (height * characters > UPRIGHT_RATIO * width)
        em_x = np.where(upright, width, width / np.maximum(characters, 1))
        em_y = np.where(upright, height / np.maximum(characters, 1), height)
        sensible = (width > 0) & (height > 0) & (characters > 0)
        sensible &= (left > -FAR) & (right < FAR) & (top > -FAR) & (bottom < FAR)
    each = np.asarray(counts, np.intp)
    photo = np.repeat(np.arange(len(each)), each)
    line = np.arange(len(photo)) - np.repeat(np.cumsum(each) - each, each)
    sensible &= (each <= MOST_LINES)[photo]
    pieces = _Pieces(photo, line, left, top, right, bottom, characters, first_words, upright, em_x, em_y).at(sensible)
    return pieces.at(np.lexsort((pieces.left, pieces.top, pieces.photo)))


def _bounds(columns: Numbers) -> tuple[Numbers, Numbers]:
    """The least and the greatest of four columns, row by row; no number where one of them is none."""
    a, b, c, d = columns
    return np.minimum(np.minimum(a, b), np.minimum(c, d)), np.maximum(np.maximum(a, b), np.maximum(c, d))


def _widths(texts: Sequence[str]) -> tuple[Numbers, Numbers]:
    """Of each text in widths of a Chinese character, 0 where there is none; and the least room its beginning needs."""
    widths, rooms = [], []
    for text in map(str.strip, texts):
        length, blank = len(text), text.find(" ")
        if text.isascii():
            widths.append(max(length / 2, 1.0) if text else 0.0)
        else:
            # Blanks between Chinese characters are the recogniser's; those between words have a width.
            widths.append(float(length - text.count(" ")))
        first = text if blank < 0 else text[:blank]
        rooms.append(max(len(first) / 2, 1.0) + 0.5 if first.isascii() else 1.0)
    return np.array(widths), np.array(rooms)


def _pairs(pieces: _Pieces) -> Iterator[tuple[Places, Places]]:
    """Two pieces of a photo each, the upper one first, that are no further apart than any that belong together."""
    each_photo = pieces.photo * (4 * FAR)
    lowest = np.minimum(pieces.bottom + WIDE_COLUMN_GAP * pieces.em_y, FAR)
    # A little more, for the sums are not exact.
    ends = np.searchsorted(each_photo + pieces.top, each_photo + lowest + 1e-4, side="right")
    first = np.arange(len(ends))
    others = np.maximum(ends - first - 1, 0)
    before = np.append(0, np.cumsum(others))
    start = 0
    while start < len(ends) and before[start] < before[-1]:
        end = max(int(np.searchsorted(before, before[start] + MOST_PAIRS, side="right")) - 1, start + 1)
        upper = np.repeat(first[start:end], others[start:end])
        yield upper, upper + 1 + np.arange(len(upper)) - (before[upper] - before[start])
        start = end


def _alike(one: Numbers, other: Numbers) -> Mask:
    return (one <= other * SAME_SIZE) & (other <= one * SAME_SIZE)


def _row_gaps(pieces: _Pieces, source: Places, target: Places) -> _Gaps:
    """Distances to pieces that stand to the right on the same row."""
    em = np.maximum(pieces.em_x[source], pieces.em_x[target])
    gap = pieces.left[target] - pieces.right[source]
    near = (gap >= -0.5 * em) & (gap <= WIDE_ROW_GAP * em) & (pieces.left[target] > pieces.left[source])
    source, target, gap, em = source[near], target[near], gap[near], em[near]
    piece, other = pieces.at(source), pieces.at(target)
    overlap = np.minimum(piece.bottom, other.bottom) - np.maximum(piece.top, other.top)
    level = (overlap >= ROW_OVERLAP * np.minimum(piece.em_y, other.em_y)) & _alike(piece.em_y, other.em_y)
    single = (piece.characters == 1) & (other.characters == 1)
    told = level & ((gap <= ROW_GAP * em) | single) & ~piece.upright & ~other.upright
    return _Gaps(source[told], target[told], gap[told])


def _column_gaps(pieces: _Pieces, source: Places, target: Places) -> _Gaps:
    """Distances to pieces that are read next: the line below, or to the left where text runs from top to bottom."""
    leftwards = pieces.upright[source] & pieces.upright[target]
    leftwards &= pieces.right[target] <= pieces.left[source] + 0.3 * pieces.em_x[source]
    leftwards &= pieces.bottom[target] > pieces.top[source]
    gap, em_y = pieces.top[target] - pieces.bottom[source], pieces.em_y[source]
    near = leftwards | (gap >= -0.4 * em_y) & (gap <= WIDE_COLUMN_GAP * em_y)
    source, target, gap, leftwards = source[near], target[near], gap[near], leftwards[near]
    piece, other = pieces.at(source), pieces.at(target)
    alike = _alike(piece.em_x, other.em_x)
    single = (piece.characters == 1) & (other.characters == 1)
    aligned = np.abs(piece.left - other.left) <= ALIGNED * piece.em_x
    centred = np.abs((piece.left + piece.right) - (other.left + other.right)) / 2 <= 0.5 * piece.em_x
    line = (gap <= COLUMN_GAP * piece.em_y) & alike & _alike(piece.em_y, other.em_y) & _wrapped(piece, other)
    below = np.where(single, centred, line & (aligned | centred))
    to_left = piece.left - other.right
    level = np.abs(piece.top - other.top) <= ALIGNED * piece.em_y
    told = np.where(leftwards, level & (to_left <= 1.5 * piece.em_x) & alike, below)
    return _Gaps(source[told], target[told], np.where(leftwards, to_left, gap)[told])


def _wrapped(piece: _Pieces, other: _Pieces) -> Mask:
    """Whether the writer can have gone on in `other` for want of room: what it begins with did not fit."""
    room = other.right - piece.right - ALIGNED * piece.em_x
    return room <= other.first_word * piece.em_x


def _nearest(gaps: _Gaps) -> _Gaps:
    """The nearest other of each piece; of several as near the next, or the last before it."""
    behind = np.where(gaps.target > gaps.source, gaps.target, FAR - gaps.target)
    order = np.lexsort((behind, gaps.gap, gaps.source))
    source = gaps.source[order]
    order = order[np.append(True, source[1:] != source[:-1])] if len(order) else order
    return _Gaps(gaps.source[order], gaps.target[order], gaps.gap[order])


def _following(pieces: _Pieces, found: Sequence[_Gaps]) -> dict[int, dict[int, int]]:
    """By photo, and by line: which line follows it."""
    following: dict[int, dict[int, int]] = {}
    if not found:
        return following
    columns: list[Any] = [np.concatenate(column) for column in zip(*found, strict=True)]
    nearest = _nearest(_Gaps(*columns))
    photos, lines = pieces.photo[nearest.source].tolist(), pieces.line[nearest.source].tolist()
    for photo, line, then in zip(photos, lines, pieces.line[nearest.target].tolist(), strict=True):
        following.setdefault(photo, {})[line] = then
    return following


def _follow(kind: str, following: dict[int, int]) -> list[Chain]:
    """Chains from their first line on. Where two meet, the later one ends a few lines further on."""
    entered = set(following.values())
    starts = [index for index in following if index not in entered]
    chains = []
    walked: set[int] = set()
    for start in sorted(starts):
        walk = [start]
        shared = 0
        while (then := following.get(walk[-1])) is not None and shared < MOST_SHARED and then not in walk[-8:]:
            walk.append(then)
            shared += then in walked
        walked.update(walk)
        if len(walk) > 1:
            chains.append(Chain(kind, tuple(walk)))
    return chains
