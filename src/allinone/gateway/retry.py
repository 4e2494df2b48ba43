"""Whether a request is tried again, and after how long. Pure.

Immich tries once, and a photo whose request failed stays without data. So whatever is not the request's own fault is
tried until its time is up. What may be its fault ends after a few tries: an image that no backend can bear must not
circle until then.
"""

from allinone.errors import BackendFailed
from allinone.gateway.backends.failures import Broken, WrongDimension

TRIES = 4
PAUSES = (0.2, 0.5, 1.5)  # seconds, before the same backend is asked again


def pause_after(failure: BackendFailed, tries: int, *, elsewhere: bool) -> float | None:
    """Seconds to wait before the next attempt; None: there is none.

    Args:
        failure: of the last attempt.
        tries: attempts so far that may have failed through the request's own fault.
        elsewhere: whether there is a member that has not been asked yet.
    """
    if isinstance(failure, WrongDimension):
        return 0.0 if elsewhere else None
    if isinstance(failure, Broken):
        if tries >= TRIES:
            return None
        return 0.0 if elsewhere else PAUSES[min(tries, len(PAUSES)) - 1]
    return 0.0  # nothing was asked: the pool holds it until somebody is well
