"""In which order a person reads the lines of a picture. Pure geometry."""

from collections.abc import Sequence
from math import atan2, cos, hypot, sin
from statistics import median

import numpy as np
from numpy.typing import NDArray

Corners = NDArray[np.float32]
Points = list[list[float]]
"""Of each box a corner of the upright rectangle around it."""

_SAME_LINE = 0.5  # of the smaller height: how far apart the middles of one line may be
_SAME_BLOCK = 0.5  # of the shorter column: how much of it stands beside its neighbour


def reading_order(boxes: Sequence[Corners], vertical: Sequence[bool]) -> list[int]:
    """Places of `boxes` in reading order.

    Lines go from top to bottom, boxes in a line from left to right. Columns of vertical text that stand side by side
    are one block, read from right to left where its top stands.

    Args:
        boxes: corners of shape (4, 2), in pixels, clockwise from the text's top left.
        vertical: which of them hold vertical text.
    """
    if not boxes:
        return []
    upright = _deskewed(np.asarray(boxes, np.float64), vertical)
    # As plain numbers: one of an array's costs ten times as much to look up.
    low, high = upright.min(axis=1).tolist(), upright.max(axis=1).tolist()
    lines = _lines([at for at in range(len(boxes)) if not vertical[at]], low, high)
    blocks = _blocks([at for at in range(len(boxes)) if vertical[at]], low, high)
    # a block comes before the lines whose middle is below its top
    units = [(_middle(line, low, high), line) for line in lines]
    units += [(min(low[at][1] for at in block), block) for block in blocks]
    return [at for _, unit in sorted(units, key=lambda unit: unit[0]) for at in unit]


def _deskewed(boxes: NDArray[np.float64], vertical: Sequence[bool]) -> NDArray[np.float64]:
    # In plain numbers: for the dozens of boxes of a picture numpy takes many times as long.
    corners = [(box[0], box[1]) for box, is_vertical in zip(boxes.tolist(), vertical, strict=True) if not is_vertical]
    if not corners:
        return boxes
    edges = [(right - left, below - above) for (left, above), (right, below) in corners]
    least = median([hypot(*edge) for edge in edges])
    # Short boxes say little about the slant.
    slant = median([atan2(down, across) for across, down in edges if hypot(across, down) >= least])
    if slant == 0:
        return boxes
    turned: NDArray[np.float64] = boxes @ np.array([[cos(slant), -sin(slant)], [sin(slant), cos(slant)]])
    return turned


def _middle(places: Sequence[int], low: Points, high: Points) -> float:
    return sum((low[at][1] + high[at][1]) / 2 for at in places) / len(places)


def _lines(places: list[int], low: Points, high: Points) -> list[list[int]]:
    """Boxes side by side put together, each line from left to right."""
    lines: list[list[int]] = []
    for at in sorted(places, key=lambda at: low[at][1] + high[at][1]):
        line = next((line for line in reversed(lines[-4:]) if _beside(line, at, low, high)), None)
        if line is None:
            lines.append([at])
        else:
            line.append(at)
    return [sorted(line, key=lambda at: low[at][0]) for line in lines]


def _beside(line: list[int], at: int, low: Points, high: Points) -> bool:
    def gap(other: int) -> float:
        return max(low[at][0] - high[other][0], low[other][0] - high[at][0])

    # the nearest box of the line decides: what is left of the slant adds up over the line's length
    nearest = min(line, key=gap) if len(line) > 1 else line[0]
    heights = (high[at][1] - low[at][1], high[nearest][1] - low[nearest][1])
    apart = abs((low[at][1] + high[at][1]) - (low[nearest][1] + high[nearest][1])) / 2
    if apart > _SAME_LINE * min(heights):
        return False
    overlap = -gap(nearest)
    widths = (high[at][0] - low[at][0], high[nearest][0] - low[nearest][0])
    return overlap <= _SAME_LINE * min(widths)


def _blocks(places: list[int], low: Points, high: Points) -> list[list[int]]:
    """Columns side by side put together, each block from right to left and down."""
    blocks: list[list[int]] = []
    for at in sorted(places, key=lambda at: -high[at][0]):
        block = next((block for block in blocks if any(_neighbours(at, other, low, high) for other in block)), None)
        if block is None:
            blocks.append([at])
        else:
            block.append(at)
    return [_columns(block, low, high) for block in blocks]


def _neighbours(a: int, b: int, low: Points, high: Points) -> bool:
    shared = min(high[a][1], high[b][1]) - max(low[a][1], low[b][1])
    shorter = min(high[a][1] - low[a][1], high[b][1] - low[b][1])
    gap = max(low[a][0], low[b][0]) - min(high[a][0], high[b][0])
    wider = max(high[a][0] - low[a][0], high[b][0] - low[b][0])
    if shared >= _SAME_BLOCK * shorter:  # however far apart: the two sides of a door belong together
        return True
    return gap < 0 and -shared <= wider  # one column, in two pieces


def _columns(block: list[int], low: Points, high: Points) -> list[int]:
    columns: list[list[int]] = []
    for at in sorted(block, key=lambda at: -(low[at][0] + high[at][0])):
        last = columns[-1][0] if columns else None
        if last is not None and (low[at][0] + high[at][0]) / 2 > low[last][0]:
            columns[-1].append(at)
        else:
            columns.append([at])
    return [at for column in columns for at in sorted(column, key=lambda at: low[at][1])]
