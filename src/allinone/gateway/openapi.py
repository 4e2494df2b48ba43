"""`/predict` in the service's OpenAPI document; the application itself does not serve it."""

from typing import Any

from fastapi import FastAPI

_PROBLEM = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["message", "error", "statusCode", "correlationId"],
            "properties": {
                "message": {"type": "string"},
                "error": {"type": "string"},
                "statusCode": {"type": "integer"},
                "correlationId": {"type": "string"},
            },
        }
    }
}
_REFUSALS = {
    "400": "The form or its entries cannot be understood.",
    "401": "No token, or a wrong one.",
    "403": "A page of another site.",
    "408": "The body came too slowly.",
    "413": "The body or the image is too large.",
    "415": "Not an image of a kind that can be read.",
    "422": "The image is damaged.",
    "502": "No backend could do it.",
    "503": "Too many requests wait already, or a model is missing.",
}
_PART = {
    "type": "object",
    "properties": {
        "modelName": {"type": "string", "maxLength": 200},
        "options": {"type": "object"},
    },
}
_ENTRIES = {
    "type": "object",
    "description": "JSON: tasks, their parts, and for each a modelName and options",
    "minProperties": 1,
    "properties": {
        "clip": {"type": "object", "properties": {"visual": _PART, "textual": _PART}},
        "ocr": {"type": "object", "properties": {"detection": _PART, "recognition": _PART}},
        "facial-recognition": {"type": "object", "properties": {"detection": _PART, "recognition": _PART}},
    },
    "additionalProperties": {"type": "object", "additionalProperties": _PART},
}
_PREDICT: dict[str, Any] = {
    "summary": "Do tasks on an image or a text",
    "description": "Immich's machine-learning protocol. Several tasks may go to several backends; unknown ones too.",
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["entries"],
                    "properties": {
                        "entries": _ENTRIES,
                        "image": {"type": "string", "format": "binary"},
                        "text": {"type": "string"},
                    },
                },
                "encoding": {"entries": {"contentType": "application/json"}},
            }
        },
    },
    "responses": {
        "200": {
            "description": "One key for each task; for an image its size, too.",
            "content": {"application/json": {"schema": {"type": "object"}}},
        },
        **{status: {"description": meaning, "content": _PROBLEM} for status, meaning in _REFUSALS.items()},
    },
}


def describe_predict(app: FastAPI) -> None:
    """Let `/openapi.json` tell of `/predict` as well."""
    own = app.openapi

    def openapi() -> dict[str, Any]:
        document = own()
        document.setdefault("paths", {}).setdefault("/predict", {})["post"] = _PREDICT
        return document

    app.openapi = openapi  # type: ignore[method-assign]
