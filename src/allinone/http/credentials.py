"""The one password, and the cookie that stands for it."""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path

from itsdangerous import BadSignature, TimestampSigner

from allinone.errors import ConfigurationError

SESSION_SECONDS = 30 * 24 * 3600
_SUBJECT = "allinone"


class Password:
    """A password, and sessions signed with a key made of it and a secret, so that a new one ends them all."""

    def __init__(self, password: str, secret: bytes) -> None:
        self._digest = hashlib.sha256(password.encode()).digest()
        key = hmac.digest(secret, password.encode(), "sha256")
        self._signer = TimestampSigner(key, salt="allinone.session", digest_method=hashlib.sha256)

    def matches(self, attempt: bytes) -> bool:
        """Whether `attempt` is the password; takes equally long for every wrong one."""
        return hmac.compare_digest(hashlib.sha256(attempt).digest(), self._digest)

    def new_session(self) -> str:
        """A cookie value, good for `SESSION_SECONDS`."""
        return self._signer.sign(_SUBJECT).decode()

    def is_session(self, cookie: str) -> bool:
        """Whether `cookie` is a session of ours that has not expired."""
        try:
            self._signer.unsign(cookie, max_age=SESSION_SECONDS)
        except BadSignature:
            return False
        return True


def password_in(headers: dict[bytes, bytes]) -> bytes | None:
    """The password a program sent: `x-api-key`, `Authorization: Bearer`, or Basic with any user name."""
    if b"x-api-key" in headers:
        return headers[b"x-api-key"]
    scheme, _, value = headers.get(b"authorization", b"").partition(b" ")
    value = value.strip()
    if scheme.lower() == b"bearer":
        return value
    if scheme.lower() != b"basic":
        return None
    try:
        return base64.b64decode(value, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


def load_secret(path: Path) -> bytes:
    """The 32 random bytes kept at `path`, made on first use; readable by our account only.

    Raises:
        ConfigurationError: the folder cannot be written.
    """
    try:
        if not path.exists():
            _create(path)
        secret = path.read_bytes()
    except OSError as error:
        message = f"The secret that signs log-ins cannot be kept at {path}: {error.strerror}."
        raise ConfigurationError(message) from error
    if len(secret) < 32:
        message = f"{path} is damaged. Delete it: a new one is made, and everybody logs in again."
        raise ConfigurationError(message)
    return secret


def _create(path: Path) -> None:
    """Write a whole file under another name first, so that no other process ever reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
        try:
            os.link(name, path)
        except FileExistsError:
            return  # another process was quicker; its secret counts
    finally:
        Path(name).unlink()
