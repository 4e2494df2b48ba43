"""JSON request bodies: bounded while they are read, checked before anything looks at them."""

import json
import re
from collections.abc import Sequence
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from allinone.errors import InvalidRequest

MAX_DEPTH = 64

Model = TypeVar("Model", bound=BaseModel)


class BodyTooLarge(InvalidRequest):
    """More bytes than a body of this kind may have."""


class BodyTooSlow(InvalidRequest):
    """The body did not arrive in time."""


class InvalidBody(InvalidRequest):
    """A body with one or more faults.

    Attributes:
        messages: one for each fault.
    """

    def __init__(self, messages: Sequence[str]) -> None:
        super().__init__("; ".join(messages))
        self.messages = list(messages)


async def read_model(request: Request, model: type[Model]) -> Model:
    """The body of `request` as a `model`.

    Raises:
        InvalidBody: not JSON, or not of this form.
        BodyTooLarge, BodyTooSlow: see `BodyLimit`.
    """
    return check(model, parse(await read_body(request)))


async def read_body(request: Request) -> bytes:
    """The body of `request`; how long it may be is `BodyLimit`'s to say.

    Raises:
        InvalidBody: the client left before its end.
        BodyTooLarge, BodyTooSlow: see `BodyLimit`.
    """
    try:
        return await request.body()
    except ClientDisconnect as error:
        raise InvalidBody(["The client left before its request was complete."]) from error


def parse(body: bytes) -> object:
    """`body` as JSON: strict UTF-8, no NaN or Infinity, nested at most `MAX_DEPTH` deep.

    Raises:
        InvalidBody: it is not.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidBody([f"The body is not UTF-8: byte {error.start} cannot be read."]) from error
    if not text.strip():
        raise InvalidBody(["The body is empty; a JSON object is expected."])
    if _depth(text) > MAX_DEPTH:
        raise InvalidBody([f"The body is nested more than {MAX_DEPTH} deep."])
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        message = f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        raise InvalidBody([message]) from error
    except ValueError as error:  # thousands of digits; NaN
        raise InvalidBody([f"The body is not JSON that can be used: {error}."]) from error


def check(model: type[Model], document: object) -> Model:
    """`document` as a `model`.

    Raises:
        InvalidBody: it has another form.
    """
    if not isinstance(document, dict):
        kind = "a list" if isinstance(document, list) else "a single value"
        raise InvalidBody([f"The body must be a JSON object, and it is {kind}."])
    try:
        return model.model_validate(document)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)[:20]
        raise InvalidBody([_describe(fault["loc"], fault) for fault in faults]) from error


_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)


def _depth(text: str) -> int:
    deepest = depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        mark = match.group()
        if mark in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in "]}":
            depth -= 1
    return deepest


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not a JSON number"
    raise ValueError(message)


_WORDING = {
    "missing": "{name} is missing",
    "int_type": "{name} must be a whole number",
    "int_parsing": "{name} must be a whole number",
    "int_from_float": "{name} must be a whole number",
    "greater_than_equal": "{name} must not be less than {ge}",
    "less_than_equal": "{name} must not be greater than {le}",
    "string_type": "{name} must be a string",
    "string_too_long": "{name} must have at most {max_length} characters",
    "bool_type": "{name} must be true or false",
    "list_type": "{name} must be a list",
    "too_long": "{name} must have at most {max_length} entries",
    "too_short": "{name} must have at least {min_length} entries",
    "enum": "{name} must be one of {expected}",
    "literal_error": "{name} must be one of {expected}",
    "uuid_parsing": "{name} must be a UUID",
    "uuid_type": "{name} must be a UUID",
    "uuid_version": "{name} must be a UUID of version {expected_version}",
    "value_error": "{name} {error}",
}


def _describe(location: tuple[int | str, ...], fault: Any) -> str:
    name = ".".join(str(part) for part in location) or "the body"
    wording = _WORDING.get(fault["type"])
    if wording is None:
        return f"{name}: {fault['msg']}"
    return wording.format(name=name, **fault.get("ctx", {}))
