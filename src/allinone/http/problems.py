"""Our errors as HTTP answers: the one table, and the JSON that Immich's clients know."""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from allinone.errors import (
    AllInOneError,
    BackendFailed,
    ConfigurationError,
    DatabaseUnavailable,
    Forbidden,
    ImageTooLarge,
    InvalidRequest,
    ModelMissing,
    NotFound,
    Overloaded,
    Unauthenticated,
    UnreadableImage,
    UnsupportedImage,
)
from allinone.http.correlation import correlation_id
from allinone.http.json_body import BodyTooLarge, BodyTooSlow, InvalidBody

logger = logging.getLogger(__name__)

REASON_HEADER = "x-allinone-reason"
MODEL_MISSING = "model-missing"
"""Tells a 503 that waiting will not mend, unless somebody brings the model, from one of a full queue."""

STATUS: Mapping[type[AllInOneError], HTTPStatus] = {
    BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    BodyTooSlow: HTTPStatus.REQUEST_TIMEOUT,
    InvalidRequest: HTTPStatus.BAD_REQUEST,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    ImageTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedImage: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    UnreadableImage: HTTPStatus.UNPROCESSABLE_ENTITY,
    Overloaded: HTTPStatus.SERVICE_UNAVAILABLE,
    BackendFailed: HTTPStatus.BAD_GATEWAY,
    DatabaseUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    ModelMissing: HTTPStatus.SERVICE_UNAVAILABLE,
    ConfigurationError: HTTPStatus.INTERNAL_SERVER_ERROR,
    AllInOneError: HTTPStatus.INTERNAL_SERVER_ERROR,
}


def status_of(error: AllInOneError) -> HTTPStatus:
    """The status of the nearest class in the table."""
    return next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)


def problem(
    scope: Scope, status: int, message: str | list[str], *, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """An error answer in the shape of Immich's."""
    content = {
        "message": message,
        "error": HTTPStatus(status).phrase,
        "statusCode": status,
        "correlationId": correlation_id(scope),
    }
    return JSONResponse(content, status_code=status, headers=headers)


def install_problems(app: FastAPI) -> None:
    """Make `app` answer every error of ours, and the framework's, with `problem`."""
    app.add_exception_handler(AllInOneError, _answer_ours)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(RequestValidationError, _answer_validation)


async def _answer_ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, AllInOneError)  # noqa: S101 — the registration above guarantees it
    return answer_to(request.scope, error)


def answer_to(scope: Scope, error: AllInOneError) -> JSONResponse:
    """The answer to an error of ours; faults of our own side are logged."""
    status = status_of(error)
    headers: dict[str, str] = {}
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("%s %s: %s [%s]", scope["method"], scope["path"], error, correlation_id(scope))
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["retry-after"] = str(round(error.retry_after)) if isinstance(error, Overloaded) else "5"
    if isinstance(error, ModelMissing):
        headers[REASON_HEADER] = MODEL_MISSING
    if isinstance(error, BodyTooLarge | BodyTooSlow):
        headers["connection"] = "close"  # what was not read must not be taken for the next request
    message = error.messages if isinstance(error, InvalidBody) else str(error)
    return problem(scope, status, message, headers=headers)


async def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 — the registration above guarantees it
    message = error.detail
    if error.status_code == HTTPStatus.NOT_FOUND:
        message = f"Cannot {request.method} {request.url.path}"
    return problem(request.scope, error.status_code, message, headers=error.headers)


async def _answer_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 — the registration above guarantees it
    messages = [f"{item['loc'][-1]}: {item['msg']}" for item in error.errors()]
    return problem(request.scope, HTTPStatus.BAD_REQUEST, messages)
