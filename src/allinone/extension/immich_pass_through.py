"""Hands requests to Immich as they are, and its answers back."""

from collections.abc import AsyncIterator, Iterable

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from allinone.immich.client import ImmichClient, Reply, answered_headers

HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
    "upgrade", "host",
})  # fmt: skip
DECODED = frozenset({"content-encoding", "content-length"})  # true of the body as sent, not as we read it


async def pass_on(client: ImmichClient, request: Request, body: bytes | None = None) -> Response:
    """Immich's own answer to `request`; `body` in place of one that has been read already.

    Raises:
        BackendFailed: Immich does not answer.
    """
    headers = [
        (name, value)
        for name, value in request.headers.items()
        if name not in HOP_BY_HOP and not (body is not None and name == "content-length")
    ]
    content: AsyncIterator[bytes] | bytes | None = body
    if body is None and _has_body(request):
        content = request.stream()
    context = client.stream(request.method, _target(request), headers, content)
    answer = await context.__aenter__()

    async def close() -> None:
        await context.__aexit__(None, None, None)

    response = StreamingResponse(answer.content.iter_any(), status_code=answer.status, background=BackgroundTask(close))
    _copy_headers(response, answered_headers(answer), without=HOP_BY_HOP)
    return response


def replied(reply: Reply) -> Response:
    """An answer of Immich's that has been read whole, as it was."""
    response = Response(reply.body, status_code=reply.status)
    _copy_headers(response, reply.headers, without=HOP_BY_HOP | DECODED, keep_length=True)
    return response


def _has_body(request: Request) -> bool:
    return "content-length" in request.headers or "transfer-encoding" in request.headers


def _target(request: Request) -> str:
    raw = request.scope.get("raw_path") or request.url.path.encode()
    query = request.scope.get("query_string", b"")
    return str((raw.split(b"?", 1)[0] + (b"?" + query if query else b"")).decode("latin-1"))


def _copy_headers(
    response: Response, headers: Iterable[tuple[str, str]], *, without: frozenset[str], keep_length: bool = False
) -> None:
    own = [pair for pair in response.raw_headers if keep_length and pair[0] == b"content-length"]
    copied = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in headers
        if name.lower() not in without
    ]
    response.raw_headers = own + copied
