"""Answers as they go on the wire."""

import json
import math
import re
from http import HTTPStatus

from allinone.errors import AllInOneError, Overloaded
from allinone.http.json_body import BodyTooLarge, BodyTooSlow
from allinone.http.problems import status_of

_NOT_PLAIN = re.compile(r"[^\x20-\x7e]+")
_LONGEST_REASON = 240


def success(body: bytes, content_type: str, *, backend_ms: float, total_ms: float) -> bytes:
    """A backend's answer, and how long it took."""
    timing = b"server-timing: backend;dur=%.1f, total;dur=%.1f\r\n" % (backend_ms, total_ms)
    kind = content_type.encode("latin-1")
    return b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ncontent-length: %d\r\n%b" % (kind, len(body), timing)


def refusal(status: int, body: bytes, content_type: str) -> bytes:
    """A backend's 4xx, passed on."""
    message = body[:_LONGEST_REASON].decode("utf-8", "replace")
    return _head(status, message, body, content_type)


def failure(error: AllInOneError, correlation_id: str) -> tuple[int, bytes, bytes]:
    """Status, head and body for an error of ours, in the shape Immich's clients know."""
    status = status_of(error)
    document = {
        "message": str(error),
        "error": status.phrase,
        "statusCode": status,
        "correlationId": correlation_id,
    }
    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    head = _head(status, str(error), body, "application/json")
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        pause = math.ceil(error.retry_after) if isinstance(error, Overloaded) else 5
        head += b"retry-after: %d\r\n" % max(1, pause)
    if status == HTTPStatus.UNAUTHORIZED:
        head += b"www-authenticate: Bearer\r\n"
    return status, head, body


def must_close(error: AllInOneError) -> bool:
    """Whether what was not read must not be taken for the next request."""
    return isinstance(error, BodyTooLarge | BodyTooSlow)


def _head(status: int, message: str, body: bytes, content_type: str) -> bytes:
    """The reason beside the status is all of an error that Immich writes into its log."""
    reason = _NOT_PLAIN.sub(" ", message).strip()[:_LONGEST_REASON] or HTTPStatus(status).phrase
    kind = _NOT_PLAIN.sub("", content_type)[:200] or "application/json"
    return f"HTTP/1.1 {status} {reason}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n".encode("ascii")
