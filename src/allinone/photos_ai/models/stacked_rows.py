"""Rows of text that the detector put into one box, as it does with the short prices of a column."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from allinone.photos_ai.models.text_detection import TextBox

_LEAST_ROWS = 1.6  # lines' heights: from here on a box may hold two rows
_LEAST_LINES = 3  # that say how high a line is
_MOST_ROWS = 4
_WRITTEN = 80  # percentile of the rows' contrast: what a row with text has
_BLANK = 0.5  # of that
_REACH = 0.2  # of a row's height: how far from the even place the blank may be


def line_height(sides: Sequence[tuple[float, float]]) -> float | None:
    """How high the lines of a page are, from its boxes' (width, height); None where too few lie flat to tell."""
    flat = [height for width, height in sides if width > height]
    return float(np.median(flat)) if len(flat) >= _LEAST_LINES else None


def row_count(width: float, height: float, line: float) -> int:
    """How many rows a box may hold on a page whose lines are `line` high; 1 where it holds no more."""
    if height < width or height < _LEAST_ROWS * line:
        return 1
    return max(1, min(_MOST_ROWS, round(height / line)))


def cut_rows(box: TextBox, crop: NDArray[np.uint8], count: int) -> list[tuple[TextBox, NDArray[np.uint8]]]:
    """The box, and its crop, cut at `count - 1` blank rows; empty where no blank row stands there."""
    height = crop.shape[0]
    contrast = crop.astype(np.float32).mean(axis=2).std(axis=1)
    most = _BLANK * float(np.percentile(contrast, _WRITTEN))
    reach = max(1, round(_REACH * height / count))
    cuts = [0]
    for number in range(1, count):
        even = round(number * height / count)
        first = max(1, even - reach)
        blank = np.flatnonzero(contrast[first : even + reach + 1] < most)
        if not len(blank):
            return []
        cuts.append(first + int(np.median(blank)))
    cuts.append(height)
    return [
        (replace(box, corners=_between(box.corners, top / height, bottom / height)), crop[top:bottom])
        for top, bottom in pairwise(cuts)
    ]


def _between(corners: NDArray[np.float32], top: float, bottom: float) -> NDArray[np.float32]:
    down = np.stack([corners[3] - corners[0], corners[2] - corners[1]])
    upper, lower = corners[:2] + top * down, corners[:2] + bottom * down
    return np.stack([upper[0], upper[1], lower[1], lower[0]]).astype(np.float32)
