"""Reads a file's bytes once, to know which content it is. Blocks: run it in a thread."""

import hashlib
import os
import time

from allinone.library.walk import FolderTree, FoundFile

CHUNK = 1024 * 1024
SETTLED_AFTER = 1.0  # seconds since the last change


def seconds_to_settle(file: FoundFile) -> float:
    """How long to wait until nobody seems to be writing the file any more; 0 where that is so."""
    age = time.time() - file.mtime_ns / 1e9
    # A time in the future says nothing: a clock was wrong.
    return SETTLED_AFTER - age if 0 <= age < SETTLED_AFTER else 0.0


def read_checksum(tree: FolderTree, file: FoundFile) -> bytes | None:
    """SHA-1 of the file's bytes; None where it changed or went while it was read.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha1(usedforsecurity=False)
    try:
        with open(tree.absolute(file.path), "rb", buffering=0) as source:  # noqa: PTH123 — bytes
            _read_ahead(source.fileno())
            while chunk := source.read(CHUNK):
                digest.update(chunk)
            status = os.fstat(source.fileno())
    except FileNotFoundError:
        return None
    if (status.st_size, status.st_mtime_ns) != (file.size_bytes, file.mtime_ns):
        return None
    return digest.digest()


def _read_ahead(descriptor: int) -> None:
    """Tell the kernel that we read from front to end."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)
