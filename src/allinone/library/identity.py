"""Ids that can be made again from what they stand for, so that a rebuilt database has the same ones."""

import hashlib
import os
from pathlib import Path
from uuid import UUID


def library_id(root: Path) -> UUID:
    """The id of the library whose folder is `root` (made absolute; links are not resolved)."""
    return _as_uuid(b"library\0" + os.fsencode(absolute_root(root)))


def asset_id(library: UUID, checksum: bytes) -> UUID:
    """The id of the photo with this content (its SHA-1) in this library."""
    return _as_uuid(b"asset\0" + library.bytes + checksum)


def path_key(path: bytes) -> bytes:
    """A short name for a path of any length; 20 bytes."""
    return hashlib.sha1(path, usedforsecurity=False).digest()


def absolute_root(root: Path) -> Path:
    """`root` as it is stored: absolute, without `..` and without a slash at its end."""
    return Path(os.path.abspath(root.expanduser()))  # noqa: PTH100 — Path.absolute keeps `..`


def readable(path: bytes) -> str:
    """A path for people: always valid Unicode; bytes that are not UTF-8 as \\xNN."""
    return path.decode("utf-8", "backslashreplace").replace("\0", "")


def _as_uuid(name: bytes) -> UUID:
    # Shaped as version 4, which is the only one that Immich's clients accept.
    return UUID(bytes=hashlib.sha256(name).digest()[:16], version=4)
