"""A server that speaks Immich's `/predict`: Immich's own, photos-ai, or another gateway."""

import json

from allinone.errors import InvalidRequest
from allinone.gateway.backend_specs import BackendSpec
from allinone.gateway.backends.failures import Broken
from allinone.gateway.backends.protocol import Answer, Ask
from allinone.gateway.backends.replies import OK, check_status, parse_object
from allinone.gateway.dimensions import check_dimension, vector_length
from allinone.gateway.upstream.client import Client
from allinone.wire.predict import CLIP, FACES, OCR, Entries, clip_task

_BOUNDARY = "allinone-gateway-7f3a1c"
_PROBE_TYPE = f"multipart/form-data; boundary={_BOUNDARY}".encode()


class PredictBackend:
    """Passes the very bytes on, both ways, after a look at them."""

    def __init__(self, spec: BackendSpec) -> None:
        """Prepare; nothing is opened yet.

        Raises:
            ConfigurationError: its certificates cannot be read.
        """
        self._client = Client(spec.url, spec.headers, ca_file=spec.ca_file, verify=spec.verify)

    async def predict(self, ask: Ask, *, seconds: float) -> Answer:
        """See `Backend`."""
        form = ask.form
        body = form.chunks if ask.whole else form.with_entries(json.dumps(ask.entries, ensure_ascii=False).encode())
        reply = await self._client.post("/predict", body, content_type=form.content_type, seconds=seconds)
        address = self._client.address
        check_status(reply, address)
        if reply.status != OK:
            content_type = reply.headers.get(b"content-type", b"application/json").decode("latin-1")
            return Answer(reply.status, reply.body, content_type)
        document = parse_object(reply, address)
        _check(document, ask.entries, address)
        return Answer(OK, reply.body, document=document)

    async def ping(self, *, seconds: float) -> None:
        """See `Backend`."""
        reply = await self._client.get("/ping", seconds=seconds)
        check_status(reply, self._client.address)
        if reply.status != OK:
            message = f"{self._client.address}/ping answered {reply.status}"
            raise Broken(message)

    async def dimension(self, model_name: str | None, *, seconds: float) -> int | None:
        """See `Backend`. Nothing is asked without a name: that server would have to load some model."""
        if not model_name:
            return None
        entries = {CLIP: {"textual": {"modelName": model_name, "options": {}}}}
        parts = [("entries", json.dumps(entries)), ("text", "photo")]
        lines = "".join(
            f'--{_BOUNDARY}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in parts
        )
        body = f"{lines}--{_BOUNDARY}--\r\n".encode()
        reply = await self._client.post("/predict", [body], content_type=_PROBE_TYPE, seconds=seconds)
        check_status(reply, self._client.address)
        return vector_length(parse_object(reply, self._client.address).get(CLIP))

    async def close(self) -> None:
        """See `Backend`."""
        await self._client.close()


def _check(document: dict[str, object], entries: Entries, address: str) -> None:
    """Whether Immich could read it.

    Raises:
        Broken: it could not.
        WrongDimension: it could not store the vector.
    """
    for task in entries:
        if task not in document:
            message = f"{address} left {task!r} unanswered"
            raise Broken(message)
    if CLIP in entries:
        try:
            length = vector_length(document[CLIP])
        except Broken as error:
            message = f"{address} cannot be used: {error}"
            raise Broken(message) from error
        check_dimension(_model_name(entries), length, address)
    if OCR in entries and not _is_ocr(document[OCR]):
        message = f"{address} answered OCR in a shape that Immich does not read"
        raise Broken(message)
    if FACES in entries and not isinstance(document[FACES], list):
        message = f"{address} answered faces in a shape that Immich does not read"
        raise Broken(message)


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
