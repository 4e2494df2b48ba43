"""What a line of text says."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from rapidocr.ch_ppocr_rec.utils import CTCLabelDecode

from allinone.photos_ai.helpers import Helpers
from allinone.photos_ai.sessions import Session

HEIGHT = 48  # pixels the network sees
MOST_WIDE = 2400
LEAST_WIDE = 96
_LEAST_STEP = 8  # pixels in which the network thinks


class Reading(NamedTuple):
    """What was read, and how sure that is, 0..1."""

    text: str
    score: float


class TextRecognizer:
    """PP-OCR's recogniser. Threads may share it."""

    def __init__(
        self, session: Session, *, batch: int = 1, width_step: int = _LEAST_STEP, helpers: Helpers | None = None
    ) -> None:
        """Crops are padded to multiples of `width_step` pixels, and `batch` of the same width read together.

        `helpers` read some of them at the same time.
        """
        self._session = session
        self._helpers = helpers or Helpers(0, lambda: 0)
        self._batch = batch
        self._width_step = width_step
        self._input = session.get_inputs()[0].name
        characters = session.get_modelmeta().custom_metadata_map["character"].splitlines()
        self._decode = CTCLabelDecode(character=characters)

    def read(self, crops: Sequence[NDArray[np.uint8]]) -> list[Reading]:
        """Each crop (RGB, one line from left to right) read; in the order given."""
        widths = [_width(crop) for crop in crops]
        padded = [max(LEAST_WIDE, -(-width // self._width_step) * self._width_step) for width in widths]
        # the widest first: whoever comes last has least to do while the others are done already
        batches = list(_batches(padded, self._batch))[::-1]
        found = self._helpers.each(lambda batch: self._read([crops[at] for at in batch], padded[batch[0]]), batches)
        readings = [Reading("", 0.0)] * len(crops)
        for batch, lines in zip(batches, found, strict=True):
            for at, reading in zip(batch, lines, strict=True):
                readings[at] = reading
        return readings

    def _read(self, crops: Sequence[NDArray[np.uint8]], padded: int) -> list[Reading]:
        """Crops read together, each padded to so many pixels."""
        blob = np.zeros((len(crops), 3, HEIGHT, padded), np.float32)
        for row, crop in enumerate(crops):
            width = _width(crop)
            blob[row, :, :, :width] = _planes(crop, width)
        lines, _ = self._decode(self._session.run(None, {self._input: blob})[0])
        return [Reading(text.strip(), float(score)) for text, score in lines]


def _width(crop: NDArray[np.uint8]) -> int:
    height, width = crop.shape[:2]
    return min(MOST_WIDE, max(1, int(np.ceil(HEIGHT * width / height))))


def _batches(padded: Sequence[int], most: int) -> Iterator[list[int]]:
    """Places of crops of the same padded width, at most so many at a time."""
    batch: list[int] = []
    for at in sorted(range(len(padded)), key=padded.__getitem__):
        if batch and (len(batch) == most or padded[batch[0]] != padded[at]):
            yield batch
            batch = []
        batch.append(at)
    if batch:
        yield batch


def _planes(crop: NDArray[np.uint8], width: int) -> NDArray[np.float32]:
    line = cv2.resize(crop, (width, HEIGHT), interpolation=cv2.INTER_LINEAR)
    planes: NDArray[np.float32] = cv2.dnn.blobFromImage(line, 1 / 127.5, mean=(127.5,) * 3, swapRB=True)[0]
    return planes
