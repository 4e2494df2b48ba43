"""A picture from the means of its boxes: what a bicubic resize of all pixels would give, as nearly as can be told.

A JPEG decoder gives the means of boxes of 2 or 4 pixels a side at a fraction of the cost of all pixels. The weights
that turn pixels into a smaller picture are known (Pillow's antialiased bicubic); those for means are the ones whose
answer differs least from it, in the mean over pictures in which neighbours resemble each other as they do in photos.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

ALIKE = 0.98  # correlation of neighbouring pixels; between 0.9 and 0.9999 the answer hardly changes
CUBIC = -0.5  # Pillow's (and everybody's) parameter of the cubic kernel
REACH = 2.0  # of the cubic kernel, in pixels of the smaller picture
DOWN, ACROSS = 8, 16  # rows and columns of the answer computed at once: the means they are made of overlap
ROWS = 56  # of the answer, whose numbers lie in memory together: they fit the processor's cache
PRODUCT = 250_000  # multiplications at once: so few that BLAS stays in this thread


@dataclass(frozen=True, slots=True)
class _Band:
    """Weights of some pixels of the answer: those of the means from `low` to `high`.

    Attributes:
        weights: shape (pixels, high - low).
        turned: the same, shape (high - low, pixels).
    """

    first: int
    last: int
    low: int
    high: int
    weights: NDArray[np.float32]
    turned: NDArray[np.float32]

    def strips(self, length: int) -> Iterator[slice]:
        """What of `length` rows or columns can be weighed at once."""
        step = max(1, PRODUCT // self.weights.size)
        return (slice(start, start + step) for start in range(0, length, step))


def from_means(means: NDArray[np.uint8], original: tuple[int, int], box: int, size: int) -> NDArray[np.uint8]:
    """What Pillow's bicubic makes of the picture squeezed to a square; shape (size, size, 3).

    Args:
        means: of boxes of `box` × `box` pixels, shape (height / box, width / box, 3), rounded up.
        original: (width, height) of the picture.
        box: pixels.
        size: of the answer; less than half of the means' sides is computed fast and well.
    """
    width, height = original
    answer = np.empty((size, size, means.shape[2]), np.uint8)
    down, across = _bands(height, box, size, DOWN), _bands(width, box, size, ACROSS)
    for start in range(0, size, ROWS):
        bands = [band for band in down if start <= band.first < start + ROWS]
        _squeeze(means, bands, across, answer[start : start + ROWS])
    return answer


def _squeeze(
    means: NDArray[np.uint8], down: Sequence[_Band], across: Sequence[_Band], answer: NDArray[np.uint8]
) -> None:
    """Fill `answer`, the rows that the bands `down` are for, shape (rows, size, 3)."""
    rows, size, channels = answer.shape
    means, above = means[down[0].low : max(band.high for band in down)], down[0].low
    length, columns = len(means), means.shape[1]
    # each row's colours beside each other: so the products need not be turned
    beside = np.empty((length, channels, columns), np.uint8)
    cv2.split(means, [beside[:, channel] for channel in range(channels)])
    flat = beside.reshape(length, channels * columns)
    shorter = np.empty((rows, channels * columns), np.float32)
    for band in down:
        some, place = flat[band.low - above : band.high - above].astype(np.float32), band.first - down[0].first
        for strip in band.strips(channels * columns):
            np.matmul(band.weights, some[:, strip], out=shorter[place : place + len(band.weights), strip])
    lines = shorter.reshape(rows * channels, columns)
    squeezed = np.empty((rows * channels, size), np.float32)
    for band in across:
        for strip in band.strips(rows * channels):
            np.matmul(lines[strip, band.low : band.high], band.turned, out=squeezed[strip, band.first : band.last])
    np.rint(squeezed.clip(0, 255, out=squeezed), out=squeezed)
    planes = squeezed.astype(np.uint8).reshape(rows, channels, size)
    cv2.merge([planes[:, channel] for channel in range(channels)], answer)


@lru_cache(maxsize=128)  # 128 lengths, some 50 kB each
def _bands(length: int, box: int, size: int, count: int) -> tuple[_Band, ...]:
    """All of the answer's rows or columns, `count` in a band."""
    weights = _weights_of_means(length, box, size)
    bands = []
    for first in range(0, size, count):
        part = weights[first : first + count]
        used = np.flatnonzero(part.any(axis=0))
        low, high = int(used[0]), int(used[-1]) + 1
        part = np.ascontiguousarray(part[:, low:high])
        bands.append(_Band(first, first + len(part), low, high, part, np.ascontiguousarray(part.T)))
    return tuple(bands)


def _weights_of_means(length: int, box: int, size: int) -> NDArray[np.float32]:
    """Shape (size, means): for each pixel of the answer the weights of the means it is made of."""
    count = -(-length // box)
    likeness = _Likeness(box, math.ceil(2 * REACH * length / size) + 5 * box)
    weights = np.zeros((size, count), np.float32)
    for place in range(size):
        pixels, wanted = _bicubic(length, size, place)
        low = max(pixels.start // box - 1, 0)  # one more on each side tells how it goes on inside of the last one
        high = min((pixels.stop - 1) // box + 2, count)
        weights[place, low:high] = likeness.best(pixels, wanted, low, high)
    return weights


class _Likeness:
    """How pixels and means of boxes resemble each other, and what that lets means tell about pixels."""

    def __init__(self, box: int, furthest: int) -> None:
        self._box, self._furthest = box, furthest
        inside = np.arange(box)
        # Between a pixel and the mean of a box: by how far the pixel lies behind the box's first one.
        self._to_mean = (ALIKE ** np.abs(np.arange(-furthest, furthest + 1)[:, None] - inside)).mean(axis=1)
        self._solvers: dict[int, NDArray[np.float64]] = {}

    def best(self, pixels: range, wanted: NDArray[np.float64], low: int, high: int) -> NDArray[np.float64]:
        """The weights of means `low` to `high` that come nearest to weighing `pixels` as `wanted`; they sum to one."""
        behind = np.arange(pixels.start, pixels.stop)[:, None] - np.arange(low, high) * self._box
        solver = self._solver(high - low)
        best = solver @ (wanted @ self._to_mean[behind + self._furthest])
        even = solver.sum(axis=1)
        answer: NDArray[np.float64] = best + even * (1 - best.sum()) / even.sum()
        return answer

    def _solver(self, count: int) -> NDArray[np.float64]:
        if count not in self._solvers:
            apart = (np.arange(count)[:, None] - np.arange(count)) * self._box
            inside = np.arange(self._box)
            between_means = self._to_mean[np.abs(apart)[..., None] + inside + self._furthest].mean(axis=-1)
            self._solvers[count] = np.linalg.inv(between_means)
        return self._solvers[count]


def _bicubic(length: int, size: int, place: int) -> tuple[range, NDArray[np.float64]]:
    """Which pixels Pillow weighs for the pixel at `place` of the answer, and how."""
    scale = length / size
    stretch = max(scale, 1.0)
    centre, reach = (place + 0.5) * scale, REACH * stretch
    pixels = range(max(int(centre - reach + 0.5), 0), min(int(centre + reach + 0.5), length))
    x = np.abs((np.arange(pixels.start, pixels.stop) - centre + 0.5) / stretch)
    near = ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * CUBIC
    weights = np.where(x < 1, near, np.where(x < REACH, far, 0))
    return pixels, weights / weights.sum()
