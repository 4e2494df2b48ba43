"""A file on somebody else's server, and how to tell that it arrived whole."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

SHA256 = re.compile(r"[0-9a-fA-F]{64}")
SHA1 = re.compile(r"[0-9a-fA-F]{40}")


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a hub promises about a file's content.

    Attributes:
        kind: "sha256" of the content, or "git": Git's object name of it.
        digits: hexadecimal, lower case.
    """

    kind: Literal["sha256", "git"]
    digits: str

    def matches(self, path: Path) -> bool:
        """Whether `path` holds that content. Blocks: it reads all of it."""
        digest = hashlib.sha256() if self.kind == "sha256" else hashlib.sha1(usedforsecurity=False)
        if self.kind == "git":
            digest.update(f"blob {path.stat().st_size}\0".encode())
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, lambda: digest).hexdigest() == self.digits


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """Where a file lies.

    Attributes:
        name: what it is called, here and there.
        url: answers GET with its content, perhaps after redirects.
        size: bytes; None where the server does not say.
        checksum: None where the server gives none.
        headers: to send to `url`, such as a token.
    """

    name: str
    url: str
    size: int | None = None
    checksum: Checksum | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def checksum_of(etag: str | None) -> Checksum | None:
    """What Hugging Face's ETag says: SHA-256 for large files, Git's name for small ones, else nothing."""
    digits = (etag or "").removeprefix("W/").strip('"').lower()
    if SHA256.fullmatch(digits):
        return Checksum("sha256", digits)
    return Checksum("git", digits) if SHA1.fullmatch(digits) else None
