"""Whether a backend may be given work, judged by what it did. Pure: time is passed in.

      five requests in a row failed, or nobody listens, or it refuses our key
UP ──────────────────────────────────────────────────────────────────────────► DOWN
 ▲                                                                              │ it answers a ping,
 │ the one request it is given succeeds                                         │ and has rested
 └────────────────────────────────── TRIAL ◄────────────────────────────────────┘
                                       │ it fails: DOWN again, for a longer rest
"""

from dataclasses import dataclass, field
from enum import StrEnum

from allinone.errors import BackendFailed
from allinone.gateway.backends.failures import Broken, Refused, Unreachable

FAILURES = 5  # of different requests in a row; one image sent fifty times is one
PINGS = 3  # unanswered in a row
FIRST_REST = 0.5  # seconds; doubles with each failed trial
LONGEST_REST = 30.0


class State(StrEnum):
    """What may be done with a backend."""

    UP = "up"
    TRIAL = "trial"
    DOWN = "down"


@dataclass(slots=True)
class Health:
    """One backend's.

    Attributes:
        state: see above.
        reason: what it failed by last; empty after a success.
    """

    state: State = State.UP
    reason: str = ""
    _suspected: set[bytes] = field(default_factory=set)
    _silent_pings: int = 0
    _ejections: int = 0
    _rests_until: float = 0.0

    def succeeded(self) -> None:
        """It did its work, or told a client its fault: it is well."""
        self.state = State.UP
        self.reason = ""
        self._suspected.clear()
        self._silent_pings = self._ejections = 0

    def failed(self, failure: BackendFailed, request: bytes, now: float) -> None:
        """It failed at `request`, of which a digest is given."""
        if isinstance(failure, Unreachable):
            self._eject(str(failure), now, rest=False)
        elif isinstance(failure, Refused):
            self._eject(str(failure), now, rest=True)
        elif isinstance(failure, Broken):
            self._suspected.add(request)
            self.reason = str(failure)
            if self.state is State.TRIAL or len(self._suspected) >= FAILURES:
                self._eject(str(failure), now, rest=True)

    def pinged(self, now: float) -> None:
        """It says that it is well."""
        self._silent_pings = 0
        if self.state is State.DOWN and now >= self._rests_until:
            self.state = State.TRIAL

    def ping_failed(self, failure: BackendFailed, now: float) -> None:
        """It says nothing, or that it is not well."""
        self._silent_pings += 1
        certain = isinstance(failure, Unreachable | Refused)
        if self.state is State.DOWN:
            self.reason = str(failure)
        elif certain or self._silent_pings >= PINGS:
            self._eject(str(failure), now, rest=False)

    def _eject(self, reason: str, now: float, *, rest: bool) -> None:
        self.state = State.DOWN
        self.reason = reason
        self._suspected.clear()
        if rest:
            self._rests_until = now + min(LONGEST_REST, FIRST_REST * 2.0 ** min(self._ejections, 16))
            self._ejections += 1
