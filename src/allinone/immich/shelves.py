"""Where an asset stands in the index: whose it is, and in which of Immich's places.

Candidates are asked for by owner and bounded in number. Photos in the trash, the archive or the locked folder must
not use up that number in a search that leaves them out, so each place of each owner counts as an owner of its own.
What is in an answer is Immich's decision all the same.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID, uuid5

PLACES = ("timeline", "archive", "hidden", "locked")
TRASH = "trash"


def shelf(owner: UUID, visibility: str, *, trashed: bool) -> UUID:
    """The shelf of an asset; that of the timeline has the owner's own id."""
    place = TRASH if trashed else visibility
    return owner if place == "timeline" else uuid5(owner, place)


def shelves_searched(owners: Iterable[UUID], body: Mapping[str, Any]) -> list[UUID]:
    """The shelves that a search with this body can find something on."""
    places = list(_places(body))
    return [
        owner if place == "timeline" else uuid5(owner, place) for owner in dict.fromkeys(owners) for place in places
    ]


def _places(body: Mapping[str, Any]) -> Iterable[str]:
    asked = body.get("visibility")
    structured = body.get("filter")
    if isinstance(structured, dict):
        yield from PLACES
        yield TRASH
        return
    yield from ([asked] if asked in PLACES else PLACES)
    if any(body.get(name) for name in ("withDeleted", "trashedAfter", "trashedBefore", "isOffline")):
        yield TRASH
