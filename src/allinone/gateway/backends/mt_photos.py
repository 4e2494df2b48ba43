"""A server that speaks the MT-Photos API: asked in its words, answered in Immich's."""

import json
import math
import secrets
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from allinone.errors import ImageTooLarge, InvalidRequest, UnreadableImage
from allinone.gateway.backend_specs import BackendSpec
from allinone.gateway.backends.answers import check_answer
from allinone.gateway.backends.failures import Broken
from allinone.gateway.backends.image_size import upright_size, wanted_image
from allinone.gateway.backends.mt_faces import parse_faces
from allinone.gateway.backends.protocol import Answer, Ask
from allinone.gateway.backends.replies import OK, check_status, excerpt, parse_object
from allinone.gateway.upstream.client import Client
from allinone.tasks import together
from allinone.wire import mt_photos
from allinone.wire.predict import (
    CLIP,
    FACES,
    OCR,
    clip_answer,
    clip_task,
    face_answer,
    faces_task,
    ocr_answer,
    ocr_task,
    size_answer,
)

_PART = b'content-disposition: form-data; name="file"; filename="photo.jpg"\r\ncontent-type: application/octet-stream'
_JSON = b"application/json"
_PROBE_TEXT = "photo"

Size = tuple[int, int]
T = TypeVar("T")


class MtPhotosBackend:
    """One request there for each task. Vectors and scores come as they are there; boxes and sizes are Immich's."""

    def __init__(self, spec: BackendSpec) -> None:
        """Prepare; nothing is opened yet.

        Raises:
            ConfigurationError: its certificates cannot be read.
        """
        self._client = Client(spec.url, spec.headers, shown=spec.place, ca_file=spec.ca_file, verify=spec.verify)
        boundary = secrets.token_hex(16).encode()  # none that an image could hold on purpose
        self._file_type = b"multipart/form-data; boundary=" + boundary
        self._before = b"--%b\r\n%b\r\n\r\n" % (boundary, _PART)
        self._after = b"\r\n--%b--\r\n" % boundary
        self._tasks: Mapping[str, Callable[[Ask, float], Coroutine[None, None, dict[str, object]]]] = {
            OCR: self._ocr,
            CLIP: self._clip,
            FACES: self._faces,
        }

    def can(self, task: str) -> bool:
        """See `Backend`."""
        return task in self._tasks

    async def predict(self, ask: Ask, *, seconds: float) -> Answer:
        """See `Backend`."""
        document: dict[str, object] = {}
        for answer in await together(self._tasks[task](ask, seconds) for task in ask.entries):
            document |= answer
        check_answer(document, ask.entries, self._client.address)
        return Answer(OK, json.dumps(document, ensure_ascii=False).encode(), document=document)

    async def ping(self, *, seconds: float) -> None:
        """See `Backend`. `/check` wants the key, so a wrong one is found before a photo meets it."""
        document = await self._ask("/check", [b"{}"], _JSON, seconds)
        if document.get("result") != "pass":
            message = f"{self._client.address} is not ready: {excerpt(json.dumps(document).encode())}"
            raise Broken(message)

    async def dimension(self, model_name: str | None, *, seconds: float) -> int | None:
        """See `Backend`. The model is its own choice, whatever name Immich knows it by."""
        return len(await self._text_vector(_PROBE_TEXT, seconds))

    async def close(self) -> None:
        """See `Backend`."""
        await self._client.close()

    async def _ocr(self, ask: Ask, seconds: float) -> dict[str, object]:
        task = ocr_task(ask.entries)
        document, (width, height) = await self._about_image("/ocr", ask, seconds)
        lines = self._read(lambda: mt_photos.parse_ocr(document, width, height))
        least = (task.minimum_recognition_score if task else None) or 0.0
        kept = [line for line in lines if line.text_score >= least]
        return {OCR: ocr_answer(kept), **size_answer(width, height)}

    async def _clip(self, ask: Ask, seconds: float) -> dict[str, object]:
        task = clip_task(ask.entries)
        if task is not None and task.kind == "textual":
            if ask.form.text is None:
                message = "The form has no part 'text', which this task needs."
                raise InvalidRequest(message)
            return {CLIP: clip_answer(await self._text_vector(ask.form.text, seconds))}
        document, (width, height) = await self._about_image("/clip/img", ask, seconds)
        return {CLIP: clip_answer(self._vector(document)), **size_answer(width, height)}

    async def _faces(self, ask: Ask, seconds: float) -> dict[str, object]:
        task = faces_task(ask.entries)
        document, (width, height) = await self._about_image("/represent", ask, seconds)
        least = (task.minimum_score if task else None) or 0.0
        faces = self._read(lambda: parse_faces(document))
        kept = [face_answer(face.box, face.score, face.embedding) for face in faces if face.score >= least]
        return {FACES: kept, **size_answer(width, height)}

    async def _about_image(self, path: str, ask: Ask, seconds: float) -> tuple[dict[str, Any], Size]:
        image = wanted_image(ask.form.image)
        size = await upright_size(image)
        document = await self._ask(path, [self._before, image, self._after], self._file_type, seconds)
        fault = document.get("msg")
        if fault == mt_photos.OUT_OF_RANGE:
            message = f"The image has {size[0]} × {size[1]} pixels, and the server takes {mt_photos.MAX_SIDE} a side."
            raise ImageTooLarge(message)
        if fault:
            message = f"The image cannot be used: {str(fault)[:200]}"
            raise UnreadableImage(message)
        return document, size

    async def _text_vector(self, text: str, seconds: float) -> list[float]:
        body = json.dumps({"text": text}, ensure_ascii=False).encode("utf-8", "replace")
        return self._vector(await self._ask("/clip/txt", [body], _JSON, seconds))

    def _vector(self, document: dict[str, Any]) -> list[float]:
        vector = self._read(lambda: mt_photos.parse_clip(document))
        if not math.fsum(value * value for value in vector) > 0:
            message = f"{self._client.address} gave a vector of zeros"
            raise Broken(message)
        return vector

    async def _ask(self, path: str, body: list[bytes], content_type: bytes, seconds: float) -> dict[str, Any]:
        address = self._client.address
        reply = await self._client.post(path, body, content_type=content_type, seconds=seconds)
        check_status(reply, address)
        if reply.status != OK:
            # its form is ours, not the client's, so only the image or the text can be at fault
            message = f"{path} refuses the request ({reply.status}): {excerpt(reply.body)}"
            raise InvalidRequest(message)
        return parse_object(reply, address)

    def _read(self, parse: Callable[[], T]) -> T:
        try:
            return parse()
        except InvalidRequest as error:
            message = f"{self._client.address}: {error}"
            raise Broken(message) from error
