"""Immich's routes: `/predict`, and `/ping`, by which it finds out that we are there."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, PlainTextResponse

from allinone.errors import InvalidRequest, Unauthenticated
from allinone.photos_ai.predictor import MAX_TEXT, Predictor
from allinone.photos_ai.service.api_key import HEADER, ApiKey
from allinone.photos_ai.service.form import read_form
from allinone.photos_ai.service.presence import while_wanted
from allinone.photos_ai.service.settings import ServiceSettings
from allinone.wire.predict import MAX_ENTRIES_BYTES, parse_entries

_FORM = {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": {
    "type": "object",
    "required": ["entries"],
    "properties": {
        "entries": {"type": "string", "description": "JSON: the tasks, as Immich sends them"},
        "image": {"type": "string", "format": "binary"},
        "text": {"type": "string"},
    },
}}}}}  # fmt: skip
_STATUSES: dict[int | str, dict[str, Any]] = {
    400: {"description": "The form or its entries cannot be used."},
    401: {"description": "Wrong key, where one is asked for."},
    413: {"description": "The body or the image is too large."},
    415: {"description": "The image's format is not read here."},
    422: {"description": "The image is damaged."},
    503: {"description": "A model is missing, or too many wait."},
}


def predict_routes(predictor: Predictor, settings: ServiceSettings) -> APIRouter:
    """The two routes."""
    routes = APIRouter()
    longest = {"entries": MAX_ENTRIES_BYTES, "image": settings.max_body, "text": 4 * MAX_TEXT}
    key = ApiKey(settings.key.get_secret_value()) if settings.predict_needs_key else None

    @routes.get("/ping", response_class=PlainTextResponse)
    async def ping() -> PlainTextResponse:
        return PlainTextResponse("pong")

    @routes.post("/predict", responses=_STATUSES, openapi_extra=_FORM)
    async def predict(request: Request) -> JSONResponse:
        if key is not None:
            _check_key(key, request)
        parts = await read_form(request, longest)
        if "entries" not in parts:
            message = "The form has no part 'entries'."
            raise InvalidRequest(message)
        entries = parse_entries(parts["entries"])
        work = predictor.predict(entries, image=parts.get("image"), text=_text(parts.get("text")))
        return JSONResponse(await while_wanted(request, work, seconds=settings.deadline))

    return routes


def _check_key(key: ApiKey, request: Request) -> None:
    attempt = request.headers.get(HEADER)
    if attempt is None:
        message = f"The header {HEADER} is missing (ALLINONE_PREDICT_NEEDS_KEY is set)."
        raise Unauthenticated(message)
    key.check(attempt)


def _text(raw: bytes | None) -> str | None:
    try:
        return None if raw is None else raw.decode()
    except UnicodeDecodeError as error:
        message = f"The part 'text' is not UTF-8: byte {error.start} cannot be read."
        raise InvalidRequest(message) from error
