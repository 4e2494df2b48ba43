"""Gives memory that nobody uses back to the system."""

import ctypes
import gc
from contextlib import suppress


def give_back() -> None:
    """Collect what is unreachable, and let the C library return its free pages. Blocks for some milliseconds.

    Freed memory below the top of a heap stays with the process otherwise. Only glibc has a call for it; elsewhere the
    allocator keeps to its own ways.
    """
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
