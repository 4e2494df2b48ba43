"""The event loop our processes run on."""

import asyncio
import gc
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")

NEW_OBJECTS = 10_000
"""So many more objects before the collector looks for cycles among them. Python's own is one or two photos' texts."""

SWITCH_SECONDS = 0.0005
"""How long a thread that computes keeps the interpreter from the event loop; Python's own is 0.005. Every turn of the
loop waits for it: a search beside a thread that makes texts ready for the index took 60 ms, and takes 10."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Like `asyncio.run`, on uvloop: a search makes some thirty turns of the loop, and each costs less there.

    Whoever calls this is loaded: the collector need not look at modules again. Looking rarely, and not at those, makes
    indexing texts a tenth cheaper. What dies without a cycle, which is nearly all, does not wait for it.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
