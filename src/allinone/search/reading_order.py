"""In which order a person reads the lines of a picture. Pure geometry."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Corners = NDArray[np.float32]

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
    upright = _deskewed(np.stack(boxes).astype(np.float64), np.asarray(vertical, bool))
    low, high = upright.min(axis=1), upright.max(axis=1)
    lines = _lines([at for at in range(len(boxes)) if not vertical[at]], low, high)
    blocks = _blocks([at for at in range(len(boxes)) if vertical[at]], low, high)
    # a block comes before the lines whose middle is below its top
    units = [(_middle(line, low, high), line) for line in lines]
    units += [(min(low[at][1] for at in block), block) for block in blocks]
    return [at for _, unit in sorted(units, key=lambda unit: unit[0]) for at in unit]


def _deskewed(boxes: NDArray[np.float64], vertical: NDArray[np.bool_]) -> NDArray[np.float64]:
    across = boxes[~vertical]
    if not len(across):
        return boxes
    edges = across[:, 1] - across[:, 0]
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    longest = edges[lengths >= np.median(lengths)]  # short boxes say little about the slant
    slant = float(np.median(np.arctan2(longest[:, 1], longest[:, 0])))
    cosine, sine = np.cos(-slant), np.sin(-slant)
    turned: NDArray[np.float64] = boxes @ np.array([[cosine, sine], [-sine, cosine]])
    return turned


def _middle(places: Sequence[int], low: NDArray[np.float64], high: NDArray[np.float64]) -> float:
    return float(np.mean([(low[at][1] + high[at][1]) / 2 for at in places]))


def _lines(places: list[int], low: NDArray[np.float64], high: NDArray[np.float64]) -> list[list[int]]:
    """Boxes side by side put together, each line from left to right."""
    lines: list[list[int]] = []
    for at in sorted(places, key=lambda at: low[at][1] + high[at][1]):
        line = next((line for line in reversed(lines[-4:]) if _beside(line, at, low, high)), None)
        if line is None:
            lines.append([at])
        else:
            line.append(at)
    return [sorted(line, key=lambda at: low[at][0]) for line in lines]


def _beside(line: list[int], at: int, low: NDArray[np.float64], high: NDArray[np.float64]) -> bool:
    # the nearest box of the line decides: what is left of the slant adds up over the line's length
    def gap(other: int) -> float:
        return float(max(low[at][0] - high[other][0], low[other][0] - high[at][0]))

    nearest = min(line, key=gap)
    heights = (high[at][1] - low[at][1], high[nearest][1] - low[nearest][1])
    apart = abs((low[at][1] + high[at][1]) - (low[nearest][1] + high[nearest][1])) / 2
    overlap = -gap(nearest)
    widths = (high[at][0] - low[at][0], high[nearest][0] - low[nearest][0])
    return bool(apart <= _SAME_LINE * min(heights) and overlap <= _SAME_LINE * min(widths))


def _blocks(places: list[int], low: NDArray[np.float64], high: NDArray[np.float64]) -> list[list[int]]:
    """Columns side by side put together, each block from right to left and down."""
    blocks: list[list[int]] = []
    for at in sorted(places, key=lambda at: -high[at][0]):
        block = next((block for block in blocks if any(_neighbours(at, other, low, high) for other in block)), None)
        if block is None:
            blocks.append([at])
        else:
            block.append(at)
    return [_columns(block, low, high) for block in blocks]


def _neighbours(a: int, b: int, low: NDArray[np.float64], high: NDArray[np.float64]) -> bool:
    shared = min(high[a][1], high[b][1]) - max(low[a][1], low[b][1])
    shorter = min(high[a][1] - low[a][1], high[b][1] - low[b][1])
    gap = max(low[a][0], low[b][0]) - min(high[a][0], high[b][0])
    wider = max(high[a][0] - low[a][0], high[b][0] - low[b][0])
    if shared >= _SAME_BLOCK * shorter:  # however far apart: the two sides of a door belong together
        return True
    return bool(gap < 0 and -shared <= wider)  # one column, in two pieces


def _columns(block: list[int], low: NDArray[np.float64], high: NDArray[np.float64]) -> list[int]:
    columns: list[list[int]] = []
    for at in sorted(block, key=lambda at: -(low[at][0] + high[at][0])):
        last = columns[-1][0] if columns else None
        if last is not None and (low[at][0] + high[at][0]) / 2 > low[last][0]:
            columns[-1].append(at)
        else:
            columns.append([at])
    return [at for column in columns for at in sorted(column, key=lambda at: low[at][1])]
