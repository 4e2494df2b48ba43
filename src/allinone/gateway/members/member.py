"""One backend among others: what it is doing, and how well."""

import time
from dataclasses import dataclass, field

from allinone.gateway.backend_specs import BackendSpec
from allinone.gateway.backends.protocol import Backend
from allinone.gateway.members.health import Health, State


@dataclass(eq=False)
class Member:
    """A backend with its health and its work.

    Attributes:
        outstanding: requests it has now.
        last_chosen: a number that grows; who was chosen longest ago is next among equals.
        paused: until when it asked for patience, by what it was asked to do; one model may be missing, another there.
        dimension: length of its CLIP vectors, where that was asked.
        answered: requests it did, or refused for the client's fault.
        failed: attempts that failed.
        notice: what is wrong with its settings, for people; empty where nothing is.
    """

    spec: BackendSpec
    backend: Backend
    health: Health = field(default_factory=Health)
    outstanding: int = 0
    last_chosen: int = 0
    paused: dict[str, float] = field(default_factory=dict)
    answered: int = 0
    failed: int = 0
    dimension: int | None = None
    notice: str = ""

    def free(self, now: float, work: str) -> bool:
        """Whether it may be given one more request for this kind of `work`."""
        if self.health.state is State.DOWN or now < self.paused.get(work, 0.0):
            return False
        return self.outstanding < (1 if self.health.state is State.TRIAL else self.spec.limit)

    @property
    def load(self) -> tuple[float, int]:
        """Orders members: the least first."""
        return (self.outstanding + 1) / self.spec.weight, self.last_chosen

    @property
    def shown(self) -> str:
        """Its name and place, for people."""
        return f"{self.spec.name} ({self.spec.place})"


def clock() -> float:
    """Seconds, never set back."""
    return time.monotonic()
