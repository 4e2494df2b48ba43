"""Immich's `/predict`: what is asked for in `entries`, and the answers, in Immich's exact shape.

Unknown tasks and fields are kept as they came, so that they can be passed on.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from allinone.errors import InvalidRequest
from allinone.wire.ocr import OcrLine

Entries = dict[str, dict[str, dict[str, Any]]]
"""Task ("clip", "ocr", "facial-recognition", or one not known here) to part ("visual", "detection" ...) to its
`modelName` and `options`."""

CLIP, OCR, FACES = "clip", "ocr", "facial-recognition"

MAX_ENTRIES_BYTES = 64 * 1024
MAX_NAME = 200  # characters of a name
MAX_RESOLUTION = 10_000  # pixels; a setting of Immich's that no detector comes near


@dataclass(frozen=True, slots=True)
class ClipTask:
    """A vector is wanted: of the image ("visual") or of the text ("textual")."""

    kind: Literal["visual", "textual"]
    model_name: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class OcrTask:
    """Text is wanted. None: the service's own default.

    Attributes:
        max_resolution: pixels of the shorter side of what the detector looks at.
    """

    minimum_detection_score: float | None = None
    minimum_recognition_score: float | None = None
    max_resolution: int | None = None
    detection_model: str | None = None
    recognition_model: str | None = None


@dataclass(frozen=True, slots=True)
class FacesTask:
    """Faces are wanted. None: the service's own default."""

    minimum_score: float | None = None
    model_name: str | None = None


def parse_entries(raw: bytes | str) -> Entries:
    """The `entries` of a request.

    Raises:
        InvalidRequest: they are not JSON of this form, or too large.
    """
    if len(raw) > MAX_ENTRIES_BYTES:
        raise _invalid(f"must have at most {MAX_ENTRIES_BYTES} bytes")
    document = _parsed(raw)
    if not isinstance(document, dict):
        raise _invalid("must be a JSON object")
    if not document:
        raise _invalid("must name a task")
    for task, parts in document.items():
        _check_name(task)
        if not isinstance(parts, dict):
            raise _invalid(f"{task!r} must be a JSON object")
        for part, values in parts.items():
            _check_name(part)
            _check_part(f"{task}.{part}", values)
    return document


def clip_task(entries: Entries) -> ClipTask | None:
    """What is asked of CLIP; None where nothing is.

    Raises:
        InvalidRequest: it is neither of the two things, or both.
    """
    parts = entries.get(CLIP)
    if parts is None:
        return None
    kinds: list[Literal["visual", "textual"]] = [kind for kind in ("visual", "textual") if kind in parts]
    if len(kinds) != 1:
        raise _invalid("'clip' must ask for either 'visual' or 'textual'")
    part = parts[kinds[0]]
    language = _options(part).get("language")
    if language is not None and not isinstance(language, str):
        raise _invalid("'clip.textual.options.language' must be a string")
    return ClipTask(kinds[0], part.get("modelName"), language)


def ocr_task(entries: Entries) -> OcrTask | None:
    """What is asked of OCR; None where nothing is.

    Raises:
        InvalidRequest: an option has a value that it cannot have.
    """
    parts = entries.get(OCR)
    if parts is None:
        return None
    detection, recognition = parts.get("detection", {}), parts.get("recognition", {})
    return OcrTask(
        minimum_detection_score=_score(detection, "ocr.detection"),
        minimum_recognition_score=_score(recognition, "ocr.recognition"),
        max_resolution=_resolution(detection, "ocr.detection"),
        detection_model=detection.get("modelName"),
        recognition_model=recognition.get("modelName"),
    )


def faces_task(entries: Entries) -> FacesTask | None:
    """What is asked about faces; None where nothing is.

    Raises:
        InvalidRequest: an option has a value that it cannot have.
    """
    parts = entries.get(FACES)
    if parts is None:
        return None
    detection, recognition = parts.get("detection", {}), parts.get("recognition", {})
    name = recognition.get("modelName", detection.get("modelName"))
    return FacesTask(_score(detection, f"{FACES}.detection"), name)


def clip_answer(vector: Iterable[float]) -> str:
    """The value of `clip`: a string that holds the vector."""
    return json.dumps([float(value) for value in vector], separators=(",", ":"), allow_nan=False)


def ocr_answer(lines: Sequence[OcrLine]) -> dict[str, list[Any]]:
    """The value of `ocr`: four lists, of which `box` has eight numbers for each line."""
    return {
        "text": [line.text for line in lines],
        "box": [value for line in lines for value in line.box],
        "boxScore": [line.box_score for line in lines],
        "textScore": [line.text_score for line in lines],
    }


def face_answer(box: tuple[float, float, float, float], score: float, embedding: Iterable[float]) -> dict[str, object]:
    """One element of the value of `facial-recognition`; `box` is x1, y1, x2, y2 in pixels of the sent image.

    Immich keeps whole pixels: PostgreSQL would refuse it a fraction.
    """
    corners = zip(("x1", "y1", "x2", "y2"), box, strict=True)
    return {
        "boundingBox": {name: float(round(value)) for name, value in corners},
        "embedding": clip_answer(embedding),
        "score": float(score),
    }


def size_answer(width: int, height: int) -> dict[str, object]:
    """What an answer about an image says of its size."""
    return {"imageHeight": height, "imageWidth": width}


def _parsed(raw: bytes | str) -> Any:
    try:
        text = raw.decode("utf-8-sig") if isinstance(raw, bytes) else raw
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except UnicodeDecodeError as error:
        raise _invalid(f"is not UTF-8: byte {error.start} cannot be read") from error
    except json.JSONDecodeError as error:
        raise _invalid(f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise _invalid("is nested too deep") from error
    except ValueError as error:  # NaN; thousands of digits
        raise _invalid(f"is not JSON that can be used: {error}") from error


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not a JSON number"
    raise ValueError(message)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        message = "a number is too large"
        raise ValueError(message)
    return value


def _check_name(name: str) -> None:
    if len(name) > MAX_NAME:
        raise _invalid(f"has a name of more than {MAX_NAME} characters")


def _check_part(name: str, values: object) -> None:
    if not isinstance(values, dict):
        raise _invalid(f"{name!r} must be a JSON object")
    model_name = values.get("modelName")
    if model_name is not None and not isinstance(model_name, str):
        raise _invalid(f"'modelName' of {name!r} must be a string")
    if model_name is not None and len(model_name) > MAX_NAME:
        raise _invalid(f"'modelName' of {name!r} must have at most {MAX_NAME} characters")
    if not isinstance(values.get("options", {}), dict | None):
        raise _invalid(f"'options' of {name!r} must be a JSON object")


def _options(part: Mapping[str, Any]) -> Mapping[str, Any]:
    return part.get("options") or {}


def _score(part: Mapping[str, Any], name: str) -> float | None:
    value = _options(part).get("minScore")
    if value is None:
        return None
    if not _is_number(value) or not 0 <= value <= 1:
        raise _invalid(f"'{name}.options.minScore' must be a number between 0 and 1")
    return float(value)


def _resolution(part: Mapping[str, Any], name: str) -> int | None:
    value = _options(part).get("maxResolution")
    if value is None:
        return None
    if not _is_number(value) or value != int(value) or not 1 <= value <= MAX_RESOLUTION:
        raise _invalid(f"'{name}.options.maxResolution' must be a whole number between 1 and {MAX_RESOLUTION}")
    return int(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _invalid(fault: str) -> InvalidRequest:
    return InvalidRequest(f"'entries' {fault}." if not fault.startswith("'") else f"entries: {fault}.")
