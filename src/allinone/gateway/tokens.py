"""The shared token: in a header, or in the path for Immich, which can send no header."""

import hashlib
import hmac
import re
from collections.abc import Mapping

from allinone.errors import Unauthenticated

PREFIX = "/t/"
_IN_PATH = re.compile(r"/t/([^/]*)(/.*)?", re.DOTALL)


class Token:
    """What a client must show, where anything must be shown at all."""

    def __init__(self, token: str) -> None:
        """An empty `token` lets everybody in."""
        self._digest = hashlib.sha256(token.encode()).digest() if token else None

    @property
    def required(self) -> bool:
        """Whether there is one."""
        return self._digest is not None

    def admits(self, shown: bytes | None) -> bool:
        """Whether `shown` is the token; takes equally long for every wrong one."""
        if self._digest is None:
            return True
        return hmac.compare_digest(hashlib.sha256(shown or b"").digest(), self._digest)


def unauthenticated() -> Unauthenticated:
    """No token, or a wrong one."""
    return Unauthenticated("A token is needed: as x-auth-token, as Bearer, or in the address as /t/TOKEN/predict.")


def split_path(path: str) -> tuple[str, bytes | None]:
    """`path` without the token in it, and the token; `/t/SECRET/predict` is `/predict`."""
    found = _IN_PATH.fullmatch(path)
    if found is None:
        return path, None
    return found[2] or "/", found[1].encode("utf-8", "surrogateescape")


def shown_token(headers: Mapping[bytes, bytes], in_path: bytes | None) -> bytes | None:
    """The token a client sent: in the path, as `x-auth-token`, or as Bearer."""
    if in_path is not None:
        return in_path
    if b"x-auth-token" in headers:
        return headers[b"x-auth-token"].strip()
    scheme, _, value = headers.get(b"authorization", b"").partition(b" ")
    return value.strip() if scheme.lower() == b"bearer" else None
