"""Which photos of a library are asked for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

EmptyField = Literal["make", "model", "lens_model"]


@dataclass(frozen=True, slots=True)
class AssetFilters:
    """All conditions must hold; None asks for nothing. Moments are aware and included.

    Attributes:
        library_id: the library; also the owner of its photos.
        id: this photo only.
        kind: pictures or videos only.
        taken_after, taken_before: when the photo was taken, or its file changed where it does not say.
        created_after, created_before: when the library first saw it.
        updated_after, updated_before: when the library last learnt something about it.
        original_file_name: part of a file's name, in any case.
        original_path: part of a file's path below the library's folder.
        checksum: SHA-1 of the content.
        make, model, lens_model: the camera's, exactly.
        empty: fields that must have no value.
        impossible: nothing can match: a filter for something a folder does not have (albums, people, ...).
    """

    library_id: UUID
    id: UUID | None = None
    kind: Literal["IMAGE", "VIDEO"] | None = None
    taken_after: datetime | None = None
    taken_before: datetime | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    updated_after: datetime | None = None
    updated_before: datetime | None = None
    original_file_name: str | None = None
    original_path: str | None = None
    checksum: bytes | None = None
    make: str | None = None
    model: str | None = None
    lens_model: str | None = None
    empty: frozenset[EmptyField] = frozenset()
    impossible: bool = False

    def parameters(self) -> dict[str, object]:
        """The values bound in the queries of the store."""
        return {
            "library_id": self.library_id,
            "id": self.id,
            "kind": self.kind,
            "taken_after": self.taken_after,
            "taken_before": self.taken_before,
            "created_after": self.created_after,
            "created_before": self.created_before,
            "updated_after": self.updated_after,
            "updated_before": self.updated_before,
            "name_pattern": _contains(self.original_file_name),
            "path_part": self.original_path.encode("utf-8", "replace") if self.original_path else None,
            "checksum": self.checksum,
            "make": self.make,
            "model": self.model,
            "lens_model": self.lens_model,
            "empty": sorted(self.empty),
        }


def _contains(part: str | None) -> str | None:
    """A LIKE pattern that matches `part` literally, anywhere."""
    if not part:
        return None
    safe = part.encode("utf-8", "replace").decode().replace("\0", " ")
    for special in ("\\", "%", "_"):
        safe = safe.replace(special, "\\" + special)
    return f"%{safe}%"
