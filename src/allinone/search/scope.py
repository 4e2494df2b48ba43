"""Which photos a search looks at."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """The photos of `owners`; of these only those `within`, where that is given."""

    owners: tuple[UUID, ...]
    within: Sequence[UUID] | None = None

    @property
    def parameters(self) -> dict[str, object]:
        """For the statements."""
        return {"owners": list(self.owners), "within": None if self.within is None else list(self.within)}
