"""A server that speaks Immich's `/predict`: Immich's own, photos-ai, or another gateway."""

import json

from allinone.gateway.backend_specs import BackendSpec
from allinone.gateway.backends.answers import check_answer
from allinone.gateway.backends.failures import Broken
from allinone.gateway.backends.protocol import Answer, Ask
from allinone.gateway.backends.replies import OK, check_status, parse_object
from allinone.gateway.dimensions import vector_length
from allinone.gateway.upstream.client import Client
from allinone.wire.predict import CLIP

_BOUNDARY = "allinone-gateway-7f3a1c"
_PROBE_TYPE = f"multipart/form-data; boundary={_BOUNDARY}".encode()


class PredictBackend:
    """Passes the very bytes on, both ways, after a look at them."""

    def __init__(self, spec: BackendSpec) -> None:
        """Prepare; nothing is opened yet.

        Raises:
            ConfigurationError: its certificates cannot be read.
        """
        self._client = Client(spec.url, spec.headers, shown=spec.place, ca_file=spec.ca_file, verify=spec.verify)

    def can(self, task: str) -> bool:
        """See `Backend`."""
        return True

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
        check_answer(document, ask.entries, address)
        return Answer(OK, reply.body, document=document)

    async def ping(self, *, seconds: float) -> None:
        """See `Backend`."""
        reply = await self._client.get("/ping", seconds=seconds)
        check_status(reply, self._client.address)
        if reply.status != OK:
            message = f"{self._client.address} answered {reply.status} to /ping"
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
