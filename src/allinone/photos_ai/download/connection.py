"""Requests to other people's servers: bounded in time, tried again where that can help, clear where it cannot."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import httpx

from allinone import __version__
from allinone.errors import ModelMissing

MOST_REDIRECTS = 5

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for what.

    Attributes:
        connect: for a connection, seconds.
        read: for the next bytes, seconds.
        tries: failures in a row before giving up; a try that brought bytes starts the count anew.
        first_wait: before the second try, seconds; doubled before each further one.
        longest_wait: between two tries, seconds.
        slowest: bytes in `window` seconds below which a connection counts as broken.
        window: seconds.
    """

    connect: float = 5.0
    read: float = 30.0
    tries: int = 5
    first_wait: float = 0.5
    longest_wait: float = 8.0
    slowest: int = 16 * 1024
    window: float = 60.0


class Broken(Exception):
    """A connection failed, or a server stumbled: trying again may help."""


class Unreachable(ModelMissing):
    """A server does not answer, however often it is asked: another source may."""


class NotThere(ModelMissing):
    """The server has no such file."""


def open_client(patience: Patience) -> httpx.Client:
    """A client that follows redirects and honours the system's proxy settings.

    httpx takes an Authorization header off a redirect to another host, port or scheme.
    """
    return httpx.Client(
        headers={"User-Agent": f"immich-all-in-one/{__version__}", "Accept-Encoding": "identity"},
        timeout=httpx.Timeout(patience.read, connect=patience.connect),
        follow_redirects=True,
        max_redirects=MOST_REDIRECTS,
    )


@contextmanager
def asking(
    client: httpx.Client, method: str, url: str | httpx.URL, headers: Mapping[str, str]
) -> Iterator[httpx.Response]:
    """An answer whose body is not read yet; a good one, a 416, or for HEAD the hub's redirect to a large file.

    Raises:
        Broken: no answer, or one that broke off; also while the block reads it. Try again.
        NotThere: 404.
        ModelMissing: refused, and trying again will not help; the message says why.
    """
    try:
        request = client.build_request(method, url, headers=headers)
        response = client.send(request, stream=True, follow_redirects=method != "HEAD")
        if method == "HEAD":
            response = _follow_until_described(client, response)
        try:
            _refuse_failure(response)
            yield response
        finally:
            response.close()
    except httpx.TransportError as error:
        message = f"{host(url)} does not answer ({_reason(error)})"
        raise Broken(message) from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        message = f"{host(url)} cannot be asked: {_reason(error)}."
        raise ModelMissing(message) from error


def retrying(
    action: Callable[[], _Answer], patience: Patience, *, progressed: Callable[[], bool] = lambda: False
) -> _Answer:
    """Do `action` again, after longer and longer waits, until it is not Broken.

    Raises:
        Unreachable: it was too often.
    """
    failures = 0
    while True:
        try:
            return action()
        except Broken as error:
            failures = 1 if progressed() else failures + 1
            if failures >= patience.tries:
                raise Unreachable(f"{error}.") from error
            time.sleep(min(patience.first_wait * 2 ** (failures - 1), patience.longest_wait))


def is_web_address(text: str) -> bool:
    """Whether that is an http address with a host in it."""
    try:
        parsed = httpx.URL(text)
    except httpx.InvalidURL:
        return False
    return parsed.scheme in ("http", "https") and re.fullmatch(r"[\w.:-]+", parsed.host) is not None


def host(url: str | httpx.URL) -> str:
    """Whom an address asks, without what may be secret in it."""
    parsed = httpx.URL(url)
    return f"{parsed.host}:{parsed.port}" if parsed.port else parsed.host


def _follow_until_described(client: httpx.Client, response: httpx.Response) -> httpx.Response:
    """Follow a HEAD's redirects, but not past the answer in which the hub describes the file behind it."""
    for _ in range(MOST_REDIRECTS):
        if response.next_request is None or "x-linked-etag" in response.headers:
            return response
        response.close()
        response = client.send(response.next_request, stream=True, follow_redirects=False)
    response.close()
    message = "it redirects without end"
    raise httpx.TooManyRedirects(message, request=response.request)


def _refuse_failure(response: httpx.Response) -> None:
    status, where = response.status_code, host(response.request.url)
    if status < httpx.codes.BAD_REQUEST or status == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
        return
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        message = f"{where} answers with an error of its own ({status})"
        raise Broken(message)
    if status == httpx.codes.NOT_FOUND:
        message = f"{where} has no {response.request.url.path} (404)."
        raise NotThere(message)
    advice = {
        401: "It wants a valid token: set HF_TOKEN, or unset a wrong one.",
        403: "It refuses this file to us: set HF_TOKEN to one that may read it, or choose another --source.",
        429: "It has had too many requests from here: try again in some minutes, or choose another --source.",
    }
    message = f"{where} refuses ({status}). {advice.get(status, 'Choose another --source.')}"
    raise ModelMissing(message)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
