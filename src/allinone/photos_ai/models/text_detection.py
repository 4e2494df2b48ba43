"""Where the lines of text stand in a picture."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from rapidocr.ch_ppocr_det.utils import DBPostProcess

from allinone.photos_ai.sessions import Session

SHORTER_SIDE = 736  # pixels the network sees, as in Immich
LEAST_SCORE = 0.5  # of a box
MOST_PIXELS = 1_400_000  # of the network's input: bounds memory and time for very long pictures
MOST_PIXELS_ASKED_FOR = 2_800_000  # where the caller wants a larger shorter side: all of a preview of Immich
MOST_ENLARGED = 2.0
_MULTIPLE = 32  # the network halves five times


@dataclass(frozen=True, slots=True)
class TextBox:
    """A line's place.

    Attributes:
        corners: float32, shape (4, 2): x, y in pixels, clockwise from the top left as the picture lies.
        score: the detector's confidence, 0..1.
    """

    corners: NDArray[np.float32]
    score: float


class TextDetector:
    """PP-OCR's detector. Threads may share it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name

    def detect(
        self, pixels: NDArray[np.uint8], *, minimum_score: float = LEAST_SCORE, shorter_side: int = SHORTER_SIDE
    ) -> list[TextBox]:
        """The lines in RGB `pixels`, shape (height, width, 3), in no particular order.

        Args:
            pixels: the picture.
            minimum_score: boxes the network is less sure of are dropped.
            shorter_side: pixels of what the network sees, as far as its bounds allow.
        """
        height, width = pixels.shape[:2]
        size = network_size(width, height, shorter_side)
        shrinks = size[0] * size[1] < width * height
        small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        # RGB to the BGR it was trained on, to -1..1, to planes: all in one pass
        blob = cv2.dnn.blobFromImage(small, 1 / 127.5, mean=(127.5,) * 3, swapRB=True)
        heat = self._session.run(None, {self._input: blob})[0]
        boxes = DBPostProcess(  # one each: callers want different scores at the same time
            thresh=0.3, box_thresh=minimum_score, max_candidates=1000, unclip_ratio=1.6, use_dilation=True
        )
        found, scores = boxes(heat, (height, width))
        return [
            TextBox(np.asarray(corners, np.float32), float(score))
            for corners, score in zip(found, scores, strict=True)
            if min(_length(corners[0], corners[1]), _length(corners[1], corners[2])) > 3  # pixels
        ]


def network_size(width: int, height: int, shorter_side: int) -> tuple[int, int]:
    """(width, height) of the network's input for a picture of that size."""
    scale = min(shorter_side / min(width, height), MOST_ENLARGED)
    most = min(MOST_PIXELS * max(1.0, shorter_side / SHORTER_SIDE) ** 2, MOST_PIXELS_ASKED_FOR)
    scale = min(scale, (most / (width * height)) ** 0.5)
    return _rounded(width * scale), _rounded(height * scale)


def _rounded(side: float) -> int:
    return max(_MULTIPLE, round(side / _MULTIPLE) * _MULTIPLE)


def _length(a: NDArray[np.generic], b: NDArray[np.generic]) -> float:
    return float(np.linalg.norm(np.subtract(a, b, dtype=np.float64)))
