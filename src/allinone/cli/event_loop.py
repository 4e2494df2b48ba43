"""The event loop our processes run on."""

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")

NEW_OBJECTS = 10_000
"""So many more objects before the collector looks for cycles among them. Python's own is one or two photos' texts."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Like `asyncio.run`, on uvloop: a search makes some thirty turns of the loop, and each costs less there.

    Whoever calls this is loaded: the collector need not look at modules again. Looking rarely, and not at those, makes
    indexing texts a tenth cheaper. What dies without a cycle, which is nearly all, does not wait for it.
    """
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
