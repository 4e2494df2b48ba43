"""One page of a search beside an Immich, in the form of Immich's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from allinone.search.hits import RankedHit

EMPTY: Mapping[str, Any] = {
    "albums": {"total": 0, "count": 0, "items": [], "facets": []},
    "assets": {"total": 0, "count": 0, "items": [], "facets": [], "nextPage": None},
}
"""The form of an answer where Immich gave none."""


@dataclass(frozen=True, slots=True)
class ImmichPage:
    """One page, as it goes to the client.

    Attributes:
        template: an answer of Immich's, whose fields are kept.
        items: assets as Immich gave them.
        hits: why they are there, in the same order; none where Immich's own answer stands.
        shelves: what was searched.
        next_page: None at the end.
        notice: why it is less than it could be.
    """

    template: Mapping[str, Any] = field(repr=False)
    items: Sequence[Mapping[str, Any]] = field(repr=False)
    hits: tuple[RankedHit, ...]
    shelves: tuple[UUID, ...]
    next_page: int | None
    notice: str | None = None

    def document(self) -> dict[str, Any]:
        """Immich's answer with these assets in it."""
        assets = {
            **self.template.get("assets", {}),
            "total": len(self.items),
            "count": len(self.items),
            "items": list(self.items),
            "nextPage": str(self.next_page) if self.next_page else None,
        }
        if "nextCursor" in assets:
            assets["nextCursor"] = None  # Immich's would go on in another order
        return {**self.template, "assets": assets}
