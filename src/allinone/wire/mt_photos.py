"""MT-Photos' answers, both ways: numbers are strings there, boxes are pixels of the sent image.

Builders make what its client reads; parsers read what another such server answers.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from allinone.errors import InvalidRequest
from allinone.wire.ocr import Box, OcrLine

TITLE = "mt-photos-ai服务"
HELP = "https://mtmt.tech/docs/advanced/ocr_api"
KEY_HEADER = "api-key"
DEFAULT_KEY = "mt_photos_ai_extra"
MAX_SIDE = 10_000  # pixels
OUT_OF_RANGE = "height or width out of range"


DETECTOR = "insightface"


def check_answer(device: str, *, recognition_model: str | None = None) -> dict[str, object]:
    """Of `/check`; with a `recognition_model` also as the face companion answers it."""
    answer: dict[str, object] = {"result": "pass", "title": TITLE, "help": HELP, "device": device}
    return answer | (_models_answer(recognition_model) if recognition_model else {})


def ocr_answer(lines: Sequence[OcrLine], width: int, height: int) -> dict[str, object]:
    """Of `/ocr`: upright boxes around the lines, in pixels of an image of this size."""
    return {
        "result": {
            "texts": [line.text for line in lines],
            "scores": [f"{line.text_score:.2f}" for line in lines],
            "boxes": [_box_answer(line.box, width, height) for line in lines],
        }
    }


def clip_answer(vector: Iterable[float]) -> dict[str, object]:
    """Of `/clip/img` and `/clip/txt`."""
    return {"result": [f"{float(value):.16f}" for value in vector]}


def faces_answer(faces: Iterable[dict[str, object]], *, recognition_model: str) -> dict[str, object]:
    """Of `/represent`, made of `face_answer`s."""
    return _models_answer(recognition_model) | {"result": list(faces)}


def face_answer(box: tuple[float, float, float, float], score: float, embedding: Iterable[float]) -> dict[str, object]:
    """One face; `box` is x1, y1, x2, y2 in pixels of the sent image. Numbers are numbers here."""
    x1, y1, x2, y2 = (int(value) for value in box)
    return {
        "embedding": [float(value) for value in embedding],
        "facial_area": {"x": x1, "y": y1, "w": x2 - x1, "h": y2 - y1},
        "face_confidence": float(score),
    }


def restart_answer() -> dict[str, object]:
    """Of `/restart` and `/restart_v2`."""
    return {"result": "pass"}


def image_fault(message: str) -> dict[str, object]:
    """Of every route that takes an image, with status 200, where that image cannot be used."""
    return {"result": [], "msg": message}


def parse_ocr(document: object, width: int, height: int) -> list[OcrLine]:
    """The lines in an answer of `/ocr` about an image of this size.

    That server tells no score of the box; the text's stands in for it.

    Raises:
        InvalidRequest: the answer has another form, or says that the image cannot be used.
    """
    result = _result(document)
    if not isinstance(result, Mapping):
        raise _unexpected("'result' is not an object")
    texts, scores, boxes = (result.get(name) for name in ("texts", "scores", "boxes"))
    if not (isinstance(texts, list) and isinstance(scores, list) and isinstance(boxes, list)):
        raise _unexpected("texts, scores and boxes are not lists")
    if not len(texts) == len(scores) == len(boxes) or not all(isinstance(text, str) for text in texts):
        raise _unexpected("texts, scores and boxes do not fit together")
    lines = []
    for text, score_text, box in zip(texts, scores, boxes, strict=True):
        score = min(1.0, max(0.0, _number(score_text)))
        lines.append(OcrLine(text, _parse_box(box, width, height), score, score))
    return lines


def parse_clip(document: object) -> list[float]:
    """The vector in an answer of `/clip/img` or `/clip/txt`, of whatever length it has there.

    Raises:
        InvalidRequest: the answer has another form, or says that the image cannot be used.
    """
    result = _result(document)
    if not isinstance(result, list) or not result:
        raise _unexpected("'result' is not a list of numbers")
    return [_number(value) for value in result]


def _models_answer(recognition_model: str) -> dict[str, object]:
    return {"detector_backend": DETECTOR, "recognition_model": recognition_model}


def _result(document: object) -> Any:
    if not isinstance(document, Mapping):
        raise _unexpected("it is not an object")
    message = document.get("msg")
    if message:
        raise _unexpected(str(message)[:200])
    return document.get("result", document.get("results"))


def _box_answer(box: Box, width: int, height: int) -> dict[str, str]:
    left, right = (side(box[0::2]) * width for side in (min, max))
    top, bottom = (side(box[1::2]) * height for side in (min, max))
    values = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    return {name: str(round(value, 2)) for name, value in values.items()}


def _parse_box(box: object, width: int, height: int) -> Box:
    if not isinstance(box, Mapping):
        raise _unexpected("a box is not an object")
    left, top, wide, high = (_number(box.get(name)) for name in ("x", "y", "width", "height"))
    x1, x2 = (_share(value, width) for value in (left, left + wide))
    y1, y2 = (_share(value, height) for value in (top, top + high))
    return (x1, y1, x2, y1, x2, y2, x1, y2)


def _share(value: float, whole: int) -> float:
    return min(1.0, max(0.0, value / whole))


def _number(value: object) -> float:
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise _unexpected("a number was expected")
    return number


def _unexpected(fault: str) -> InvalidRequest:
    return InvalidRequest(f"The MT-Photos answer cannot be used: {fault}.")
