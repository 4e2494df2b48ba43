"""Which lines of text go on in which others, judged by where they stand.

A detector cuts text where the writer did not: a title set wide becomes two boxes side by side, a narrow
column becomes one box a character. A phrase may run over such a cut, and over no other.
"""

from collections.abc import Sequence
from typing import NamedTuple

from allinone.wire.ocr import OcrLine

ROW, COLUMN = "r", "c"

MOST_LINES = 4000  # beyond, lines stand alone: no photo has them, and time grows with their square
ROW_GAP = 2.0  # characters between two pieces of one row
WIDE_ROW_GAP = 4.5  # the same where both are single characters: titles are set wide
ROW_OVERLAP = 0.5  # of the lower piece's height
COLUMN_GAP = 1.0  # line heights between a line and the one it goes on in
WIDE_COLUMN_GAP = 1.8  # the same for single characters
SAME_SIZE = 1.7  # how much larger one piece's letters may be than the other's
ALIGNED = 1.5  # characters two edges may be apart
FAR = 1e6  # no box is larger; infinite ones and those that are no numbers are not below it
MOST_SHARED = 4  # lines a chain has in common with an earlier one; keeps the total length bounded
UPRIGHT_RATIO = 3.0  # height x characters / width; a horizontal line has the picture's width / height


class Chain(NamedTuple):
    """Lines that are read as one: `kind` is ROW (side by side) or COLUMN (one after the other)."""

    kind: str
    lines: tuple[int, ...]


class _Piece(NamedTuple):
    line: int
    left: float
    top: float
    right: float
    bottom: float
    characters: float  # in widths of a Chinese character
    upright: bool  # text runs from top to bottom
    em_x: float  # width of one character
    em_y: float  # its height; not comparable with em_x, the picture's proportions are not known here
    text: str


def find_chains(lines: Sequence[OcrLine]) -> list[Chain]:
    """All chains of two lines or more. A line may be in several; boxes that make no sense are in none."""
    if not 2 <= len(lines) <= MOST_LINES:
        return []
    pieces = [piece for index, line in enumerate(lines) if (piece := _piece(index, line)) is not None]
    pieces.sort(key=lambda piece: (piece.top, piece.left))
    tallest = max((piece.bottom - piece.top for piece in pieces), default=0.0)
    rows: dict[int, int] = {}
    below: dict[int, int] = {}
    for at, piece in enumerate(pieces):
        nearest_right = nearest_below = FAR
        for other in _reach(pieces, at, tallest):
            gap = _row_gap(piece, other) if other.left > piece.left else None
            if gap is not None and gap < nearest_right:
                nearest_right, rows[piece.line] = gap, other.line
            gap = _column_gap(piece, other)
            if gap is not None and gap < nearest_below:
                nearest_below, below[piece.line] = gap, other.line
    return _follow(ROW, rows) + _follow(COLUMN, below)


def _piece(index: int, line: OcrLine) -> _Piece | None:
    x1, y1, x2, y2, x3, y3, x4, y4 = line.box
    if x1 == x4 <= x2 == x3 and y1 == y2 <= y3 == y4:
        left, right, top, bottom = x1, x2, y1, y3
    else:
        left, right = min(x1, x2, x3, x4), max(x1, x2, x3, x4)
        top, bottom = min(y1, y2, y3, y4), max(y1, y2, y3, y4)
    text = line.text.strip()
    width, height = right - left, bottom - top
    if not text or not (0.0 < width < FAR and 0.0 < height < FAR):
        return None  # not a box, or not a number
    # Blanks between Chinese characters are the recogniser's; those between words have a width.
    characters = _characters(text) if text.isascii() else float(len(text) - text.count(" "))
    upright = characters >= 2 and height * characters > UPRIGHT_RATIO * width
    em_x = width if upright else width / characters
    em_y = height / characters if upright else height
    return _Piece(index, left, top, right, bottom, characters, upright, em_x, em_y, text)


def _reach(pieces: Sequence[_Piece], at: int, tallest: float) -> list[_Piece]:
    """The pieces that `at` could go on in: all whose vertical extent comes near its own."""
    piece = pieces[at]
    lowest = piece.bottom + WIDE_COLUMN_GAP * piece.em_y
    found = []
    for other in pieces[at + 1 :]:
        if other.top > lowest:
            break
        found.append(other)
    for other in reversed(pieces[:at]):
        if other.top < piece.top - tallest:
            break
        if other.bottom > piece.top:
            found.append(other)
    return found


def _characters(text: str) -> float:
    """Letters and digits in widths of a Chinese character, one or more."""
    return max(len(text) / 2, 1.0)


def _alike(one: float, other: float) -> bool:
    return one <= other * SAME_SIZE and other <= one * SAME_SIZE


def _row_gap(piece: _Piece, other: _Piece) -> float | None:
    """Distance to a piece that stands to the right on the same row; None where it does not."""
    gap = other.left - piece.right
    em = max(piece.em_x, other.em_x)
    if not -0.5 * em <= gap <= WIDE_ROW_GAP * em or piece.upright or other.upright:
        return None
    if gap > ROW_GAP * em and not piece.characters == other.characters == 1:
        return None
    overlap = min(piece.bottom, other.bottom) - max(piece.top, other.top)
    lower = min(piece.em_y, other.em_y)
    return gap if overlap >= ROW_OVERLAP * lower and _alike(piece.em_y, other.em_y) else None


def _column_gap(piece: _Piece, other: _Piece) -> float | None:
    """Distance to the piece read next: the line below, or to the left where text runs from top to bottom."""
    if piece.upright and other.upright and other.right <= piece.left + 0.3 * piece.em_x:
        return _left_gap(piece, other)
    gap = other.top - piece.bottom
    if not -0.4 * piece.em_y <= gap <= WIDE_COLUMN_GAP * piece.em_y:
        return None
    single = piece.characters == other.characters == 1
    if not single:
        alike = _alike(piece.em_y, other.em_y) and _alike(piece.em_x, other.em_x)
        if gap > COLUMN_GAP * piece.em_y or not alike or not _wrapped(piece, other):
            return None
        if abs(piece.left - other.left) <= ALIGNED * piece.em_x:
            return gap
    centred = abs((piece.left + piece.right) - (other.left + other.right)) / 2 <= 0.5 * piece.em_x
    return gap if centred else None


def _wrapped(piece: _Piece, other: _Piece) -> bool:
    """Whether the writer can have gone on in `other` for want of room: what it begins with did not fit."""
    room = other.right - piece.right - ALIGNED * piece.em_x
    if room <= piece.em_x:
        return True
    first = other.text.split(" ", 1)[0]
    return first.isascii() and room <= (_characters(first) + 0.5) * piece.em_x


def _left_gap(piece: _Piece, other: _Piece) -> float | None:
    gap = piece.left - other.right
    level = abs(piece.top - other.top) <= ALIGNED * piece.em_y
    return gap if level and gap <= 1.5 * piece.em_x and _alike(piece.em_x, other.em_x) else None


def _follow(kind: str, following: dict[int, int]) -> list[Chain]:
    """Chains from their first line on. Where two meet, the later one ends a few lines further on."""
    if not following:
        return []
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
