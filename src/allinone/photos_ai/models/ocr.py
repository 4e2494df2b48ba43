"""Reads the text in a picture: PP-OCR's networks, and our own way of going about it.

Upright pages, which most are, cost one detection and one recognition of each line. Only where that leaves doubt is
more tried: the page turned, a line turned, a column cut into its characters. The recogniser's own confidence decides,
which tells more than an orientation classifier does and costs nothing on upright pages.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import rapidocr
from numpy.typing import NDArray

from allinone.errors import ModelMissing
from allinone.photos_ai.helpers import Helpers
from allinone.photos_ai.models.stacked_rows import cut_rows, line_height, row_count
from allinone.photos_ai.models.text_detection import LEAST_SCORE, SHORTER_SIDE, TextBox, TextDetector
from allinone.photos_ai.models.text_recognition import Reading, TextRecognizer
from allinone.photos_ai.openvino_sessions import OpenVinoSession, openvino_installed
from allinone.photos_ai.sessions import Session, open_session
from allinone.search.reading_order import Corners, reading_order
from allinone.wire.ocr import Box, OcrLine

NAME = "PP-OCRv6 small"

_FOLDER = Path(rapidocr.__file__).parent / "models"
_DETECTION, _RECOGNITION = "PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx"

_DETECTOR_CORES = 4  # at most; it sees the whole page at once, which helpers cannot share out as they do with lines
_TALL = 1.5  # height to width: from here on a box holds vertical or turned text
_SAMPLE = 5  # lines that decide for the page
_SURE = 0.85
_CLEARLY_BETTER = 0.1
_HALF_TURN = 2

_log = logging.getLogger(__name__)

Pixels = NDArray[np.uint8]
TextEngine = Literal["onnxruntime", "openvino"]


def usable_engine(wanted: TextEngine) -> TextEngine:
    """`wanted`, or ONNX Runtime, and a warning, where that is not installed."""
    if wanted == "openvino" and not openvino_installed():
        _log.warning(
            "ALLINONE_OCR_ENGINE=openvino, but OpenVINO is not installed: reading text with ONNX Runtime. "
            "Install it with `pip install 'immich-all-in-one[openvino]'`."
        )
        return "onnxruntime"
    return wanted


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that was read.

    Attributes:
        corners: in pixels, clockwise from the text's top left.
        vertical: characters stand below each other, upright.
    """

    corners: Corners
    box_score: float
    reading: Reading
    vertical: bool


class TextReader:
    """Detector and recogniser together. Threads may share it."""

    def __init__(self, detector: TextDetector, recognizer: TextRecognizer) -> None:
        self._detector = detector
        self._recognizer = recognizer

    @classmethod
    def load(
        cls,
        *,
        device: str = "cpu",
        engine: TextEngine = "onnxruntime",
        callers: int = 1,
        helpers: Helpers | None = None,
    ) -> "TextReader":
        """From the models in rapidocr's wheel; nothing is ever downloaded. Blocks.

        Args:
            device: "cpu" or "cuda".
            engine: what computes; OpenVINO does so on the CPU only.
            callers: threads that will read at the same time, helpers among them.
            helpers: they read some of a picture's lines.

        Raises:
            ModelMissing: the wheel lacks them.
            ConfigurationError: the engine is not installed.
        """
        for name in (_DETECTION, _RECOGNITION):
            if not (_FOLDER / name).is_file():
                message = (
                    f"The OCR model {name} is missing from the installed rapidocr package. "
                    "Install the locked dependencies again: delete .venv and start with ./run."
                )
                raise ModelMissing(message)

        def opened(name: str, cores: int = 1) -> Session:
            if engine == "openvino":
                return OpenVinoSession(_FOLDER / name, callers=callers)
            return open_session(_FOLDER / name, device=device, cores=cores)

        # a GPU wants several lines at a time, OpenVINO few different widths, a processor's core neither
        batch = 8 if device == "cuda" and engine == "onnxruntime" else 1
        width_step = 8 if device == "cpu" and engine == "onnxruntime" else 32
        recognizer = TextRecognizer(opened(_RECOGNITION), batch=batch, width_step=width_step, helpers=helpers)
        detector = TextDetector(opened(_DETECTION, cores=min(callers, _DETECTOR_CORES)))
        return cls(detector, recognizer)

    def read(
        self,
        pixels: Pixels,
        *,
        minimum_score: float = 0.5,
        minimum_box_score: float | None = None,
        shorter_side: int | None = None,
    ) -> list[OcrLine]:
        """The lines in RGB `pixels`, shape (height, width, 3), in reading order. Blocks.

        What one call asks for, no other sees.

        Args:
            pixels: the picture, upright or not.
            minimum_score: lines whose text is less certain are dropped.
            minimum_box_score: places less certain to hold text are dropped; None: below 0.5.
            shorter_side: pixels of what the detector looks at (Immich's `maxResolution`); None: 736. Small pictures
                are enlarged at most twice, large ones reduced to a bounded number of pixels.
        """
        boxes = self._detector.detect(
            pixels,
            minimum_score=LEAST_SCORE if minimum_box_score is None else minimum_box_score,
            shorter_side=SHORTER_SIDE if shorter_side is None else shorter_side,
        )
        turns = self._sideways(pixels, boxes)
        page, boxes = _turned_page(pixels, boxes, turns)
        lines = self._lines(page, boxes)
        if self._upside_down(page, lines):
            page, boxes = _turned_page(page, boxes, _HALF_TURN)
            turns += _HALF_TURN
            lines = self._lines(page, boxes)
        lines = [line for line in lines if line.reading.text and line.reading.score >= minimum_score]
        order = reading_order([line.corners for line in lines], [line.vertical for line in lines])
        size = (page.shape[1], page.shape[0])
        return [_ocr_line(lines[at], size, turns) for at in order]

    def _sideways(self, page: Pixels, boxes: Sequence[TextBox]) -> int:
        """Quarter turns, counterclockwise, that bring a page that lies on its side upright; else 0."""
        tall = [box for box in boxes if _is_tall(box.corners)]
        wide = sum(_length(box.corners) for box in boxes if not _is_tall(box.corners))
        if sum(_length(box.corners) for box in tall) <= wide:
            return 0
        sample = sorted(tall, key=lambda box: -_length(box.corners))[:_SAMPLE]
        crops = [_crop(page, box.corners) for box in sample]
        readings = {turns: self._recognizer.read([_turned(crop, turns) for crop in crops]) for turns in (1, 3)}
        scores = {turns: _certainty(found) for turns, found in readings.items()}
        best = max(scores, key=scores.__getitem__)
        if best == 1 and all(_is_cjk(reading.text) for reading in readings[1]):
            # vertical columns are read well in this position too; cut into characters, only they are
            columns = _certainty(self._recognizer.read([_column(crop) for crop in crops]))
            if columns >= scores[best] - 2 * _CLEARLY_BETTER:
                return 0
        return best

    def _upside_down(self, page: Pixels, lines: Sequence[_Line]) -> bool:
        sample = sorted((line for line in lines if not line.vertical), key=lambda line: -_length(line.corners))
        sample = sample[:_SAMPLE]
        so_far = _certainty([line.reading for line in sample])
        if not sample or so_far >= _SURE:
            return False
        turned = self._recognizer.read([_turned(_crop(page, line.corners), _HALF_TURN) for line in sample])
        return _certainty(turned) > so_far + _CLEARLY_BETTER

    def _lines(self, page: Pixels, boxes: Sequence[TextBox]) -> list[_Line]:
        crops = [_crop(page, box.corners) for box in boxes]
        turns = [int(_is_tall(box.corners)) for box in boxes]
        readings = self._recognizer.read([_turned(crop, turn) for crop, turn in zip(crops, turns, strict=True)])
        lines = [_line(box, reading, turn) for box, reading, turn in zip(boxes, readings, turns, strict=True)]
        doubtful = [at for at, line in enumerate(lines) if line.reading.score < _SURE]
        for at in doubtful:
            lines[at] = self._second_look(boxes[at], crops[at], lines[at])
        return self._rows_apart(boxes, crops, lines)

    def _rows_apart(self, boxes: Sequence[TextBox], crops: Sequence[Pixels], lines: Sequence[_Line]) -> list[_Line]:
        """The lines, but rows that share a box each read for themselves."""
        height = line_height([_sides(box.corners) for box in boxes])
        if height is None:
            return list(lines)
        apart: list[_Line] = []
        for box, crop, line in zip(boxes, crops, lines, strict=True):
            count = row_count(*_sides(box.corners), height)
            # a column of Chinese is certain of itself; a number read across two numbers may be as well
            certain = line.reading.score >= _SURE and _is_cjk(line.reading.text)
            rows = [] if count == 1 or certain else cut_rows(box, crop, count)
            readings = self._recognizer.read([piece for _, piece in rows])
            if rows and min(reading.score for reading in readings) >= max(_SURE, line.reading.score):
                apart += [_line(row, reading, 0) for (row, _), reading in zip(rows, readings, strict=True)]
            else:
                apart.append(line)
        return apart

    def _second_look(self, box: TextBox, crop: Pixels, line: _Line) -> _Line:
        """The best of the other ways to read a box."""
        if _is_tall(box.corners):
            column, other = self._recognizer.read([_column(crop), _turned(crop, 3)])
            others = [replace(_line(box, column, 0), vertical=True), _line(box, other, 3)]
        else:
            others = [_line(box, self._recognizer.read([_turned(crop, _HALF_TURN)])[0], _HALF_TURN)]
        best = max(others, key=lambda other: _worth(other.reading))
        return best if _worth(best.reading) > _worth(line.reading) + _CLEARLY_BETTER else line


def _line(box: TextBox, reading: Reading, turns: int) -> _Line:
    """A box read after `turns` quarter turns, counterclockwise."""
    vertical = turns == 1 and _is_cjk(reading.text)
    corners = box.corners if vertical else np.roll(box.corners, -turns, axis=0)
    return _Line(corners, box.score, reading, vertical)


def _worth(reading: Reading) -> float:
    # a lone character is easily sure of itself
    return reading.score * min(1.0, 0.4 + 0.2 * len(reading.text))


def _certainty(readings: Sequence[Reading]) -> float:
    return float(np.mean([_worth(reading) for reading in readings])) if readings else 0.0


def _is_cjk(text: str) -> bool:
    letters = [character for character in text if character.isalnum()]
    return 2 * sum("\u2e80" <= character <= "\U0003ffff" for character in letters) > len(letters)


def _sides(corners: Corners) -> tuple[float, float]:
    across = max(np.linalg.norm(corners[0] - corners[1]), np.linalg.norm(corners[3] - corners[2]))
    down = max(np.linalg.norm(corners[0] - corners[3]), np.linalg.norm(corners[1] - corners[2]))
    return float(across), float(down)


def _length(corners: Corners) -> float:
    return max(_sides(corners))


def _is_tall(corners: Corners) -> bool:
    across, down = _sides(corners)
    return down >= _TALL * across


def _crop(page: Pixels, corners: Corners) -> Pixels:
    across, down = (max(1, round(side)) for side in _sides(corners))
    target = np.array([[0, 0], [across, 0], [across, down], [0, down]], np.float32)
    straight = cv2.getPerspectiveTransform(corners, target)
    crop: Pixels = cv2.warpPerspective(
        page, straight, (across, down), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return crop


def _turned(crop: Pixels, turns: int) -> Pixels:
    return np.ascontiguousarray(np.rot90(crop, turns)) if turns % 4 else crop


def _column(crop: Pixels) -> Pixels:
    """A column's characters, put side by side."""
    height, width = crop.shape[:2]
    count = max(1, round(height / width))
    cuts = np.linspace(0, height, count + 1).astype(int)
    side = -(-height // count)
    pieces = [cv2.resize(crop[top:bottom], (width, side)) for top, bottom in pairwise(cuts)]
    return np.ascontiguousarray(np.hstack(pieces))


def _turned_page(page: Pixels, boxes: Sequence[TextBox], turns: int) -> tuple[Pixels, list[TextBox]]:
    """The page after quarter turns, counterclockwise, and its boxes there, clockwise from the top left again."""
    height, width = page.shape[:2]
    turned = [
        replace(box, corners=np.roll(_turned_points(box.corners, (width, height), turns), -turns, axis=0))
        for box in boxes
    ]
    return _turned(page, turns), turned


def _turned_points(points: Corners, size: tuple[float, float], turns: int) -> Corners:
    """Points of a page of `size` (width, height) after quarter turns, counterclockwise."""
    for _ in range(turns % 4):
        points = np.stack([points[:, 1], size[0] - points[:, 0]], axis=1)
        size = (size[1], size[0])
    return points.astype(np.float32)


def _ocr_line(line: _Line, size: tuple[int, int], turns: int) -> OcrLine:
    normal = (line.corners / np.array(size, np.float32)).astype(np.float32)
    corners = _turned_points(normal, (1.0, 1.0), -turns).clip(0, 1)
    x1, y1, x2, y2, x3, y3, x4, y4 = (float(value) for value in corners.reshape(-1))
    box: Box = (x1, y1, x2, y2, x3, y3, x4, y4)
    return OcrLine(line.reading.text, box, line.box_score, line.reading.score)
