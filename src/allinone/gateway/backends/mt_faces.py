"""What `/represent` of the MT-Photos face companion answers."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from allinone.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class Face:
    """One face.

    Attributes:
        box: x1, y1, x2, y2 in pixels of the sent image.
        score: 0..1.
        embedding: 512 numbers, of length one together.
    """

    box: tuple[float, float, float, float]
    score: float
    embedding: list[float]


def parse_faces(document: Mapping[str, object]) -> list[Face]:
    """The faces in `document`.

    Raises:
        InvalidRequest: it has another form.
    """
    result = document.get("result")
    if not isinstance(result, list):
        raise _unexpected("'result' is not a list")
    return [_face(face) for face in result]


def _face(face: object) -> Face:
    if not isinstance(face, Mapping):
        raise _unexpected("a face is not an object")
    area, embedding = face.get("facial_area"), face.get("embedding")
    if not isinstance(area, Mapping) or not isinstance(embedding, list) or not embedding:
        raise _unexpected("a face has no facial_area or no embedding")
    left, top, width, height = (_number(area.get(name)) for name in ("x", "y", "w", "h"))
    score = min(1.0, max(0.0, _number(face.get("face_confidence"))))
    return Face((left, top, left + width, top + height), score, [_number(value) for value in embedding])


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _unexpected("a number was expected")
    return float(value)


def _unexpected(fault: str) -> InvalidRequest:
    return InvalidRequest(f"The MT-Photos answer cannot be used: {fault}.")
