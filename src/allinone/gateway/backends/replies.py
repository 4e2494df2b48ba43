"""What a backend's status and body mean."""

import json
import re
from typing import Any, NoReturn

from allinone.gateway.backends.failures import Broken, Busy, Missing, Refused, ServerFault
from allinone.gateway.upstream.connection import Reply
from allinone.http.problems import MODEL_MISSING, REASON_HEADER

OK = 200
LONGEST_PAUSE = 30.0
_REASON = REASON_HEADER.encode()
_PATIENCE = frozenset({429, 503})
_MISCONFIGURED = {
    401: "refuses our key",
    403: "refuses our key",
    404: "has nothing there: is the address right?",
    405: "does not take such requests: is the address right?",
    407: "wants a log-in of a proxy",
}
_TRANSIENT = frozenset({408, 425})


def check_status(reply: Reply, address: str) -> None:
    """Return for 200, and for what tells the client its own fault.

    Raises:
        Busy, Refused, Broken, ServerFault: it is the backend's.
    """
    status = reply.status
    if status == OK:
        return
    if status in _PATIENCE:
        message = f"{address} asks for patience ({status}): {excerpt(reply.body)}"
        missing = reply.headers.get(_REASON) == MODEL_MISSING.encode()
        raise (Missing if missing else Busy)(message, retry_after=_pause(reply))
    if status >= 500:
        message = f"{address} answered {status}: {excerpt(reply.body)}"
        raise ServerFault(message)
    if status in _MISCONFIGURED:
        message = f"{address} {_MISCONFIGURED[status]} ({status})"
        raise Refused(message)
    if 300 <= status < 400:
        message = f"{address} sends us elsewhere ({status}). Redirects are not followed: set its final address"
        raise Refused(message)
    if status < 400 or status in _TRANSIENT:
        message = f"{address} answered {status}, which is no answer to this"
        raise Broken(message)


def parse_object(reply: Reply, address: str) -> dict[str, Any]:
    """The body as a JSON object.

    Raises:
        Broken: it is none.
    """
    try:
        document = _DECODER.decode(reply.body.decode())
    except (ValueError, RecursionError) as error:
        message = f"{address} did not answer with JSON: {excerpt(reply.body)}"
        raise Broken(message) from error
    if not isinstance(document, dict):
        message = f"{address} did not answer with a JSON object"
        raise Broken(message)
    return document


def excerpt(body: bytes) -> str:
    """The beginning of an answer, fit for a message."""
    text = re.sub(r"[^\x20-\x7e\u00a0-\uffff]+", " ", body[:400].decode("utf-8", "replace")).strip()
    return text[:200] or "an empty answer"


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def _pause(reply: Reply) -> float:
    value = reply.headers.get(b"retry-after", b"")
    return min(LONGEST_PAUSE, max(0.1, float(value))) if re.fullmatch(rb"[0-9]{1,5}", value) else 1.0
