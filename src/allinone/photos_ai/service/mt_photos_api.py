"""The MT-Photos API, with the answers of its two servers down to the byte."""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse

from allinone.errors import AllInOneError, ImageError, ImageTooLarge
from allinone.http.json_body import InvalidBody, parse
from allinone.http.problems import REASON_HEADER, answer_to
from allinone.images.photo import Limits
from allinone.photos_ai.engine import Engine
from allinone.photos_ai.predictor import PREVIEW_SIDE, in_original
from allinone.photos_ai.service.api_key import HEADER, ApiKey
from allinone.photos_ai.service.form import read_bounded, read_form
from allinone.photos_ai.service.presence import ClientLeft, while_wanted
from allinone.photos_ai.service.settings import ServiceSettings
from allinone.wire import mt_photos as wire

MAX_JSON = 256 * 1024  # bytes

_KEPT = ("retry-after", "connection", REASON_HEADER)

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]

_FILE = {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": {
    "type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}},
}}}}}  # fmt: skip
_TEXT = {"requestBody": {"required": True, "content": {"application/json": {"schema": {
    "type": "object", "required": ["text"], "properties": {"text": {"type": "string"}},
}}}}}  # fmt: skip
_KEY = {"parameters": [{"name": HEADER, "in": "header", "required": True, "schema": {"type": "string"}}]}
_STATUSES: dict[int | str, dict[str, Any]] = {
    400: {"description": "The form cannot be read."},
    401: {"description": "Wrong key."},
    422: {"description": "The key, or a part of the body, is missing."},
    413: {"description": "The body is too large."},
    503: {"description": "A model is missing, or too many wait."},
}


class _Missing(InvalidBody):
    """What FastAPI, which the original is built with, says of a body or header that lacks something."""

    def __init__(self, *faults: dict[str, Any]) -> None:
        super().__init__([str(fault["msg"]) for fault in faults])
        self.faults = faults


def mt_photos_routes(engine: Engine, settings: ServiceSettings) -> APIRouter:
    """Every POST route. Each asks for the key before it reads a body."""
    routes = APIRouter(route_class=_route_class(ApiKey(settings.key.get_secret_value())), responses=_STATUSES)
    api = _MtPhotos(engine, settings)
    for path, handler, body in (
        ("/check", api.check, {}),
        ("/ocr", api.ocr, _FILE),
        ("/clip/img", api.clip_image, _FILE),
        ("/clip/txt", api.clip_text, _TEXT),
        ("/represent", api.represent, _FILE),
        ("/restart", api.restart, {}),
        ("/restart_v2", api.restart, {}),
    ):
        name = path.strip("/").replace("/", "_")
        routes.add_api_route(path, handler, methods=["POST"], name=name, openapi_extra=_KEY | body)
    return routes


class _MtPhotos:
    """The answers."""

    def __init__(self, engine: Engine, settings: ServiceSettings) -> None:
        self._engine = engine
        self._settings = settings
        self._limits = Limits(pixels=engine.limits.pixels, side=wire.MAX_SIDE)

    async def check(self, _: Request) -> JSONResponse:
        state = self._engine.describe()
        return JSONResponse(wire.check_answer(state.device, recognition_model=state.faces))

    async def ocr(self, request: Request) -> JSONResponse:
        image = await self._file(request)
        return JSONResponse(await self._wanted(request, self._read(image)))

    async def clip_image(self, request: Request) -> JSONResponse:
        image = await self._file(request)
        return JSONResponse(await self._wanted(request, self._see(image)))

    async def clip_text(self, request: Request) -> JSONResponse:
        text = _text(await read_bounded(request, MAX_JSON))
        return JSONResponse(await self._wanted(request, self._ask(text)))

    async def represent(self, request: Request) -> JSONResponse:
        image = await self._file(request)
        return JSONResponse(await self._wanted(request, self._find(image)))

    async def restart(self, _: Request) -> JSONResponse:
        """The original restarts to free memory; here models leave it, and others' requests go on."""
        await self._engine.unload()
        return JSONResponse(wire.restart_answer())

    async def _file(self, request: Request) -> bytes:
        found = (await read_form(request, {"file": self._settings.max_body})).get("file")
        if found is None:
            raise _Missing({"type": "missing", "loc": ["body", "file"], "msg": "Field required", "input": None})
        return found

    async def _wanted(self, request: Request, work: Coroutine[Any, Any, dict[str, object]]) -> dict[str, object]:
        return await while_wanted(request, work, seconds=self._settings.deadline)

    async def _read(self, image: bytes) -> dict[str, object]:
        async with self._engine.decoded(image, shorter_side=PREVIEW_SIDE, limits=self._limits) as photo:
            return wire.ocr_answer(await self._engine.read_text(photo.pixels), *photo.original_size)

    async def _see(self, image: bytes) -> dict[str, object]:
        async with self._engine.decoded_for_clip(image, limits=self._limits) as photo:
            return wire.clip_answer(await self._engine.embed_image(photo.pixels, normalised=False))

    async def _find(self, image: bytes) -> dict[str, object]:
        async with self._engine.decoded(image, shorter_side=PREVIEW_SIDE, limits=self._limits) as photo:
            faces = await self._engine.find_faces(photo.pixels)
            answers = [wire.face_answer(in_original(face.box, photo), face.score, face.embedding) for face in faces]
            return wire.faces_answer(answers, recognition_model=self._engine.face_model)

    async def _ask(self, text: str) -> dict[str, object]:
        return wire.clip_answer(await self._engine.embed_text(text, normalised=False))


def _text(body: bytes) -> str:
    """What `{"text": ...}` says.

    Raises:
        InvalidBody: the body is something else.
    """
    try:
        document = parse(body)
    except InvalidBody as error:
        fault = {"type": "json_invalid", "loc": ["body", 0], "msg": "JSON decode error", "input": {}}
        raise _Missing(fault | {"ctx": {"error": str(error)}}) from error
    if not isinstance(document, dict):
        message = "Input should be a valid dictionary or object to extract fields from"
        raise _Missing({"type": "model_attributes_type", "loc": ["body"], "msg": message, "input": None})
    if "text" not in document:
        raise _Missing({"type": "missing", "loc": ["body", "text"], "msg": "Field required", "input": None})
    text = document["text"]
    if not isinstance(text, str):
        message = "Input should be a valid string"
        raise _Missing({"type": "string_type", "loc": ["body", "text"], "msg": message, "input": None})
    return text


def _route_class(key: ApiKey) -> type[APIRoute]:
    class MtPhotosRoute(APIRoute):
        """Asks for the key first, and answers errors as the original does."""

        def get_route_handler(self) -> _Handler:
            inner = super().get_route_handler()

            async def handler(request: Request) -> Response:
                try:
                    _check_key(key, request)
                    return await inner(request)
                except ClientLeft:
                    raise
                except AllInOneError as error:
                    return _answer(request, error)

            return handler

    return MtPhotosRoute


def _check_key(key: ApiKey, request: Request) -> None:
    attempt = request.headers.get(HEADER)
    if attempt is None:
        raise _Missing({"type": "missing", "loc": ["header", HEADER], "msg": "Field required", "input": None})
    key.check(attempt)


def _answer(request: Request, error: AllInOneError) -> Response:
    if isinstance(error, ImageError):
        message = wire.OUT_OF_RANGE if isinstance(error, ImageTooLarge) else str(error)
        return JSONResponse(wire.image_fault(message))
    if isinstance(error, _Missing):
        return JSONResponse({"detail": error.faults}, HTTPStatus.UNPROCESSABLE_ENTITY)
    known = answer_to(request.scope, error)  # logs it, and knows its status and headers
    headers = {
        name: known.headers[name] for name in ("retry-after", "connection", REASON_HEADER) if name in known.headers
    }
    return JSONResponse({"detail": str(error)}, known.status_code, headers)
