"""What lets a caller into Immich, taken from a request of theirs so that we can ask Immich as them."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

HEADERS = (
    "cookie",
    "authorization",
    "x-api-key",
    "x-immich-user-token",
    "x-immich-session-token",
    "x-immich-share-key",
    "x-immich-share-slug",
)
CONTEXT = (
    # Immich keeps with each session which app and device it belongs to, and rewrites the session when that changes.
    "user-agent",
    "accept-language",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
)
QUERY = ("apiKey", "sessionKey", "key", "slug")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A caller's credentials. Never logged: `repr` shows none of them.

    Attributes:
        headers: to send along, credentials and what describes the caller's device.
        query: to send along in the URL.
    """

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, headers: Mapping[str, str], query: Iterable[tuple[str, str]]) -> "Credentials":
        """Those of a request: its headers (names in lower case) and the parameters of its URL."""
        wanted = {name: headers[name] for name in (*HEADERS, *CONTEXT) if headers.get(name)}
        return cls(wanted, {name: value for name, value in query if name in QUERY and value})

    @property
    def fingerprint(self) -> str:
        """The same for the same credentials; tells nothing about them."""
        digest = hashlib.sha256()
        for name in HEADERS:
            digest.update(f"{name}\0{self.headers.get(name, '')}\0".encode("utf-8", "surrogateescape"))
        for name in QUERY:
            digest.update(f"{name}\0{self.query.get(name, '')}\0".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()
