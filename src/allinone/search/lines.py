"""Recognised lines as they are stored, and back."""

import math
import re
import struct
from collections.abc import Sequence
from itertools import accumulate, chain, pairwise

import numpy as np
from numpy.typing import NDArray

from allinone.wire.ocr import OcrLine

NUMBERS = 10  # of a line: x1, y1 .. x4, y4, box_score, text_score

LineNumbers = NDArray[np.float64]
"""A row of `NUMBERS` for each line."""

_UNSTORABLE = re.compile("[\0\n\ud800-\udfff]")


def storable(photos: Sequence[Sequence[OcrLine]]) -> tuple[Sequence[Sequence[OcrLine]], LineNumbers]:
    """The lines of all photos with what cannot be stored replaced, character by character, number by number.

    And their `line_numbers`.
    """
    # One look at all of them: hardly any photo has something to replace.
    numbers = line_numbers(photos)
    every = "".join([line.text for lines in photos for line in lines])
    if np.isfinite(numbers).all() and not _UNSTORABLE.search(every):
        return photos, numbers
    kept = [[_storable(line) for line in lines] for lines in photos]
    return kept, line_numbers(kept)


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
    every = [line for lines in photos for line in lines]
    numbers = np.empty((len(every), NUMBERS), "<f8")
    boxes = np.fromiter(chain.from_iterable([line.box for line in every]), np.float64, 8 * len(every))
    numbers[:, :8] = boxes.reshape(-1, 8)
    numbers[:, 8] = [line.box_score for line in every]
    numbers[:, 9] = [line.text_score for line in every]
    return numbers


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
