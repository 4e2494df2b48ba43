"""Where faces are in a picture: SCRFD, prepared and read as InsightFace does."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from allinone.photos_ai.sessions import Session

SIZES = ((640, 640),)  # pixels the network sees, (width, height): as in Immich and the original
MOST_FACES = 500  # of a picture; the surest are kept

_STRIDES = (8, 16, 32)
_ANCHORS = 2  # at each place of a stride
OUTPUTS = 3 * len(_STRIDES)  # scores, then distances to the box's sides, then landmarks
_MEAN, _SPREAD = 127.5, 128.0
_SAME_FACE = 0.4  # overlap from which two boxes are one face


class FoundFaces(NamedTuple):
    """Faces, the surest first.

    Attributes:
        boxes: float32, shape (n, 4): x1, y1, x2, y2 in pixels; parts may lie outside of the picture.
        scores: float32, shape (n,), 0..1.
        landmarks: float32, shape (n, 5, 2): x, y in pixels of both eyes, the nose and both corners of the mouth.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    landmarks: NDArray[np.float32]


class FaceDetector:
    """SCRFD with landmarks. Threads may share it."""

    def __init__(self, session: Session, *, sizes: Sequence[tuple[int, int]] = SIZES) -> None:
        self._session = session
        declared = session.get_inputs()[0]
        self._input = declared.name
        fixed = _fixed_size(declared.shape)
        self._sizes = list(sizes) if fixed is None else [fixed]

    def detect(self, pixels: NDArray[np.uint8], *, minimum_score: float) -> FoundFaces:
        """The faces in RGB `pixels`, shape (height, width, 3), of which the network is at least that sure."""
        looks = [self._look(pixels, size, minimum_score) for size in self._sizes]
        boxes, scores, landmarks = (np.concatenate(parts) for parts in zip(*looks, strict=True))
        order = np.argsort(-scores, kind="stable")
        boxes, scores, landmarks = boxes[order], scores[order], landmarks[order]
        kept = _without_doubles(boxes)
        return FoundFaces(boxes[kept], scores[kept], landmarks[kept])

    def _look(self, pixels: NDArray[np.uint8], size: tuple[int, int], minimum_score: float) -> FoundFaces:
        """Everything at least that sure, many times over, in the picture's pixels."""
        canvas, scale = _letterbox(pixels, size)
        blob = cv2.dnn.blobFromImage(canvas, 1 / _SPREAD, mean=(_MEAN,) * 3)
        levels = _levels(self._session.run(None, {self._input: blob}), size)
        found = [_candidates(*level, minimum_score) for level in levels]
        boxes, scores, landmarks = (np.concatenate(parts) for parts in zip(*found, strict=True))
        boxes, landmarks = (np.divide(each, scale, dtype=np.float32) for each in (boxes, landmarks))
        return FoundFaces(boxes, scores, landmarks)


def _fixed_size(shape: Sequence[Any]) -> tuple[int, int] | None:
    height, width = shape[2:4]
    return (width, height) if isinstance(width, int) and isinstance(height, int) else None


def _letterbox(pixels: NDArray[np.uint8], size: tuple[int, int]) -> tuple[NDArray[np.uint8], float]:
    """The picture in the top left corner of a black canvas, and how much smaller it is there."""
    height, width = pixels.shape[:2]
    if height * size[0] > size[1] * width:
        small = (max(1, int(size[1] / (height / width))), size[1])
    else:
        small = (size[0], max(1, int(size[0] * (height / width))))
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    canvas[: small[1], : small[0]] = cv2.resize(pixels, small, interpolation=cv2.INTER_LINEAR)
    return canvas, small[1] / height


_Level = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


def _levels(outputs: Sequence[NDArray[np.float32]], size: tuple[int, int]) -> Iterator[_Level]:
    """For each stride: centres (n, 2), scores (n,), distances (n, 4) and landmarks (n, 10), in the canvas's pixels."""
    for level, stride in enumerate(_STRIDES):
        scores, distances, landmarks = (outputs[level + part * len(_STRIDES)] for part in range(3))
        down, across = np.mgrid[: size[1] // stride, : size[0] // stride].astype(np.float32)
        centres = np.repeat(np.stack([across, down], axis=-1).reshape(-1, 2) * stride, _ANCHORS, axis=0)
        yield centres, scores.reshape(-1), distances.reshape(-1, 4) * stride, landmarks.reshape(-1, 10) * stride


def _candidates(
    centres: NDArray[np.float32],
    scores: NDArray[np.float32],
    distances: NDArray[np.float32],
    landmarks: NDArray[np.float32],
    minimum_score: float,
) -> FoundFaces:
    sure = scores >= minimum_score
    middle = centres[sure]
    boxes = np.hstack([middle - distances[sure, :2], middle + distances[sure, 2:]])
    return FoundFaces(boxes, scores[sure], middle[:, None] + landmarks[sure].reshape(-1, 5, 2))


def _without_doubles(boxes: NDArray[np.float32]) -> list[int]:
    """Places of `boxes`, the surest first, that overlap no surer one too much. Sides count the pixel they end in."""
    left, top, right, bottom = boxes.T
    areas = (right - left + 1) * (bottom - top + 1)
    rest, kept = np.arange(len(boxes)), list[int]()
    while len(rest) and len(kept) < MOST_FACES:
        first, rest = int(rest[0]), rest[1:]
        kept.append(first)
        across = np.minimum(right[first], right[rest]) - np.maximum(left[first], left[rest]) + 1
        down = np.minimum(bottom[first], bottom[rest]) - np.maximum(top[first], top[rest]) + 1
        shared = across.clip(min=0) * down.clip(min=0)
        rest = rest[shared <= _SAME_FACE * (areas[first] + areas[rest] - shared)]
    return kept
