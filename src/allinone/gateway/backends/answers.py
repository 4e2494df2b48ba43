"""Whether Immich could read an answer, and store it."""

from allinone.errors import InvalidRequest
from allinone.gateway.backends.failures import Broken
from allinone.gateway.dimensions import check_dimension, vector_length
from allinone.wire.predict import CLIP, FACES, OCR, Entries, clip_task


def check_answer(document: dict[str, object], entries: Entries, address: str) -> None:
    """Return where `document` answers all of `entries`, in Immich's shape.

    Raises:
        Broken: it does not.
        WrongDimension: Immich could not store the vector.
    """
    for task in entries:
        if task not in document:
            message = f"{address} left {task[:50]!r} unanswered"
            raise Broken(message)
    if CLIP in entries:
        _check_vector(document[CLIP], entries, address)
    if OCR in entries and not _is_ocr(document[OCR]):
        message = f"{address} answered OCR in a shape that Immich does not read"
        raise Broken(message)
    if FACES in entries and not _is_faces(document[FACES]):
        message = f"{address} answered faces in a shape that Immich does not read"
        raise Broken(message)


def _check_vector(vector: object, entries: Entries, address: str) -> None:
    try:
        length = vector_length(vector)
    except Broken as error:
        message = f"{address} cannot be used: {error}"
        raise Broken(message) from error
    check_dimension(_model_name(entries), length, address)


def _model_name(entries: Entries) -> str | None:
    try:
        task = clip_task(entries)
    except InvalidRequest:
        return None  # the backend took it; it knows more than we do
    return task.model_name if task else None


def _is_ocr(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    lists = [value.get(name) for name in ("text", "box", "boxScore", "textScore")]
    if not all(isinstance(each, list) for each in lists):
        return False
    text, box, box_score, text_score = (len(each) for each in lists if isinstance(each, list))
    return box == 8 * text and box_score == text_score == text


def _is_faces(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(face, dict) and isinstance(face.get("boundingBox"), dict) and isinstance(face.get("embedding"), str)
        for face in value
    )
