"""What a line of text says."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from rapidocr.ch_ppocr_rec.utils import CTCLabelDecode

from allinone.photos_ai.sessions import Session

HEIGHT = 48  # pixels the network sees
MOST_WIDE = 2400
LEAST_WIDE = 96
_WIDTH_STEP = 32  # few different widths: batches fill, and memory is used again
_BATCH = 4


class Reading(NamedTuple):
    """What was read, and how sure that is, 0..1."""

    text: str
    score: float


class TextRecognizer:
    """PP-OCR's recogniser. Threads may share it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name
        characters = session.get_modelmeta().custom_metadata_map["character"].splitlines()
        self._decode = CTCLabelDecode(character=characters)

    def read(self, crops: Sequence[NDArray[np.uint8]]) -> list[Reading]:
        """Each crop (RGB, one line from left to right) read; in the order given."""
        readings = [Reading("", 0.0)] * len(crops)
        widths = [_width(crop) for crop in crops]
        for batch in _batches(widths):
            blob = np.zeros((len(batch), 3, HEIGHT, _stepped(widths[batch[0]])), np.float32)
            for row, at in enumerate(batch):
                blob[row, :, :, : widths[at]] = _planes(crops[at], widths[at])
            lines, _ = self._decode(self._session.run(None, {self._input: blob})[0])
            for at, (text, score) in zip(batch, lines, strict=True):
                readings[at] = Reading(text.strip(), float(score))
        return readings


def _width(crop: NDArray[np.uint8]) -> int:
    height, width = crop.shape[:2]
    return min(MOST_WIDE, max(1, int(np.ceil(HEIGHT * width / height))))


def _stepped(width: int) -> int:
    return max(LEAST_WIDE, -(-width // _WIDTH_STEP) * _WIDTH_STEP)


def _batches(widths: Sequence[int]) -> Iterator[list[int]]:
    """Places of crops that are padded to the same width, few at a time."""
    batch: list[int] = []
    for at in sorted(range(len(widths)), key=widths.__getitem__):
        if batch and (len(batch) == _BATCH or _stepped(widths[batch[0]]) != _stepped(widths[at])):
            yield batch
            batch = []
        batch.append(at)
    if batch:
        yield batch


def _planes(crop: NDArray[np.uint8], width: int) -> NDArray[np.float32]:
    line = cv2.resize(crop, (width, HEIGHT), interpolation=cv2.INTER_LINEAR)
    planes: NDArray[np.float32] = cv2.dnn.blobFromImage(line, 1 / 127.5, mean=(127.5,) * 3, swapRB=True)[0]
    return planes
