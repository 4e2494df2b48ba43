"""Recognised lines as they are stored, and back."""

import math
import re
import struct
from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from allinone.wire.ocr import OcrLine

NUMBERS = 10  # of a line: x1, y1 .. x4, y4, box_score, text_score

LineNumbers = NDArray[np.float64]
"""A row of `NUMBERS` for each line."""

_UNSTORABLE = re.compile("[\0\n\ud800-\udfff]")


def storable(lines: Sequence[OcrLine]) -> Sequence[OcrLine]:
    """The lines with what cannot be stored replaced, character by character, number by number."""
    # One look at all of them: hardly any photo has something to replace.
    if not _UNSTORABLE.search("".join([line.text for line in lines])):
        numbers = sum([sum(line.box) + line.box_score + line.text_score for line in lines])
        if math.isfinite(numbers):
            return lines
    return [_storable(line) for line in lines]


def _storable(line: OcrLine) -> OcrLine:
    finite = math.isfinite(sum(line.box) + line.box_score + line.text_score)
    if finite and not _UNSTORABLE.search(line.text):
        return line
    x1, y1, x2, y2, x3, y3, x4, y4 = map(_finite, line.box)
    text = _UNSTORABLE.sub(lambda found: " " if found.group() == "\n" else "\ufffd", line.text)
    box = (x1, y1, x2, y2, x3, y3, x4, y4)
    return OcrLine(text, box, _finite(line.box_score), _finite(line.text_score))


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def line_numbers(photos: Sequence[Sequence[OcrLine]]) -> LineNumbers:
    """Boxes and confidences of the lines of all photos, one photo after the other."""
    numbers: list[float] = []
    for lines in photos:
        for line in lines:
            numbers += line.box
            numbers += (line.box_score, line.text_score)
    return np.array(numbers, "<f8").reshape(-1, NUMBERS)


def pack_numbers(numbers: LineNumbers, counts: Sequence[int]) -> list[bytes]:
    """The rows of each photo, which has `counts` of them, as bytes."""
    packed = numbers.tobytes()
    bounds = pairwise(accumulate((8 * NUMBERS * count for count in counts), initial=0))
    return [packed[start:end] for start, end in bounds]


def unpack_lines(texts: str, numbers: bytes) -> list[OcrLine]:
    """Lines from their texts, joined by line breaks, and what `pack_numbers` made."""
    rows = struct.iter_unpack(f"<{NUMBERS}d", numbers)
    return [
        OcrLine(text, (x1, y1, x2, y2, x3, y3, x4, y4), box_score, text_score)
        for text, (x1, y1, x2, y2, x3, y3, x4, y4, box_score, text_score) in zip(texts.split("\n"), rows, strict=False)
    ]
