"""One process at a time fetches a model; the others wait for it."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ASK_EVERY = 0.3  # seconds


@contextmanager
def exclusive(path: Path, on_wait: Callable[[], None]) -> Iterator[bool]:
    """Hold the lock at `path` until the block ends; yields whether another process had to be waited for.

    The lock is the kernel's: it ends with the process that holds it, however that ends, and every wait of ours
    while holding it is bounded. So this one is as well.

    Raises:
        OSError: the file cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    waited = False
    try:
        while not _try(descriptor):
            if not waited:
                on_wait()
            waited = True
            time.sleep(ASK_EVERY)
        yield waited
    finally:
        os.close(descriptor)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
